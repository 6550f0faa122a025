"""A sought object. Not where it was seen."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """What is sought, since when and until when.

    Attributes:
        object_id: counts from 1, never used twice.
        opened_at: seconds since the epoch.
        expires_at: seconds since the epoch.
        camera: key of the camera that was asked to cut the object out; None: any camera may encode `image`.
        frame_id: what the client sent of it, for the camera.
        box_id: what the client sent of it, for the camera.
        image: clean JPEG of the object.
        feature_map: any JSON value; {} until a processor made one, as legacy processors expect.
        model_id: which model made the feature map, where the processor said so.
    """

    object_id: int
    opened_at: float
    expires_at: float
    name: str | None = None
    camera: str | None = None
    frame_id: float | int | None = None
    box_id: int | None = None
    image: bytes | None = None
    feature_map: Any = None  # Any: see the docstring
    model_id: str | None = None

    @property
    def has_feature_map(self) -> bool:
        """Whether a processor has told what the object looks like."""
        return self.feature_map not in (None, {})
