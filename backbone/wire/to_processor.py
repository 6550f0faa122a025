"""What the orchestrator says to a camera processor."""

from typing import Annotated

from msgspec import Meta

from backbone.wire import codec
from backbone.wire.shared import Error, FeatureMap, Stop
from backbone.wire.values import FrameId, Message, ObjectId

PICTURE_TYPES = frozenset({"start"})
"""Messages that may carry a picture."""

VALUE_TYPES = frozenset({"featureMap", "case"})
"""Messages that may carry the numbers of many references."""

Embedding = Annotated[tuple[float, ...], Meta(min_length=128, max_length=128)]


class Start(Message, frozen=True, tag="start"):
    """Begin to seek the object that a client marked by frame and box, or shows in a picture (JPEG in base64)."""

    object_id: ObjectId
    frame_id: FrameId | None = None
    box_id: int | None = None
    image: str | None = None


class Case(Message, frozen=True, tag="case"):
    """What a case asks beside its feature map: ours, told only to processors whose identifier names the feature `case`.

    `threshold` is the largest Euclidean distance that is a match, between embeddings of the processor's own model
    (None: what it takes by itself), `expires_at` in seconds since the epoch. `negatives` are faces that a person said
    are somebody else, made by the model `model_id`: a face that is nearer to one of them than to any reference is no
    match. A later message replaces them.
    """

    object_id: ObjectId
    name: str | None = None
    threshold: Annotated[float, Meta(gt=0.0, le=2.0)] | None = None
    expires_at: float | None = None
    negatives: Annotated[tuple[Embedding, ...], Meta(max_length=64)] | None = None
    model_id: Annotated[str, Meta(max_length=128)] | None = None


class StartStream(Message, frozen=True, tag="startStream"):
    """Send JPEGs: at most `fps` a second, at most `width` pixels wide, and one for each token."""

    fps: float
    width: int
    tokens: int


class StreamToken(Message, frozen=True, tag="streamToken"):
    """`tokens` more JPEGs may be sent."""

    tokens: int


class StopStream(Message, frozen=True, tag="stopStream"):
    """Nobody watches any more."""


ToProcessor = Start | Stop | Case | FeatureMap | StartStream | StreamToken | StopStream | Error


def decode(raw: str | bytes) -> ToProcessor:
    """Return the message that `raw` holds.

    Raises:
        BadMessage: it is none of this direction's.
    """
    message: ToProcessor = codec.decode(raw, ToProcessor, picture_types=PICTURE_TYPES, value_types=VALUE_TYPES)
    return message
