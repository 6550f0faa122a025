"""dlib's CNN detector on ONNX Runtime: the same boxes and scores, in a thorough and in a quick search; no landmarks.

A picture at its own size or shrunk is searched as dlib does, all levels of the pyramid in one. An enlarged picture is
searched coarse first: a face scores on about three neighbouring levels (measured: face widths from 67 to 105 px of a
level), so every second level shows where something is, and only there the rest is computed. What the quick search
finds has dlib's boxes and scores, for the same enlarged picture. It missed 9 of 167 faces in hard scenes: most were cut
off, turned or dim and scored low, two of them scored 0.85 and 0.96.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faces.detecting import Found
from faces.pyramid import TiledPyramid
from faces.score_grid import Piece, ScoreGrid
from faces.suppression import strongest

# Background scores -1.07 +- 0.2 and a face about 1; what is a detection starts at 0.
_NEAR = -0.6
# Cells around a near one that are computed in the levels before and after.
_AROUND = 1
_PATCH = 9
_PATCHES_AT_ONCE = 8
# From this share of the whole on, patches are not cheaper than the whole.
_MOST_PATCHED = 0.4
# Zeros of the layout that the coarse search takes in beside a level, pixels.
_EDGE = 10


class Graph(Protocol):
    """A graph that can be run; `faces.onnx_session.Session` is one."""

    notes: dict[str, str]

    def run(self, inputs: dict[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        """Return the only output."""


class CnnDetector:
    """A small convolutional network trained with the max-margin loss (King 2015, arXiv:1502.00046).

    One thread at a time: the pyramid's memory, as much as the largest one took, is used again.

    Args:
        scores: the graph of `detector_graph`.
        resize: the graph of `resize_graph`.
        thorough: whether to search thoroughly; None: unless the picture is enlarged.
    """

    name = "cnn"
    # Its windows are 80 px wide; measured, it finds faces from 67 to 70 px on.
    seen_face_px = (70.0, 80.0)
    # 2 Mpx take about 0.2 s on one thread of a 2-core server.
    most_pixels = 2_500_000

    def __init__(self, scores: Graph, resize: Graph, *, thorough: bool | None = None) -> None:
        self._scores, self._resize, self._thorough = scores, resize, thorough
        notes = {
            name: [float(word) for word in text.split()] for name, text in scores.notes.items() if name in _NUMBERS
        }
        self._means = np.array(notes["means"], dtype=np.float32)
        self._window = np.array(notes["window"])
        self._same_iou, self._same_cover = notes["overlap"]
        self._stride, self._stem, self._context = (int(number) for number in notes["grid"])
        self._room, self._shape = np.empty(0, dtype=np.float32), (0, 0)

    def find(self, image: NDArray[np.uint8], height: int, width: int) -> Found:
        """Return boxes (n, 4) xyxy of `image` resized to this size, strongest first, and scores (n,) above 0."""
        pyramid = TiledPyramid.of(height, width)
        tiles = self._filled(image, pyramid)
        grid = ScoreGrid.of(pyramid.height, pyramid.width, stride=self._stride, stem=self._stem, context=self._context)
        thorough = height <= image.shape[0] if self._thorough is None else self._thorough
        scores = self._whole(tiles, grid) if thorough else self._searched(tiles, pyramid, grid)
        cells = np.argwhere(scores > 0)
        found = scores[cells[:, 0], cells[:, 1]].astype(np.float64)
        boxes = self._boxes(grid.centres(cells), pyramid)
        kept = strongest(boxes, found, same_iou=self._same_iou, same_cover=self._same_cover)
        return boxes[kept], found[kept]

    def _filled(self, image: NDArray[np.uint8], pyramid: TiledPyramid) -> NDArray[np.float32]:
        """Return (1, 3, height, width), all levels in their places, RGB minus the means, zeros between."""
        size = 3 * pyramid.height * pyramid.width
        if self._room.size < size:
            self._room = np.empty(size, dtype=np.float32)
        tiles = self._room[:size].reshape(1, 3, pyramid.height, pyramid.width)
        if self._shape != (pyramid.height, pyramid.width):
            # Another layout: its gaps are in other places.
            self._shape = (pyramid.height, pyramid.width)
            tiles.fill(0)
        level = np.empty((1, 3, *image.shape[:2]), dtype=np.float32)
        for channel, mean in enumerate(self._means):
            np.subtract(image[:, :, channel], mean, out=level[0, channel])
        for x, y, width, height in pyramid.rects.tolist():
            if level.shape[2:] != (height, width):
                sizes = np.array([1, 3, height, width], dtype=np.int64)
                level = self._resize.run({"picture": level, "sizes": sizes})
            tiles[:, :, y : y + height, x : x + width] = level
        return tiles

    def _whole(self, tiles: NDArray[np.float32], grid: ScoreGrid) -> NDArray[np.float32]:
        rows, columns = grid.pixels(grid.whole)
        return np.asarray(self._run(tiles[:, :, rows, columns])[0])

    def _searched(self, tiles: NDArray[np.float32], pyramid: TiledPyramid, grid: ScoreGrid) -> NDArray[np.float32]:
        """Return (rows, columns) of scores: dlib's where they are above 0, and something below 0 elsewhere."""
        scores = np.full((grid.rows, grid.columns), -np.inf, dtype=np.float32)
        wanted = np.zeros(scores.shape, dtype=np.bool_)
        for level in range(0, len(pyramid.rects), 2):
            piece, coarse = self._coarse(tiles, pyramid.rects[level], grid)
            near = np.argwhere(coarse > _NEAR) + np.array((piece.top, piece.left))
            exact = grid.exact(piece)
            trusted = _within(near, exact)
            rows, columns = near[trusted].T
            scores[rows, columns] = coarse[rows - piece.top, columns - piece.left]
            _mark(wanted, near[~trusted], around=0)
            for other in (level - 1, level + 1):
                _mark(wanted, _seen_at(other, near, level, pyramid, grid), around=_AROUND)
        patches = grid.patches(wanted, side=_PATCH)
        if len(patches) * (_PATCH + 2 * grid.context) ** 2 > _MOST_PATCHED * scores.size:
            return self._whole(tiles, grid)
        self._add(scores, tiles, patches, grid)
        return scores

    def _coarse(
        self, tiles: NDArray[np.float32], rect: NDArray[np.intp], grid: ScoreGrid
    ) -> tuple[Piece, NDArray[np.float32]]:
        """Return the cells of one level and their scores when nothing but zeros stands beside it."""
        x, y, width, height = rect.tolist()
        piece = grid.inside(x - _EDGE, y - _EDGE, width + 2 * _EDGE, height + 2 * _EDGE)
        if piece.top >= piece.bottom or piece.left >= piece.right:
            return piece, np.empty((piece.bottom - piece.top, piece.right - piece.left), dtype=np.float32)
        rows, columns = grid.pixels(piece)
        return piece, self._run(tiles[:, :, rows, columns])[0]

    def _add(
        self, scores: NDArray[np.float32], tiles: NDArray[np.float32], patches: list[Piece], grid: ScoreGrid
    ) -> None:
        """Write the exact scores of pieces of one size into their places."""
        for begin in range(0, len(patches), _PATCHES_AT_ONCE):
            some = patches[begin : begin + _PATCHES_AT_ONCE]
            pictures = np.concatenate([tiles[:, :, rows, columns] for rows, columns in map(grid.pixels, some)])
            for piece, part in zip(some, self._run(pictures), strict=True):
                exact = grid.exact(piece)
                inner = part[exact.top - piece.top :, exact.left - piece.left :]
                high, wide = exact.bottom - exact.top, exact.right - exact.left
                scores[exact.top : exact.bottom, exact.left : exact.right] = inner[:high, :wide]

    def _run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        scores = self._scores.run({"pictures": np.ascontiguousarray(pictures)})
        return np.asarray(scores[:, 0])

    def _boxes(self, centres: NDArray[np.float64], pyramid: TiledPyramid) -> NDArray[np.float64]:
        """Return (n, 4) xyxy in the picture, of the windows around these points of the pyramid."""
        levels, reach = pyramid.level_of(centres), (self._window - 1) / 2
        corners = [pyramid.to_picture(centres + side * reach, levels) for side in (-1, 1)]
        return np.concatenate(corners, axis=1)


_NUMBERS = ("means", "window", "overlap", "grid")


def _within(cells: NDArray[np.intp], piece: Piece) -> NDArray[np.bool_]:
    rows, columns = cells.T
    inside = (rows >= piece.top) & (rows < piece.bottom) & (columns >= piece.left) & (columns < piece.right)
    return np.asarray(inside, dtype=np.bool_)


def _mark(wanted: NDArray[np.bool_], cells: NDArray[np.intp], *, around: int) -> None:
    """Set the cells (n, 2) and so many around each; what lies outside of the grid is left out."""
    for row in range(-around, around + 1):
        for column in range(-around, around + 1):
            moved = cells + np.array((row, column))
            inside = _within(moved, Piece(0, 0, *wanted.shape))
            wanted[tuple(moved[inside].T)] = True


def _seen_at(
    other: int, cells: NDArray[np.intp], level: int, pyramid: TiledPyramid, grid: ScoreGrid
) -> NDArray[np.intp]:
    """Return the cells that look at another level where these cells look at theirs; none without such a level."""
    if not 0 <= other < len(pyramid.rects) or not len(cells):
        return np.empty((0, 2), dtype=np.intp)
    here, there = (np.full(len(cells), number, dtype=np.intp) for number in (level, other))
    return grid.cells_at(pyramid.from_picture(pyramid.to_picture(grid.centres(cells), here), there))
