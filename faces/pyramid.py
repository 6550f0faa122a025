"""Where dlib's tiled image pyramid puts each level, and where a cell of the detector's score map looks; no pixels.

dlib lays all levels of a picture into one: the first ones below each other, the rest back up on the right side
(`compute_tiled_image_pyramid_details` in `dlib/image_transforms/image_pyramid.h`). What stands beside a level, and at
which multiple of the network's stride it begins, changes the scores by more than 0.1; the layout is therefore kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# pyramid_down<6>: each level has 5/6 of the width and height of the one before.
_NUMERATOR, _DENOMINATOR = 5, 6
# A point p of one level is (p - 0.3) * 5/6 in the next.
_SHIFT = 0.3
_LEAST_HEIGHT = 5
# Zeros between the levels and around all of them, pixels: what dlib takes for files that do not say it.
_BETWEEN, _AROUND = 10, 11


@dataclass(frozen=True, slots=True)
class TiledPyramid:
    """Levels of a picture side by side.

    Attributes:
        height: of the whole, pixels.
        width: of the whole, pixels.
        rects: (levels, 4) int, xywh: where each level lies; the first is the picture itself.
    """

    height: int
    width: int
    rects: NDArray[np.intp]

    @classmethod
    def of(cls, height: int, width: int) -> TiledPyramid:
        """Return the layout for a picture of this size, 1 x 1 pixels at least."""
        sizes = _level_sizes(height, width)
        column = _first_column(sizes)
        places = _downwards(sizes[:column])
        bottom = places[-1][1] + sizes[column - 1][0]
        places += _upwards(sizes[column:], right=_AROUND + width, bottom=bottom, until=_AROUND + height)
        rects = np.array([(x, y, w, h) for (x, y), (h, w) in zip(places, sizes, strict=False)], dtype=np.intp)
        return cls(bottom + _AROUND, width + 2 * _AROUND, rects)

    def level_of(self, points: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the level nearest to each point (n, 2) xy of the whole; of equally near ones the first."""
        left, top, width, height = (self.rects[:, i].astype(np.float64) for i in range(4))
        x, y = points[:, :1], points[:, 1:]
        outside_x = np.maximum(np.maximum(left - x, x - (left + width - 1)), 0)
        outside_y = np.maximum(np.maximum(top - y, y - (top + height - 1)), 0)
        return np.asarray(np.argmin(outside_x**2 + outside_y**2, axis=1), dtype=np.intp)

    @property
    def factors(self) -> NDArray[np.float64]:
        """How much larger a pixel of each level is than the picture's, (levels,)."""
        return np.asarray((_DENOMINATOR / _NUMERATOR) ** np.arange(len(self.rects), dtype=np.float64))

    def to_picture(self, points: NDArray[np.float64], levels: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return points (n, 2) xy of the whole, which belong to these levels, in pixels of the picture.

        From each level up: p -> p * 6/5 + 0.3.
        """
        shifts = _SHIFT * np.concatenate(([0.0], np.cumsum(self.factors)[:-1]))
        return (points - self.rects[levels, :2]) * self.factors[levels, None] + shifts[levels, None]


def _level_sizes(height: int, width: int) -> list[tuple[int, int]]:
    sizes = [(height, width)]
    while True:
        height, width = height * _NUMERATOR // _DENOMINATOR, width * _NUMERATOR // _DENOMINATOR
        if not width or height < _LEAST_HEIGHT:
            return sizes
        sizes.append((height, width))


def _first_column(sizes: list[tuple[int, int]]) -> int:
    """Return how many levels stand below each other before the next one fits beside the last."""
    (first_height, first_width), above, last_width = sizes[0], 0, 0
    total = sum(height + _BETWEEN for height, _ in sizes) - 2 * _BETWEEN
    for count, (height, width) in enumerate(sizes):
        fits = width <= first_width - last_width - _BETWEEN
        if count and fits and (above - first_height) * 2 >= total - first_height:
            return count
        above, last_width = above + height + _BETWEEN, width
    return len(sizes)


def _downwards(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    places, y = [], _AROUND
    for height, _ in sizes:
        places.append((_AROUND, y))
        y += height + _BETWEEN
    return places


def _upwards(sizes: list[tuple[int, int]], *, right: int, bottom: int, until: int) -> list[tuple[int, int]]:
    """Return places on the right side from `bottom` up, as long as they stay below `until`."""
    places = []
    for height, width in sizes:
        if bottom - height < until:
            break
        places.append((right - width, bottom - height))
        bottom -= height + _BETWEEN
    return places
