"""What the orchestrator says to a client."""

from backbone.wire import codec
from backbone.wire.shared import Error, Stop
from backbone.wire.values import CameraId, CameraView, FrameId, Message, ObjectId, RawBox, SightingView

PICTURE_TYPES = frozenset({"newObject"})
"""Messages that may carry a picture."""


class BoundingBoxes(Message, frozen=True, tag="boundingBoxes"):
    """A processor's boxes, unchanged, with the camera that they belong to."""

    camera_id: CameraId
    frame_id: FrameId
    boxes: list[RawBox]


class NewObject(Message, frozen=True, tag="newObject"):
    """An object is sought from now on; `image` is a JPEG in base64."""

    object_id: ObjectId
    image: str | None = None


class Sighting(SightingView, frozen=True, tag="sighting"):
    """A sighting was stored, or stored again with later metrics."""


class Cameras(Message, frozen=True, tag="cameras"):
    """All cameras, whenever one of them changed."""

    cameras: list[CameraView]


ToClient = BoundingBoxes | NewObject | Stop | Sighting | Cameras | Error


def decode(raw: str | bytes) -> ToClient:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: ToClient = codec.decode(raw, ToClient, picture_types=PICTURE_TYPES)
    return message
