"""What YuNet's numbers say of a picture: boxes, five points, scores; it runs no network and searches nothing.

A level has a cell for each 8, 16 or 32 pixels, and 16 numbers a cell: whether it is a face and how well the box fits
(both before a sigmoid), the box (middle in cells from the cell's corner, logarithm of its sides in cells), five points
(in cells from the cell's corner). A score is the root of the product of the first two, as in OpenCV's FaceDetectorYN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.located import LANDMARKS

STRIDES = (8, 16, 32)
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """Faces seen in one picture.

    Attributes:
        boxes: (n, 4) xyxy pixels.
        scores: (n,) 0..1.
        points: (n, 5, 2) xy pixels: left eye of the picture, right eye, tip of the nose, corners of the mouth.
    """

    boxes: Numbers
    scores: Numbers
    points: Numbers

    @classmethod
    def together(cls, parts: Sequence[Seen]) -> Seen:
        """Return the faces of all parts."""
        return cls(
            np.concatenate([np.empty((0, 4)), *(part.boxes for part in parts)]),
            np.concatenate([np.empty(0), *(part.scores for part in parts)]),
            np.concatenate([np.empty((0, LANDMARKS, 2)), *(part.points for part in parts)]),
        )

    @property
    def widths(self) -> Numbers:
        """(n,) pixels."""
        return np.asarray(self.boxes[:, 2] - self.boxes[:, 0])

    def pick(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Seen:
        """Return the faces of these rows."""
        return Seen(self.boxes[rows], self.scores[rows], self.points[rows])

    def placed(self, factors: tuple[float, float], corner: tuple[float, float] = (0.0, 0.0)) -> Seen:
        """Return them in another picture: all places times `factors` and shifted to `corner`, xy."""
        scale, shift = np.array(factors), np.array(corner)
        boxes = self.boxes.reshape(-1, 2, 2) * scale + shift
        return Seen(boxes.reshape(-1, 4), self.scores, self.points * scale + shift)


def read_levels(levels: Sequence[NDArray[np.float32]], least_score: float) -> Seen:
    """Return what the levels (1, 16, rows, columns) show from a score on, level by level, unordered and overlapping."""
    return Seen.together([_read(level[0], stride, least_score) for level, stride in zip(levels, STRIDES, strict=True)])


def _read(level: NDArray[np.float32], stride: int, least_score: float) -> Seen:
    # Neither factor exceeds 1, so each has to reach the square: most cells are left out before any exponential.
    least = np.log(least_score**2 / (1 - least_score**2))
    rows, columns = np.nonzero((level[0] >= least) & (level[1] >= least))
    numbers = level[:, rows, columns].T.astype(np.float64)
    scores = np.sqrt(1 / ((1 + np.exp(-numbers[:, 0])) * (1 + np.exp(-numbers[:, 1]))))
    cells = np.column_stack([columns, rows])
    middles, sides = (cells + numbers[:, 2:4]) * stride, np.exp(numbers[:, 4:6]) * stride
    points = (cells[:, None] + numbers[:, 6:].reshape(-1, LANDMARKS, 2)) * stride
    boxes = np.concatenate([middles - sides / 2, middles + sides / 2], axis=1)
    return Seen(boxes, scores, points).pick(scores >= least_score)


def strongest_apart(boxes: Numbers, scores: Numbers, *, same_iou: float, same_cover: float = 1.0) -> NDArray[np.intp]:
    """Return the rows that stay, the strongest first: no two share more than this.

    Args:
        boxes: (n, 4) xyxy.
        scores: (n,).
        same_iou: largest intersection over union that two different faces have.
        same_cover: largest share of the smaller box that a stronger one of another face covers.
    """
    order = np.argsort(-scores, kind="stable")
    left, top, right, bottom = np.ascontiguousarray(boxes[order].T)
    areas = (right - left) * (bottom - top)
    waiting, kept, best = np.ones(len(order), np.bool_), [], 0
    while best < len(order):
        kept.append(best)
        behind = slice(best, None)
        across = np.minimum(right[best], right[behind]) - np.maximum(left[best], left[behind])
        down = np.minimum(bottom[best], bottom[behind]) - np.maximum(top[best], top[behind])
        shared = np.maximum(across, 0.0) * np.maximum(down, 0.0)
        waiting[behind] &= shared <= same_iou * (areas[best] + areas[behind] - shared)
        if same_cover < 1:
            waiting[behind] &= shared <= same_cover * np.minimum(areas[best], areas[behind])
        waiting[best] = False
        ahead = int(waiting[behind].argmax())
        best = best + ahead if ahead else len(order)
    return np.asarray(order[kept], dtype=np.intp)
