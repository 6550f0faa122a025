"""Whether two sides found the same faces, or saw the same in them; it measures no time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.comparison import ResultsDiffer
from faces.detecting import Found

LARGEST_DIFFERENCE = 1e-5
LEAST_IOU = 0.9
MOST_CONFIDENCE = 0.05
# Share of a box's width by which its middle may miss the face's.
_NEAR = 0.4


def iou(box: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the intersection over union of a box with each of (n, 4) xyxy."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    both = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1)
    return np.asarray(shared / (both - shared), dtype=np.float64)


def same_embeddings(ours: NDArray[np.floating], theirs: NDArray[np.floating]) -> float:
    """Return the largest difference of two arrays (n, 128).

    Raises:
        ResultsDiffer: it is above 1e-5.
    """
    if ours.shape != theirs.shape:
        raise ResultsDiffer(f"expected embeddings of the shape {theirs.shape}, got {ours.shape}")
    largest = float(np.abs(ours - theirs).max(initial=0.0))
    if largest > LARGEST_DIFFERENCE:
        raise ResultsDiffer(f"expected embeddings within {LARGEST_DIFFERENCE:g}, got a difference of {largest:.2e}")
    return largest


def same_faces(ours: Found, theirs: Found) -> tuple[float, float]:
    """Return the least IoU and the largest difference in confidence of faces found by both.

    Raises:
        ResultsDiffer: one found a face that the other did not, or IoU or confidence differ by more than allowed.
    """
    if len(ours[0]) != len(theirs[0]):
        raise ResultsDiffer(f"expected {len(theirs[0])} faces {theirs}, got {len(ours[0])} {ours}")
    least, most = 1.0, 0.0
    for box, score in zip(*theirs, strict=True):
        overlaps = iou(box, ours[0])
        least, most = min(least, float(overlaps.max())), max(most, abs(float(ours[1][overlaps.argmax()] - score)))
    if least < LEAST_IOU or most > MOST_CONFIDENCE:
        raise ResultsDiffer(
            f"expected IoU >= {LEAST_IOU} and confidences within {MOST_CONFIDENCE}, got {least}, {most}"
        )
    return least, most


def true_faces(boxes: NDArray[np.floating], faces_at: NDArray[np.float64]) -> set[int]:
    """Return which of the faces with these middles (n, 2) xy the boxes (m, 4) xyxy are about."""
    middles, widths = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2] - boxes[:, 0]
    away = np.abs(middles[:, None] - faces_at[None]).max(axis=2)
    return set(np.flatnonzero((away < _NEAR * widths[:, None]).any(axis=0)).tolist())


def superset(
    ours: NDArray[np.floating], theirs: NDArray[np.floating], faces_at: NDArray[np.float64]
) -> tuple[int, int]:
    """Return how many true faces they found, and how many more we did.

    Raises:
        ResultsDiffer: a true face of theirs is missing in ours.
    """
    found, missing = true_faces(ours, faces_at), true_faces(theirs, faces_at) - true_faces(ours, faces_at)
    if missing:
        raise ResultsDiffer(f"expected faces around {faces_at[sorted(missing)].tolist()}, got {ours.tolist()}")
    return len(true_faces(theirs, faces_at)), len(found) - len(true_faces(theirs, faces_at))
