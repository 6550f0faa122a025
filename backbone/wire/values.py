"""Values that several messages share. Not the messages themselves."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from backbone.wire.jobs import Place

CameraId = Annotated[str, Meta(min_length=1, max_length=128)] | int
"""A camera's name as it came: legacy processors send a number or a text. `camera_key` compares both forms."""

ObjectId = Annotated[int, Meta(ge=1)]
"""Counts from 1, never used twice."""

FrameId = float | int
"""When the picture was taken: seconds since the epoch."""

Unit = Annotated[float, Meta(ge=-1.0, le=2.0)]
"""A coordinate in shares of the picture's width or height; legacy trackers overshoot the border a little."""

Rect = tuple[Unit, Unit, Unit, Unit]
"""x1, y1, x2, y2 in shares of the picture, 0..1."""

RawBox = dict[str, Any]
"""A box as it came. Any: keys that we do not know pass through to clients unchanged."""


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What every message has in common: immutable, camelCase keys, absent means None."""


class Box(Message, frozen=True):
    """One tracked thing in one picture.

    `distance` is the Euclidean distance to the nearest reference of `object_id`; `crop` is a JPEG in base64, sent when
    a track was newly identified or seen better. Both are ours; legacy boxes lack them.
    """

    box_id: int
    rect: Rect
    object_type: str | None = None
    certainty: float | None = None
    object_id: ObjectId | None = None
    distance: Annotated[float, Meta(ge=0.0, le=10.0)] | None = None
    crop: Annotated[str, Meta(max_length=32_768)] | None = None


class SightingView(Message, frozen=True):
    """One visit of an object to one camera, as clients and the API see it; times in seconds since the epoch.

    Told only where it applies: `source` is "phone" for a photo that a cloudlet matched (`camera_id` then names the
    cloudlet), with `cloudlet`, `taken_at` and `place`; `rejected`: a person said that it is somebody else.
    `model_id` is of the distance; of `strangers_among` such candidates about one is a stranger (1: most of them are).
    """

    sighting_id: str
    object_id: ObjectId
    camera_id: CameraId
    first_seen: float
    last_seen: float
    frames: int
    rect: Rect
    has_crop: bool
    certainty: float | None
    distance: float | None
    source: str | None = None
    cloudlet: str | None = None
    taken_at: float | None = None
    place: Place | None = None
    rejected: bool = False
    model_id: str | None = None
    strangers_among: int | None = None


class CameraView(Message, frozen=True):
    """One camera as clients and the API see it.

    `since` is when it came into this state, seconds since the epoch; `viewers` is told by the API only.
    """

    camera_id: CameraId
    state: str
    since: float
    viewers: int | None = None


def camera_key(camera_id: str | int) -> str:
    """Return the form in which camera ids are compared: a URL can only say "1" for the number 1."""
    return str(camera_id)
