"""Who a Pi is, by ids.txt, and which station it may write to. Reads no file and keeps nothing on the disk."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pi_receiver.domain.refusals import Unlisted

_ID = re.compile(r"[0-9a-fA-F]{16}")
_STATION = re.compile(r"[0-9]{1,9}")
_KEY = re.compile(r"[!-~]{8,200}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of ids.txt: the station and the key that it names, if any."""

    station: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A Pi that was let in.

    Attributes:
        pi: SHA-256 of its id: the id itself is what it proves itself with, and is kept nowhere.
    """

    pi: str
    station: str


@dataclass(frozen=True, slots=True)
class Roster:
    """ids.txt: lines by the SHA-256 of their id, so that a look-up tells nothing by its time.

    Attributes:
        faults: numbers of the lines that say nothing that is known.
    """

    lines: Mapping[str, Line]
    faults: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the roster of a text whose lines are `id` or `id,station` or `id,station,key`; # begins a remark."""
        lines: dict[str, Line] = {}
        faults: list[int] = []
        for number, raw in enumerate(text.splitlines(), start=1):
            parts = [part.strip() for part in raw.partition("#")[0].split(",")]
            if parts == [""]:
                continue
            pi_id, station, key = (*parts, "", "")[:3]
            known = _ID.fullmatch(pi_id) and (not station or _STATION.fullmatch(station))
            if not known or (key and not _KEY.fullmatch(key)) or len(parts) > 3:
                faults.append(number)
                continue
            lines[fingerprint(pi_id)] = Line(station or None, key or None)
        return cls(lines, tuple(faults))


def fingerprint(pi_id: str) -> str:
    """Return the SHA-256 of an id; its hex digits may come in either case."""
    return hashlib.sha256(pi_id.lower().encode()).hexdigest()


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id."""
    return _ID.fullmatch(text) is not None


def identify(
    roster: Roster, bindings: Mapping[str, str], *, pi_id: str, pi_num: str, key: str
) -> tuple[Identity, bool]:
    """Return who it is, and whether the station is new and has to go on record.

    A line without a station binds the first `pi_num` that its id presents, unless that station is somebody else's.

    Args:
        bindings: stations on record, by fingerprint.

    Raises:
        Unlisted: the id is not listed, its key is wrong, or the station is not its own.
    """
    pi = fingerprint(pi_id)
    line = roster.lines.get(pi)
    if line is None or (line.key is not None and not hmac.compare_digest(line.key.encode(), key.encode())):
        raise Unlisted("expected an id that is listed, got none that is")
    station = line.station or bindings.get(pi)
    if station is None:
        taken = {other.station for other in roster.lines.values()} | set(bindings.values())
        if _STATION.fullmatch(pi_num) is None or pi_num in taken:
            raise Unlisted("expected an id that is listed, got none that is")
        return Identity(pi, pi_num), True
    if pi_num != station:
        raise Unlisted("expected an id that is listed, got none that is")
    return Identity(pi, station), False
