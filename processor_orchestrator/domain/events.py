"""What happens beside the cases: worth something at its moment only, never stored. Facts; those of cases are stored."""

from collections.abc import Mapping
from dataclasses import dataclass

from backbone.wire.snap_values import Failed, Taken, Uploaded
from backbone.wire.to_snap import Snap
from backbone.wire.values import Message
from processor_orchestrator.domain.camera import CameraElsewhere
from processor_orchestrator.domain.sighting import Sighting
from processor_orchestrator.domain.snap_device import Device


@dataclass(frozen=True, slots=True)
class BoxesSeen:
    """A camera saw something; `payload` is the `boundingBoxes` message as clients get it."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class SightingsStored:
    """Sightings were stored, or stored again with newer facts."""

    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class ConnectionsChanged:
    """A camera or a snap device came or went here."""


@dataclass(frozen=True, slots=True)
class CameraJoined:
    """A camera's processor connected here, by the camera's key."""

    camera: str


@dataclass(frozen=True, slots=True)
class CameraModelsChanged:
    """The processors that are connected here make maps of these models now; legacy ones of `UNNAMED`."""

    models: frozenset[str]


@dataclass(frozen=True, slots=True)
class MapWanted:
    """A model does not know a case yet: a processor of it is to make a map out of a picture, where one is here."""

    case_id: int
    model: str
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class MapRefused:
    """A processor could not make a map of a case that is open already."""

    case_id: int
    model: str


@dataclass(frozen=True, slots=True)
class PeersMet:
    """What the other orchestrators hold now: cameras by key, snap devices, and the models of those cameras."""

    cameras: Mapping[str, CameraElsewhere]
    devices: tuple[Device, ...]
    models: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PicturesWanted:
    """Viewers want so many pictures a second of a camera; 0.0: nobody watches any more."""

    camera: str
    fps: float


@dataclass(frozen=True, slots=True)
class PictureSent:
    """A JPEG of a camera, for the viewers at the orchestrator that wants them."""

    camera: str
    jpeg: bytes


class SnapText(Message, frozen=True, tag="text"):
    """A legacy client of the snap relay said something; it goes to every client."""

    text: str
    snap_id: str | None = None


@dataclass(frozen=True, slots=True)
class SnapSaid:
    """Something was said at the snap relay that concerns the relays of the other orchestrators too."""

    message: SnapText | Snap | Taken | Uploaded | Failed


@dataclass(frozen=True, slots=True)
class CloudletHeard:
    """A cloudlet said something here: it joined, asked for jobs, or is alive; `key` is its "ip:port"."""

    key: str
