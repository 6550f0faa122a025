"""dlib's detector as a network that scores windows of a picture, and the resizing beside it; it searches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""(1, 3, height, width) float32, RGB minus the means."""


class Graph(Protocol):
    """A graph that can be run; `faces.onnx_session.Session` is one."""

    notes: dict[str, str]

    def run(self, inputs: dict[str, NDArray[np.generic]]) -> NDArray[np.float32]:
        """Return the only output."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Places that score above 0.

    Attributes:
        middles: (n, 2) xy pixels of the searched picture.
        factors: (n, 2): how much larger a pixel of the scale that shows it is, in x and y.
        scores: (n,) float64.
    """

    middles: NDArray[np.float64]
    factors: NDArray[np.float64]
    scores: NDArray[np.float64]


class DetectorNetwork:
    """The graphs of `detector_graph` and `resize_graph`.

    Attributes:
        stride: pixels from one cell of the scores to the next.
        stem: side in pixels of what a cell needs when its neighbours are left out.
        context: cells on each side that count for a cell.
        window: (2,) width and height of the window that a cell is about, pixels.
        same_iou: windows that overlap more show the same face.
        same_cover: so do windows of which one covers this share of the other.
    """

    def __init__(self, scores: Graph, resize: Graph) -> None:
        self._scores, self._resize = scores, resize
        notes = {
            name: [float(word) for word in text.split()] for name, text in scores.notes.items() if name in _NUMBERS
        }
        self._means = np.array(notes["means"], dtype=np.float32)
        self.window = np.array(notes["window"])
        self.same_iou, self.same_cover = notes["overlap"]
        self.stride, self.stem, self.context = (int(number) for number in notes["grid"])

    def pixels(self, image: NDArray[np.uint8]) -> Pixels:
        """Return an (h, w, 3) RGB picture as the network takes it."""
        pixels = np.empty((1, 3, *image.shape[:2]), dtype=np.float32)
        for channel, mean in enumerate(self._means):
            np.subtract(image[:, :, channel], mean, out=pixels[0, channel])
        return pixels

    def resized(self, pixels: Pixels, height: int, width: int) -> Pixels:
        """Return a picture in another size: bilinear, corners on corners."""
        if pixels.shape[2:] == (height, width):
            return pixels
        sizes = np.array([1, 3, height, width], dtype=np.int64)
        return self._resize.run({"picture": pixels, "sizes": sizes})

    def cells(self, height: int, width: int) -> tuple[int, int]:
        """Return how many rows and columns of cells a picture of this size gives; below `stem` none."""
        rows, columns = (max(0, (side - self.stem) // self.stride + 1) for side in (height, width))
        return rows, columns

    def scores(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, rows, columns) of pictures (n, 3, height, width)."""
        return np.asarray(self._scores.run({"pictures": np.ascontiguousarray(pictures)})[:, 0])

    def middles(self, cells: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return (n, 2) xy pixels in the middle of cells (n, 2) row, column."""
        return cells[:, ::-1].astype(np.float64) * self.stride + (self.stem - 1) / 2


_NUMBERS = ("means", "window", "overlap", "grid")
