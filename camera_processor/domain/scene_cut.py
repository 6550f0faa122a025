"""Whether a picture shows another scene than the one before. Knows no faces and no time.

Both are looked at as thumbnails of a few hundred cells, each cell's light relative to the whole picture's, so that
a lamp that is switched on or a camera that adapts is no cut; nor is somebody who walks by close to the camera.
"""

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 18, 32
SAMPLES = 3  # pixels along each side of a cell that are looked at
CHANGED = 0.5  # standard deviations of the whole picture by which a cell has to change to count
# Share of the cells. In three films at most 0.11 change from one picture to the next, 0.25 within 0.2 s, 0.45 within
# 1 s; between two of 40 pictures of different places 0.52 and more, 0.43 between the most alike rooms.
CUT = 0.42
FLAT = 3.0  # a picture whose cells differ by less, of 255, shows nothing to compare with

Thumbnail = NDArray[np.float32]


class SceneCut:
    """Compares each picture with the last one that showed anything. One thread only."""

    def __init__(self) -> None:
        self._last: Thumbnail | None = None

    def seen(self, image: NDArray[np.uint8]) -> bool:
        """Take in the next picture, (h, w, 3) uint8, of any size; return whether its scene is another one."""
        now = thumbnail(image)
        if now is None:
            return False
        before, self._last = self._last, now
        return before is not None and changed(before, now) >= CUT


def thumbnail(image: NDArray[np.uint8]) -> Thumbnail | None:
    """Return (18, 32): each cell's light, the picture's mean 0 and its standard deviation 1; None of a flat picture."""
    height, width = image.shape[:2]
    rows = np.linspace(0, height - 1, ROWS * SAMPLES).astype(np.intp)
    columns = np.linspace(0, width - 1, COLUMNS * SAMPLES).astype(np.intp)
    green = image[rows[:, None], columns, 1].astype(np.float32)
    cells: Thumbnail = green.reshape(ROWS, SAMPLES, COLUMNS, SAMPLES).mean(axis=(1, 3))
    spread = float(cells.std())
    return (cells - cells.mean()) / np.float32(spread) if spread >= FLAT else None


def changed(before: Thumbnail, now: Thumbnail) -> float:
    """Return the share of cells, 0..1, whose light is another one."""
    return float((np.abs(now - before) > CHANGED).mean())
