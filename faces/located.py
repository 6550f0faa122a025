"""The faces that were located in one picture; it does not say who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

LANDMARKS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces of one picture, in the detector's order; arrays are copied, checked and made read-only at construction.

    Which five points they have depends on the engine that found them, so that only its own encoder may be given them.

    Attributes:
        boxes: (n, 4) float32, xyxy, pixels of the picture. A face at the border may have a box that crosses it, so
            values may be negative or beyond the picture; clip before cutting. YuNet's boxes reach from the hairline to
            the chin, dlib's are squares from the brows to the chin.
        confidences: (n,) float32, the detector's own score. YuNet: 0.62 to 1. HOG: distance to the decision plane, 0
            and more (a clear frontal face has 1 to 3). CNN: about 0 to 1.2. face_recognition: 1. Scores of two
            detectors do not compare.
        landmarks: (n, 5, 2) float32, xy pixels. YuNet: the eye on the picture's left, the eye on its right, tip of the
            nose, corner of the mouth on the left, on the right. dlib: outer and inner corner of the eye on the
            picture's right side, outer and inner corner of the eye on its left side, base of the nose. May lie outside
            of the picture.
    """

    boxes: NDArray[np.float32]
    confidences: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(np.atleast_1d(self.confidences))
        object.__setattr__(self, "boxes", _checked("boxes", self.boxes, (n, 4)))
        object.__setattr__(self, "confidences", _checked("confidences", self.confidences, (n,)))
        object.__setattr__(self, "landmarks", _checked("landmarks", self.landmarks, (n, LANDMARKS, 2)))
        if n and not (self.boxes[:, :2] < self.boxes[:, 2:]).all():
            raise ValueError("boxes: expected x1 < x2 and y1 < y2 in every row")

    def __len__(self) -> int:
        return len(self.confidences)

    @classmethod
    def none(cls) -> Self:
        """Return the faces of a picture that shows nobody."""
        return cls(
            boxes=np.empty((0, 4), dtype=np.float32),
            confidences=np.empty(0, dtype=np.float32),
            landmarks=np.empty((0, LANDMARKS, 2), dtype=np.float32),
        )

    def pick(self, rows: Sequence[int] | NDArray[np.intp]) -> Self:
        """Return the faces of these rows, in this order: encode only the faces that are worth the time."""
        chosen = np.asarray(rows, dtype=np.intp)
        return type(self)(self.boxes[chosen], self.confidences[chosen], self.landmarks[chosen])


def _checked(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = np.array(values, dtype=np.float32)
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    array.setflags(write=False)
    return array
