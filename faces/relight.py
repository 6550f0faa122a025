"""Lights cut-out faces that are too dark for an embedder, their noise smoothed first; others stay as they are.

Networks are trained on lit faces. In the dark a face has a fifth of the light and more noise than contrast: smoothed
and stretched, nine of ten tracks of such views are recognised instead of half (docs/accuracy.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
# Where the brightest twentieth of a cut-out is darker than this, it is lit. A face in a room has 100 and more.
DARK = 64
_BRIGHTEST, _ENDS = 95, (1, 99)
_BLACK, _WHITE = 25.0, 225.0
# Less contrast than this is none: stretched, it would be noise alone.
_LEAST_RANGE = 8.0
# Of 1.2, 1.6, 2.0 and 2.5 px the one that finds most.
_SMOOTH_PX = 1.6


def relit(chip: Picture) -> Picture:
    """Return a cut-out face (h, w, 3), lit when it is dark, else itself."""
    if np.percentile(chip, _BRIGHTEST) >= DARK:
        return chip
    smooth = _smoothed(_smoothed(chip.astype(np.float32), 0), 1)
    least, most = np.percentile(smooth, _ENDS)
    stretched = (smooth - least) * ((_WHITE - _BLACK) / max(most - least, _LEAST_RANGE)) + _BLACK
    return np.asarray(np.clip(np.rint(stretched), 0, 255), dtype=np.uint8)


def _smoothed(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return values after a Gaussian along an axis; the edge repeats itself."""
    reach = round(3 * _SMOOTH_PX)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTH_PX) ** 2)
    padded = np.pad(values, [(reach, reach) if at == axis else (0, 0) for at in range(values.ndim)], mode="edge")
    total = np.zeros_like(values)
    for step, weight in enumerate(weights / weights.sum()):
        total += np.take(padded, range(step, step + values.shape[axis]), axis=axis) * np.float32(weight)
    return total
