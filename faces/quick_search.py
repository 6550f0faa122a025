"""A search for faces in an enlarged picture: few scales first, the scales between them only where something is.

A face scores on scales whose ratio is about 1.6 (measured on five faces: widths from 56 to 90 px of a scale, up to 68
to 110 px); views at a ratio of 1.55 therefore miss few, and of the two scales between two views those near a face are
computed in patches. It finds what dlib's pyramid finds (376 of 378 faces in hard scenes: cut off, turned, dim,
blurred), in boxes of scales of its own: their overlap with dlib's is 0.8, half of a step of either's scales.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faces.detector_network import DetectorNetwork, Pixels, Windows

_RATIO = 1.55
_STEPS = 3
"""So many steps lead from one view to the next."""
# Background scores -1.07 +- 0.2 and a face about 1; what is a detection starts at 0.
_NEAR = -0.6
# Zeros around a view, pixels: a face may be cut off.
_EDGE = 11
# Views below this side show no face: the network's windows are 80 px wide.
_LEAST_SIDE = 56
# A patch gives so many cells a side.
_INNER = 5
# Fewer cells than the network has: the farthest hardly count (scores move by 0.03).
_CONTEXT = 7
_PATCHES_AT_ONCE = 8
# Cells that the network computes at once: bounds its memory.
_BAND_CELLS = 18_000


@dataclass(frozen=True, slots=True)
class _View:
    """One scale of the picture.

    Attributes:
        pixels: of this scale.
        factors: (2,): how much larger a pixel is than the searched picture's, in x and y.
        near: (n, 3): x and y in pixels of the view, and the score, of what is near a face; strongest first.
    """

    pixels: Pixels
    factors: NDArray[np.float64]
    near: NDArray[np.float64]


class QuickSearch:
    """Finds windows that show a face; does not choose between those that show the same one."""

    def __init__(self, network: DetectorNetwork) -> None:
        self._network = network
        self._side = (_INNER - 1 + 2 * _CONTEXT) * network.stride + network.stem

    def find(self, pixels: Pixels, height: int, width: int) -> Windows:
        """Return the windows of `pixels` resized to this size."""
        found: list[NDArray[np.float64]] = [np.empty((0, 5))]
        before: _View | None = None
        for view in self._views(pixels, height, width):
            found.append(_faces(view.near, view.factors))
            if before is None:
                before = view
                continue
            here, there = _better(before, view, self._network.stride * _INNER)
            found += self._patched(before, here, before.factors, step=1)
            found += self._patched(before, there, view.factors, step=_STEPS - 1)
            before = replace(view, near=there)  # what the finer one shows better is not looked for further on
        if before is not None:
            found += self._patched(before, before.near, before.factors, step=1)
        every = np.concatenate(found)
        return Windows(every[:, :2], every[:, 2:4], every[:, 4])

    def _views(self, pixels: Pixels, height: int, width: int) -> Iterator[_View]:
        """Yield the views, each made of the one before."""
        size, number = (height, width), 0
        while not number or min(size) >= _LEAST_SIDE:
            pixels = self._network.resized(pixels, *size)
            factors = np.array([(width - 1) / max(size[1] - 1, 1), (height - 1) / max(size[0] - 1, 1)])
            yield _View(pixels, factors, self._near(pixels))
            number += 1
            size = round(height / _RATIO**number), round(width / _RATIO**number)

    def _near(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return what scores near a face in a view, strongest first; computed in bands."""
        network, parts = self._network, [np.empty((0, 3))]
        size = np.array(network.cells(*(side + 2 * _EDGE for side in pixels.shape[2:])), dtype=np.intp)
        for first, end in _bands(size):
            begin = np.maximum(first - _CONTEXT, 0)
            most = np.minimum(end + _CONTEXT, size)
            y, x = (begin * network.stride - _EDGE).tolist()
            high, wide = ((most - begin - 1) * network.stride + network.stem).tolist()
            rows, columns = (slice(low, to) for low, to in zip(first - begin, end - begin, strict=True))
            scores = network.scores(_cut(pixels, y, x, high, wide))[0, rows, columns]
            cells = np.argwhere(scores > _NEAR)
            parts.append(np.column_stack([network.middles(cells + first) - _EDGE, scores[tuple(cells.T)]]))
        near = np.concatenate(parts)
        return near[np.argsort(-near[:, 2], kind="stable")]

    def _patched(
        self, view: _View, near: NDArray[np.float64], factors: NDArray[np.float64], *, step: int
    ) -> list[NDArray[np.float64]]:
        """Return the faces so many steps below a view, around what is near one in a view with these factors."""
        network, side, found = self._network, self._side, []
        source = round((side - 1) * _RATIO ** (step / _STEPS)) + 1
        shrunk = (source - 1) / (side - 1)
        middles = _spread(near[:, :2] * factors / view.factors, (_INNER / 2 + 1) * network.stride * shrunk)
        corners = np.rint(middles - (source - 1) / 2).astype(np.intp)
        for begin in range(0, len(corners), _PATCHES_AT_ONCE):
            some = corners[begin : begin + _PATCHES_AT_ONCE]
            cuts = [network.resized(_cut(view.pixels, y, x, source, source), side, side) for x, y in some.tolist()]
            scores = network.scores(np.concatenate(cuts))[:, _CONTEXT:-_CONTEXT, _CONTEXT:-_CONTEXT]
            for corner, part in zip(some, scores, strict=True):
                cells = np.argwhere(part > 0)
                places = network.middles(cells + _CONTEXT) * shrunk + corner
                found.append(_faces(np.column_stack([places, part[tuple(cells.T)]]), view.factors, shrunk))
        return found


def _faces(near: NDArray[np.float64], factors: NDArray[np.float64], shrunk: float = 1.0) -> NDArray[np.float64]:
    """Return (n, 5) of what scores above 0: x, y of the searched picture, factors of x and y, score.

    Args:
        near: x and y in pixels of a view.
        factors: of that view.
        shrunk: how much larger a pixel of the scale is that shows it.
    """
    faces = near[near[:, 2] > 0]
    scale = np.broadcast_to(factors * shrunk, (len(faces), 2))
    return np.column_stack([faces[:, :2] * factors, scale, faces[:, 2]])


def _better(finer: _View, coarser: _View, reach: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return of each view what is near a face and is not shown better by the other one.

    Args:
        reach: so near to each other are places of one face, pixels of the coarser view.
    """
    apart = np.abs(finer.near[:, None, :2] * finer.factors - coarser.near[None, :, :2] * coarser.factors)
    same = (apart <= reach * coarser.factors).all(axis=2)
    weaker = finer.near[:, None, 2] < coarser.near[None, :, 2]
    return finer.near[~(same & weaker).any(axis=1)], coarser.near[~(same & ~weaker).any(axis=0)]


def _spread(points: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Return some of the points (n, 2), the first ones, such that each is within `reach` of one in x and in y."""
    kept: list[NDArray[np.float64]] = []
    while len(points):
        kept.append(points[0])
        points = points[(np.abs(points - points[0]) > reach).any(axis=1)]
    return np.array(kept).reshape(-1, 2)


def _bands(size: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the first and the end (row, column) of bands across the longer side of so many rows and columns."""
    longer, count = int(size[1] > size[0]), -(-int(size.prod()) // _BAND_CELLS)
    for band in range(count):
        first, end = np.zeros(2, dtype=np.intp), size.copy()
        first[longer], end[longer] = size[longer] * band // count, size[longer] * (band + 1) // count
        yield first, end


def _cut(pixels: Pixels, top: int, left: int, high: int, wide: int) -> Pixels:
    """Return a part of a picture, zeros where it lies beyond its edges."""
    rows, columns = pixels.shape[2:]
    if top >= 0 and left >= 0 and top + high <= rows and left + wide <= columns:
        return np.ascontiguousarray(pixels[:, :, top : top + high, left : left + wide])
    cut = np.zeros((1, 3, high, wide), dtype=np.float32)
    y, x = slice(max(top, 0), max(min(top + high, rows), 0)), slice(max(left, 0), max(min(left + wide, columns), 0))
    part = pixels[:, :, y, x]
    cut[:, :, y.start - top :, x.start - left :][:, :, : part.shape[2], : part.shape[3]] = part
    return cut
