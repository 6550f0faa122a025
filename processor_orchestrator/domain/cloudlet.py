"""Cloudlets and the phones that they serve: who is alive, and who gets the next phone. Does not store or send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from backbone.errors import Unavailable

MISSED_HEARTBEATS = 3
FORGOTTEN_AFTER = 86_400.0
"""A cloudlet that is dead for so many seconds is forgotten."""

ASKING_SECONDS = 3.0
"""A cloudlet asks for jobs after it has joined; one that does not is sent them after so long."""

MAX_CLOUDLETS = 1_000


@dataclass(frozen=True, slots=True)
class Cloudlet:
    """A cloudlet that joined.

    Attributes:
        ip: where it listens, with `port`.
        joined_at: seconds since the epoch; `last_seen` likewise: its last request.
        phones: how many phones were sent to it and have not left.
        epoch: names one run of a cloudlet of ours; None: a legacy one, which says nothing of the kind.
        asked: whether it has asked for jobs since it joined.
        model_id: the model of its workers; None: it did not say.
    """

    ip: str
    port: int
    joined_at: float
    last_seen: float
    phones: int = 0
    epoch: str | None = None
    asked: bool = False
    model_id: str | None = None

    @property
    def key(self) -> str:
        """Its name in the roster, as the legacy servers write it."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"

    @property
    def ours(self) -> bool:
        """Whether it understands our additions."""
        return self.epoch is not None

    def alive(self, *, now: float, heartbeat: float) -> bool:
        """Return whether it has missed fewer than three heartbeats; `heartbeat` is their distance in seconds."""
        return now - self.last_seen <= MISSED_HEARTBEATS * heartbeat

    def ready(self, *, now: float) -> bool:
        """Return whether jobs may be sent to it."""
        return self.asked or now - self.joined_at >= ASKING_SECONDS


@dataclass(frozen=True, slots=True)
class JobNote:
    """A job that a cloudlet may have: `has` once it said so. A name may come again for another object.

    `edition` counts what was learned of the case since it was opened: a cloudlet gets the newest one.
    """

    job: str
    case_id: int
    has: bool
    edition: int = 0


Roster = Mapping[str, Cloudlet]
Changed = dict[str, Cloudlet | None]
"""Cloudlets to store, by key; None: to forget."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of the cloudlet that sent it."""

    ip: str
    port: int
    epoch: str | None = None
    model_id: str | None = None

    @property
    def key(self) -> str:
        """Its name in the roster."""
        return Cloudlet(self.ip, self.port, 0.0, 0.0).key


def joined(roster: Roster, caller: Caller, *, now: float) -> Changed:
    """Take in a cloudlet. The same run keeps its phones; a new run, and any legacy one, begins without.

    Raises:
        Unavailable: too many are known.
    """
    known = roster.get(caller.key)
    if known is None and len(roster) >= MAX_CLOUDLETS:
        raise Unavailable(f"expected at most {MAX_CLOUDLETS} cloudlets, got one more")
    same_run = known is not None and caller.epoch is not None and known.epoch == caller.epoch
    phones = known.phones if known is not None and same_run else 0
    joining = Cloudlet(caller.ip, caller.port, now, now, phones=phones, epoch=caller.epoch, model_id=caller.model_id)
    return {caller.key: joining}


def beaten(roster: Roster, caller: Caller, *, now: float, heartbeat: float) -> Changed:
    """Note that a cloudlet lives; one that is not known, or of another run, joins by that."""
    known = roster.get(caller.key)
    if known is None or (caller.epoch is not None and known.epoch != caller.epoch):
        return joined(roster, caller, now=now)
    return {known.key: _seen(known, now=now, heartbeat=heartbeat)}


def beaten_at(roster: Roster, ip: str, *, now: float, heartbeat: float) -> Changed:
    """Note a legacy heartbeat, which names nobody: every cloudlet at its address lives."""
    return {
        known.key: _seen(known, now=now, heartbeat=heartbeat)
        for known in roster.values()
        if known.ip == ip and not known.ours
    }


def asked(roster: Roster, caller: Caller, *, now: float) -> Changed:
    """Note that a cloudlet asked for jobs; one that is not known joins by that."""
    known = roster.get(caller.key) or joined(roster, caller, now=now)[caller.key]
    return {} if known is None else {known.key: replace(known, asked=True, last_seen=now)}


def phone_joined(roster: Roster, *, now: float, heartbeat: float, gave_up: str | None = None) -> Changed:
    """Return the living cloudlet with the least phones, with one more, first; nothing when none lives.

    Args:
        gave_up: key of the one that the phone comes from, which did not answer it: it has one phone less, and the
            phone is sent back there only where no other one lives.
    """
    left = roster.get(gave_up or "")
    one_less = {} if left is None else {left.key: replace(left, phones=max(0, left.phones - 1))}
    living = [known for known in {**roster, **one_less}.values() if known.alive(now=now, heartbeat=heartbeat)]
    least = min(
        living, key=lambda known: (known.key == gave_up, known.phones, known.joined_at, known.key), default=None
    )
    chosen = {} if least is None else {least.key: replace(least, phones=least.phones + 1)}
    return {**chosen, **{key: known for key, known in one_less.items() if key not in chosen}}


def phone_left(roster: Roster, caller: Caller, *, now: float) -> Changed:
    """Return the cloudlet with one phone less, never below none; nothing when it is not known."""
    known = roster.get(caller.key)
    return {} if known is None else {known.key: replace(known, phones=max(0, known.phones - 1), last_seen=now)}


def phones_told(roster: Roster, phones: Mapping[str, int]) -> Changed:
    """Take another server's counts for the cloudlets that are known here."""
    return {key: replace(roster[key], phones=max(0, count)) for key, count in phones.items() if key in roster}


def forgotten(roster: Roster, *, now: float) -> Changed:
    """Return the cloudlets that are dead for so long that they are forgotten."""
    return {known.key: None for known in roster.values() if now - known.last_seen > FORGOTTEN_AFTER}


def phones_by_key(cloudlets: Iterable[Cloudlet], *, now: float, heartbeat: float) -> dict[str, int]:
    """Return the living cloudlets as servers tell each other."""
    return {known.key: known.phones for known in cloudlets if known.alive(now=now, heartbeat=heartbeat)}


def _seen(known: Cloudlet, *, now: float, heartbeat: float) -> Cloudlet:
    """Return a cloudlet that has just said something; the phones of one that was dead were sent elsewhere."""
    alive = known.alive(now=now, heartbeat=heartbeat)
    return replace(known, last_seen=max(now, known.last_seen), phones=known.phones if alive else 0)
