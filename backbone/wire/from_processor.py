"""What a camera processor says to the orchestrator."""

from typing import Annotated

from msgspec import Meta

from backbone.wire import codec
from backbone.wire.shared import Authenticate, Error, FeatureMap
from backbone.wire.values import CameraId, FrameId, Message, RawBox


class Identifier(Message, frozen=True, tag="identifier"):
    """This socket speaks for the camera `id`.

    Ours: `features` name the additions that the processor understands, `model_id` the model of its feature maps: it is
    told no others.
    """

    id: CameraId
    features: Annotated[tuple[Annotated[str, Meta(max_length=32)], ...], Meta(max_length=32)] = ()
    model_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class BoundingBoxes(Message, frozen=True, tag="boundingBoxes"):
    """Where the tracked things are in one picture; `boxes` stay as they came, see `codec.checked_boxes`."""

    frame_id: FrameId
    boxes: list[RawBox]


FromProcessor = Identifier | BoundingBoxes | FeatureMap | Authenticate | Error


def decode(raw: str | bytes) -> FromProcessor:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: FromProcessor = codec.decode(raw, FromProcessor)
    return message
