"""dlib's five landmarks and its upright cut-outs ("chips") of faces; it encodes nothing.

dlib is not thread-safe: a second caller waits for the first.
"""

from __future__ import annotations

from threading import Lock

import dlib
import numpy as np
from numpy.typing import NDArray

from faces.located import LANDMARKS
from faces.weights import FIVE_POINT_PREDICTOR, verified_path

CHIP_PX = 150
_CHIP_PADDING = 0.25


class FaceAligner:
    """An ensemble of regression trees (Kazemi and Sullivan 2014), and a similarity transform by its points."""

    def __init__(self) -> None:
        self._predictor = dlib.shape_predictor(str(verified_path(FIVE_POINT_PREDICTOR)))
        self._one_at_a_time = Lock()

    def landmarks(self, image: NDArray[np.uint8], boxes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return (n, 5, 2) xy pixels of `image`, contiguous RGB, for boxes (n, 4) xyxy."""
        points = []
        with self._one_at_a_time:
            for box in boxes.tolist():
                shape = self._predictor(image, dlib.rectangle(*(round(edge) for edge in box)))
                points.append([(shape.part(i).x, shape.part(i).y) for i in range(LANDMARKS)])
        return np.array(points, dtype=np.float32).reshape(-1, LANDMARKS, 2)

    def chips(self, image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return (n, 150, 150, 3) uint8 RGB: each face turned upright and cut out by its landmarks (n, 5, 2)."""
        chips = np.empty((len(landmarks), CHIP_PX, CHIP_PX, 3), dtype=np.uint8)
        with self._one_at_a_time:
            for chip, points in zip(chips, landmarks.tolist(), strict=True):
                parts = [dlib.point(round(x), round(y)) for x, y in points]
                # The rectangle does not matter: dlib aligns a face of five points by the points alone.
                face = dlib.full_object_detection(dlib.rectangle(0, 0, 1, 1), parts)
                chip[:] = dlib.get_face_chip(image, face, size=CHIP_PX, padding=_CHIP_PADDING)
        return chips
