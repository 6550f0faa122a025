"""What the pipeline says about one picture. Not how it goes over the wire."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Rect = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class TrackedBox:
    """One face in one picture.

    Attributes:
        box_id: counts from 1, never used twice by one pipeline.
        rect: x1, y1, x2, y2 in shares of the picture, within 0..1.
        certainty: 0..1, the detector's score squeezed; it falls while the box is only predicted.
        object_id: the sought object that this is, None as long as that is not sure.
        distance: Euclidean, to `object_id`, or else to the nearest object; None when nothing was compared.
        newly_identified: this track carries this object for the first time.
        crop: (h, w, 3) uint8 RGB, the face with a margin; only when newly identified or seen clearly better since.
    """

    box_id: int
    rect: Rect
    certainty: float
    object_id: int | None
    distance: float | None
    newly_identified: bool
    crop: Picture | None


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """What one picture showed; `detected` tells whether the detector ran, `encoded` how many faces were encoded."""

    boxes: tuple[TrackedBox, ...]
    detected: bool
    encoded: int
