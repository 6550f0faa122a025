"""Which clients are connected, and what they asked to be told. Does not send."""

from dataclasses import dataclass, replace

from processor_orchestrator.domain.camera import PeerId


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client asked to be told beside boxes."""

    images: bool = False
    sightings: bool = False
    cameras: bool = False


class Clients:
    """The connected clients by what they want; each group is kept ready, for it is read at every message."""

    def __init__(self) -> None:
        self._wishes: dict[PeerId, Wishes] = {}
        self._group()

    def __len__(self) -> int:
        return len(self._wishes)

    def __contains__(self, peer: object) -> bool:
        return peer in self._wishes

    def join(self, peer: PeerId) -> None:
        """Tell boxes to a client from now on."""
        self._wishes[peer] = Wishes()
        self._group()

    def leave(self, peer: PeerId) -> None:
        """Forget a client."""
        self._wishes.pop(peer, None)
        self._group()

    def want(self, peer: PeerId, **wishes: bool) -> None:
        """Note what a client wants to be told: `images`, `sightings`, `cameras`."""
        self._wishes[peer] = replace(self._wishes[peer], **wishes)
        self._group()

    def _group(self) -> None:
        self.all: tuple[PeerId, ...] = tuple(self._wishes)
        self.for_images = tuple(peer for peer, wishes in self._wishes.items() if wishes.images)
        self.for_sightings = tuple(peer for peer, wishes in self._wishes.items() if wishes.sightings)
        self.for_cameras = tuple(peer for peer, wishes in self._wishes.items() if wishes.cameras)
