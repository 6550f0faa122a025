"""What a client (a page, a legacy forwarder) says to the orchestrator."""

from typing import Annotated

from msgspec import Meta

from backbone.wire import codec
from backbone.wire.shared import Authenticate, Stop
from backbone.wire.values import CameraId, FrameId, Message, ObjectId

ANY_CAMERA = "*"

PICTURE_TYPES = frozenset({"start"})
"""Messages that may carry a picture."""


class Start(Message, frozen=True, tag="start"):
    """Seek the person in a box (`camera_id`, `frame_id`, `box_id`) or in a picture (`image`, base64).

    With a picture, `camera_id` may be absent or "*": any connected processor encodes it. `name` is ours.
    """

    camera_id: CameraId | None = None
    frame_id: FrameId | None = None
    box_id: int | None = None
    image: str | None = None
    name: Annotated[str, Meta(max_length=200)] | None = None


class SetUsesImages(Message, frozen=True, tag="setUsesImages"):
    """Whether this client wants `newObject` and `stop`."""

    uses_images: bool


class Subscribe(Message, frozen=True, tag="subscribe"):
    """Whether this client wants our additions `sighting` and `cameras`; legacy clients never ask for them."""

    sightings: bool = False
    cameras: bool = False


class Reject(Message, frozen=True, tag="reject"):
    """A person says that a sighting does not show the object (ours)."""

    object_id: ObjectId
    sighting_id: Annotated[str, Meta(max_length=200)]


FromClient = Start | Stop | Reject | SetUsesImages | Subscribe | Authenticate


def decode(raw: str | bytes) -> FromClient:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: FromClient = codec.decode(raw, FromClient, picture_types=PICTURE_TYPES)
    return message
