"""A search for faces on every level of dlib's pyramid: what dlib finds, with its boxes and scores."""

from __future__ import annotations

import numpy as np

from faces.detector_network import DetectorNetwork, Pixels, Windows
from faces.pyramid import TiledPyramid


class ThoroughSearch:
    """Scores all levels in one picture, as dlib does.

    One thread at a time: the pyramid's memory, as much as the largest one took, is used again.
    """

    def __init__(self, network: DetectorNetwork) -> None:
        self._network = network
        self._room, self._shape = np.empty(0, dtype=np.float32), (0, 0)

    def find(self, pixels: Pixels, height: int, width: int) -> Windows:
        """Return the windows of `pixels` resized to this size."""
        pyramid = TiledPyramid.of(height, width)
        scores = self._network.scores(self._filled(pixels, pyramid))[0]
        cells = np.argwhere(scores > 0)
        places = self._network.middles(cells)
        levels = pyramid.level_of(places)
        factors = np.repeat(pyramid.factors[levels, None], 2, axis=1)
        return Windows(pyramid.to_picture(places, levels), factors, scores[tuple(cells.T)].astype(np.float64))

    def _filled(self, level: Pixels, pyramid: TiledPyramid) -> Pixels:
        """Return all levels in their places, zeros between; each is made of the one before."""
        size = 3 * pyramid.height * pyramid.width
        if self._room.size < size:
            self._room = np.empty(size, dtype=np.float32)
        tiles = self._room[:size].reshape(1, 3, pyramid.height, pyramid.width)
        if self._shape != (pyramid.height, pyramid.width):
            # Another layout: its gaps are in other places.
            self._shape = (pyramid.height, pyramid.width)
            tiles.fill(0)
        for x, y, width, height in pyramid.rects.tolist():
            level = self._network.resized(level, height, width)
            tiles[:, :, y : y + height, x : x + width] = level
        return tiles
