"""What the orchestrator says to a camera processor."""

from backbone.wire.shared import Error, FeatureMap, Stop
from backbone.wire.values import FrameId, Message, ObjectId


class Start(Message, frozen=True, tag="start"):
    """Begin to seek the object that a client marked by frame and box, or shows in a picture (JPEG in base64)."""

    object_id: ObjectId
    frame_id: FrameId | None = None
    box_id: int | None = None
    image: str | None = None


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


ToProcessor = Start | Stop | FeatureMap | StartStream | StreamToken | StopStream | Error
