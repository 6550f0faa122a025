"""dlib's CNN detector on ONNX Runtime, in a thorough and in a quick search; no landmarks.

A picture at its own size or shrunk is searched as dlib does, with the same boxes and scores. An enlarged picture is
searched quickly: the same faces, in boxes of scales of its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faces.detecting import Found
from faces.detector_network import DetectorNetwork
from faces.quick_search import QuickSearch
from faces.suppression import strongest
from faces.thorough_search import ThoroughSearch


class CnnDetector:
    """A small convolutional network trained with the max-margin loss (King 2015, arXiv:1502.00046).

    One thread at a time.

    Args:
        thorough: whether to search thoroughly; None: unless the picture is enlarged.
    """

    name = "cnn"
    # Its windows are 80 px wide; measured on five faces, each is found from 67 px on at the latest.
    seen_face_px = (68.0, 80.0)
    # 2 Mpx take about 0.2 s on one thread of a 2-core server.
    most_pixels = 2_500_000

    def __init__(self, network: DetectorNetwork, *, thorough: bool | None = None) -> None:
        self._network, self._thorough = network, thorough
        self._thoroughly, self._quickly = ThoroughSearch(network), QuickSearch(network)

    def find(self, image: NDArray[np.uint8], height: int, width: int) -> Found:
        """Return boxes (n, 4) xyxy of `image` resized to this size, strongest first, and scores (n,) above 0."""
        network = self._network
        thorough = height <= image.shape[0] if self._thorough is None else self._thorough
        search = self._thoroughly if thorough else self._quickly
        windows = search.find(network.pixels(image), height, width)
        reach = windows.factors * (network.window - 1) / 2
        boxes = np.concatenate([windows.middles - reach, windows.middles + reach], axis=1)
        kept = strongest(boxes, windows.scores, same_iou=network.same_iou, same_cover=network.same_cover)
        return boxes[kept], windows.scores[kept]
