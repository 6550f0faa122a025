"""Who is connected now: cameras by name, clients by what they want. Does not know what is sought."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NewType

from backbone.errors import Conflict, Unavailable
from backbone.wire.values import CameraView, camera_key

PeerId = NewType("PeerId", int)
"""One open WebSocket; a peer that reconnects gets another."""

CASE_FEATURE = "case"
"""What a processor that understands `case` says in its identifier's `features`."""

MAX_CAMERAS = 5_000
"""Cameras that are remembered, offline ones included."""


@dataclass(slots=True)
class Camera:
    """A camera that is or was connected; `peer` is None while it is offline, `since` is in epoch seconds.

    `features`: which of our additions its processor understands.
    """

    camera_id: str | int
    peer: PeerId | None
    subject: str | None
    since: float
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CameraElsewhere:
    """A camera that is connected to another orchestrator; `since` is in epoch seconds."""

    camera_id: str | int
    subject: str | None
    since: float


@dataclass(slots=True)
class Wishes:
    """What a client asked to be told beside boxes."""

    images: bool = False
    sightings: bool = False
    cameras: bool = False


class Roster:
    """The connected cameras and clients."""

    def __init__(self) -> None:
        self.cameras: dict[str, Camera] = {}
        self.elsewhere: dict[str, CameraElsewhere] = {}
        self.clients: dict[PeerId, Wishes] = {}
        self._camera_of: dict[PeerId, str] = {}

    def register(
        self,
        peer: PeerId,
        camera_id: str | int,
        subject: str | None,
        *,
        now: float,
        features: Collection[str] = (),
    ) -> PeerId | None:
        """Let `peer` speak for a camera and return the peer that spoke for it until now, if there was another.

        The newest socket of one subject wins, so that a processor behind a half-open connection can come back.

        Raises:
            Conflict: another subject's socket speaks for that camera.
            Unavailable: too many cameras are known.
        """
        key = camera_key(camera_id)
        known, away = self.cameras.get(key), self.elsewhere.get(key)
        if away is not None and away.subject != subject:
            raise Conflict("id: expected a camera that nobody else speaks for, got one that is taken")
        if known is not None and known.peer not in (None, peer) and known.subject != subject:
            raise Conflict("id: expected a camera that nobody else speaks for, got one that is taken")
        if known is None and len(self.cameras) >= MAX_CAMERAS:
            self._forget_longest_offline()
        if self._camera_of.get(peer, key) != key:
            self.leave(peer, now=now)
        replaced = known.peer if known is not None and known.peer != peer else None
        if replaced is not None:
            del self._camera_of[replaced]
        self.cameras[key] = Camera(camera_id, peer, subject, now, frozenset(features))
        self._camera_of[peer] = key
        return replaced

    def leave(self, peer: PeerId, *, now: float) -> str | None:
        """Note that a processor's socket closed; returns its camera, or None when a newer socket has taken over."""
        key = self._camera_of.pop(peer, None)
        if key is not None:
            self.cameras[key].peer = None
            self.cameras[key].since = now
        return key

    def camera_of(self, peer: PeerId) -> str | None:
        """Return the key of the camera that a peer speaks for."""
        return self._camera_of.get(peer)

    def online(self) -> dict[str, PeerId]:
        """Return the connected cameras."""
        return {key: camera.peer for key, camera in self.cameras.items() if camera.peer is not None}

    def everywhere(self) -> list[tuple[str, tuple[str | int, bool, float]]]:
        """Return every known camera by key: its id, whether it is connected anywhere, and since when."""
        here = {key: (known.camera_id, known.peer is not None, known.since) for key, known in self.cameras.items()}
        away = {key: (known.camera_id, True, known.since) for key, known in self.elsewhere.items()}
        return sorted((here | away).items())

    def told_cases(self, cameras: Mapping[str, PeerId]) -> tuple[PeerId, ...]:
        """Return the peers of those cameras whose processors understand `case`."""
        return tuple(peer for key, peer in cameras.items() if CASE_FEATURE in self.cameras[key].features)

    def clients_that_want(self, wish: str) -> tuple[PeerId, ...]:
        """Return the clients with the wish `images`, `sightings` or `cameras`."""
        return tuple(peer for peer, wishes in self.clients.items() if getattr(wishes, wish))

    def _forget_longest_offline(self) -> None:
        offline = [(camera.since, key) for key, camera in self.cameras.items() if camera.peer is None]
        if not offline:
            raise Unavailable(f"expected at most {MAX_CAMERAS} cameras, got one more")
        del self.cameras[min(offline)[1]]

    def views(self, viewers: dict[str, int] | None = None) -> list[CameraView]:
        """Return every known camera, by name, those of other orchestrators included."""
        return [
            CameraView(
                camera_id=camera_id,
                state="online" if online else "offline",
                since=since,
                viewers=viewers.get(key, 0) if viewers is not None else None,
            )
            for key, (camera_id, online, since) in self.everywhere()
        ]
