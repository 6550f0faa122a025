"""How much boxes overlap. Knows neither tracks nor pictures."""

import numpy as np
from numpy.typing import NDArray


def iou(left: NDArray[np.floating], right: NDArray[np.floating], buffer: float = 0.0) -> NDArray[np.float64]:
    """Return the intersection over union of every pair of boxes.

    Args:
        left: (n, 4) xyxy, any unit.
        right: (m, 4) xyxy, the same unit.
        buffer: each side of every box is first moved outwards by this share of its size, so that boxes which only
            come near each other compare too (C-BIoU, Yang et al. 2023, section 3.2).

    Returns:
        (n, m), 0..1; 0 where a union is empty.
    """
    a, b = _grown(left, buffer)[:, None], _grown(right, buffer)[None]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    inner: NDArray[np.float64] = np.prod(np.maximum(size, 0.0), axis=-1)
    union = np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1) - inner
    shares: NDArray[np.float64] = np.divide(inner, union, out=np.zeros_like(inner), where=union > 0)
    return shares


def _grown(boxes: NDArray[np.floating], buffer: float) -> NDArray[np.float64]:
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    margin = (corners[:, 2:] - corners[:, :2]) * buffer
    return np.hstack([corners[:, :2] - margin, corners[:, 2:] + margin])
