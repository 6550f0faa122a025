"""Which cameras are connected, here or at another orchestrator. Does not know who is sought."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NewType

from backbone.errors import Conflict, Unavailable
from backbone.wire.values import CameraView, camera_key
from processor_orchestrator.domain.likeness import UNNAMED, UNSAID

PeerId = NewType("PeerId", int)
"""One open WebSocket; a peer that reconnects gets another."""

CASE_FEATURE = "case"
"""What a processor that understands `case` says in its identifier's `features`."""

MAX_CAMERAS = 5_000
"""Cameras that are remembered, offline ones included."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that is or was connected.

    Attributes:
        peer: None while it is offline.
        subject: whom its token speaks for; None without authentication.
        since: when it came into this state, seconds since the epoch.
        features: which of our additions its processor understands.
        model: of its processor's feature maps; `UNNAMED` when it told some without a name, None: it told none yet.
    """

    camera_id: str | int
    peer: PeerId | None
    subject: str | None
    since: float
    features: frozenset[str] = frozenset()
    model: str | None = None

    @property
    def hears(self) -> str | None:
        """The model in which it is told of cases, see `Case.likeness_for`."""
        return UNSAID if self.model is None and CASE_FEATURE in self.features else self.model


@dataclass(frozen=True, slots=True)
class CameraElsewhere:
    """A camera that is connected to another orchestrator; `since` is in epoch seconds."""

    camera_id: str | int
    subject: str | None
    since: float


class Cameras:
    """The cameras that are known, by `camera_key`."""

    def __init__(self) -> None:
        self._here: dict[str, Camera] = {}
        self._elsewhere: dict[str, CameraElsewhere] = {}
        self._camera_of: dict[PeerId, str] = {}
        self._online: dict[str, PeerId] = {}

    # Changes.

    def register(
        self,
        peer: PeerId,
        camera_id: str | int,
        subject: str | None,
        *,
        now: float,
        features: Collection[str] = (),
        model: str | None = None,
    ) -> PeerId | None:
        """Let `peer` speak for a camera and return the peer that spoke for it until now, if there was another.

        The newest socket of one subject wins, so that a processor behind a half-open connection can come back.

        Raises:
            Conflict: another subject's socket speaks for that camera.
            Unavailable: too many cameras are known.
        """
        key = camera_key(camera_id)
        known, away = self._here.get(key), self._elsewhere.get(key)
        if away is not None and away.subject != subject:
            raise Conflict("id: expected a camera that nobody else speaks for, got one that is taken")
        if known is not None and known.peer not in (None, peer) and known.subject != subject:
            raise Conflict("id: expected a camera that nobody else speaks for, got one that is taken")
        if known is None and len(self._here) >= MAX_CAMERAS:
            self._forget_longest_offline()
        if self._camera_of.get(peer, key) != key:
            self.leave(peer, now=now)
        replaced = known.peer if known is not None and known.peer != peer else None
        if replaced is not None:
            del self._camera_of[replaced]
        if model is None and known is not None and known.model == UNNAMED:
            model = UNNAMED
        self._here[key] = Camera(camera_id, peer, subject, now, frozenset(features), model)
        self._camera_of[peer] = key
        self._online[key] = peer
        return replaced

    def leave(self, peer: PeerId, *, now: float) -> str | None:
        """Note that a processor's socket closed; returns its camera, or None when a newer socket has taken over."""
        key = self._camera_of.pop(peer, None)
        if key is not None:
            self._here[key] = replace(self._here[key], peer=None, since=now)
            del self._online[key]
        return key

    def note_model(self, peer: PeerId, model: str) -> Camera | None:
        """Take the model of a map that a processor told; where that is news, returns its camera as it was.

        What it said when it joined counts for more.
        """
        key = self._camera_of.get(peer)
        if key is None or self._here[key].model is not None:
            return None
        before = self._here[key]
        self._here[key] = replace(before, model=model)
        return before

    def meet(self, elsewhere: Mapping[str, CameraElsewhere]) -> tuple[bool, list[PeerId]]:
        """Take which cameras the other orchestrators hold.

        Returns:
            Whether that is news, and the peers here whose camera has a newer socket there.
        """
        changed, self._elsewhere = self._elsewhere != dict(elsewhere), dict(elsewhere)
        outdated = [
            peer
            for key, peer in self._online.items()
            if key in self._elsewhere and self._elsewhere[key].since > self._here[key].since
        ]
        return changed, outdated

    # Reading.

    def get(self, key: str) -> Camera | None:
        """Return a camera that is or was connected here."""
        return self._here.get(key)

    def here(self) -> list[Camera]:
        """Return the cameras that are connected here."""
        return [self._here[key] for key in self._online]

    def is_elsewhere(self, key: str) -> bool:
        """Return whether another orchestrator holds a camera."""
        return key in self._elsewhere

    @property
    def any_elsewhere(self) -> bool:
        """Whether other orchestrators hold cameras."""
        return bool(self._elsewhere)

    def camera_of(self, peer: PeerId) -> str | None:
        """Return the key of the camera that a peer speaks for."""
        return self._camera_of.get(peer)

    def camera_id_of(self, peer: PeerId) -> str | int:
        """Return the camera id that a peer speaks for, in the form in which it came.

        Raises:
            Conflict: it has not sent `identifier`, or a newer socket speaks for the camera now.
        """
        key = self._camera_of.get(peer)
        if key is None:
            raise Conflict("expected 'identifier' first, got none that still holds", code="not_identified")
        return self._here[key].camera_id

    def online(self) -> Mapping[str, PeerId]:
        """Return the peers of the cameras that are connected here."""
        return self._online

    def known(self) -> set[str]:
        """Return the keys of every known camera, wherever."""
        return self._here.keys() | self._elsewhere.keys()

    def told_cases(self, cameras: Mapping[str, PeerId]) -> tuple[PeerId, ...]:
        """Return the peers of those cameras whose processors understand `case`."""
        return tuple(peer for key, peer in cameras.items() if CASE_FEATURE in self._here[key].features)

    def by_model(self, cameras: Mapping[str, PeerId]) -> dict[str | None, dict[str, PeerId]]:
        """Return these cameras by the model in which their processors are told of cases."""
        found: dict[str | None, dict[str, PeerId]] = {}
        for key, peer in cameras.items():
            found.setdefault(self._here[key].hears, {})[key] = peer
        return found

    def models(self) -> frozenset[str]:
        """Return the models of the processors that are connected here; legacy ones have `UNNAMED`."""
        heard = {self._here[key].hears or UNNAMED for key in self._online}
        return frozenset(heard - {UNSAID})

    def model_of(self, peer: PeerId) -> str | None:
        """Return the model of the maps that a peer makes, None where it speaks for no camera or has not said."""
        key = self._camera_of.get(peer)
        heard = UNSAID if key is None else self._here[key].hears or UNNAMED
        return None if heard == UNSAID else heard

    def of_model(self, model: str) -> list[str]:
        """Return the cameras that are connected here and whose processors make maps of a model."""
        return [key for key in self._online if (self._here[key].hears or UNNAMED) == model]

    def views(self, viewers: Mapping[str, int] | None = None) -> list[CameraView]:
        """Return every known camera, by name, those of other orchestrators included."""
        here = {key: (known.camera_id, known.peer is not None, known.since) for key, known in self._here.items()}
        away = {key: (known.camera_id, True, known.since) for key, known in self._elsewhere.items()}
        return [
            CameraView(
                camera_id=camera_id,
                state="online" if online else "offline",
                since=since,
                viewers=viewers.get(key, 0) if viewers is not None else None,
            )
            for key, (camera_id, online, since) in sorted((here | away).items())
        ]

    def _forget_longest_offline(self) -> None:
        offline = [(camera.since, key) for key, camera in self._here.items() if camera.peer is None]
        if not offline:
            raise Unavailable(f"expected at most {MAX_CAMERAS} cameras, got one more")
        del self._here[min(offline)[1]]
