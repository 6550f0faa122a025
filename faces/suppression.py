"""Which of several overlapping detections stay; it does not know what was detected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def strongest(
    boxes: NDArray[np.float64], scores: NDArray[np.floating], *, same_iou: float, same_cover: float
) -> NDArray[np.intp]:
    """Return the rows that stay, the strongest first; of equally strong ones the first.

    As dlib does it (`loss_mmod_::to_label`, `test_box_overlap`): corners are rounded and belong to the box, and the
    shared area is set against the rectangle around both boxes, which is more than their union.

    Args:
        boxes: (n, 4) xyxy pixels.
        scores: (n,).
        same_iou: a larger share of the rectangle around both: one detection.
        same_cover: a larger share of either box: one detection; from 1 on it never happens.
    """
    left, top, right, bottom = np.floor(boxes + 0.5).T
    areas = (right - left + 1) * (bottom - top + 1)
    waiting = np.argsort(-scores, kind="stable")
    kept = []
    while len(waiting):
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        shared = _side(left, right, best, waiting, inner=True) * _side(top, bottom, best, waiting, inner=True)
        around = _side(left, right, best, waiting, inner=False) * _side(top, bottom, best, waiting, inner=False)
        covered = shared / np.minimum(areas[waiting], areas[best])
        waiting = waiting[(shared <= same_iou * around) & (covered <= same_cover)]
    return np.array(kept, dtype=np.intp)


def _side(
    low: NDArray[np.float64], high: NDArray[np.float64], one: np.intp, others: NDArray[np.intp], *, inner: bool
) -> NDArray[np.float64]:
    """Return the side of what is shared (`inner`), or of what is around both; 0 and more."""
    if inner:
        return np.asarray(np.maximum(np.minimum(high[others], high[one]) - np.maximum(low[others], low[one]) + 1, 0.0))
    return np.asarray(np.maximum(high[others], high[one]) - np.minimum(low[others], low[one]) + 1)
