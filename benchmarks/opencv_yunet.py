"""OpenCV's own run of YuNet (`cv2.FaceDetectorYN`), at a picture's own size, one thread: what a user would pick."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.detecting import Found
from faces.weights import YUNET, weights_path

Picture = NDArray[np.uint8]
SCORE = 0.7
_SAME_IOU, _MOST_FACES = 0.3, 5000


class OpencvYunet:
    """Finds the faces of a picture (h, w, 3) uint8 RGB."""

    def __init__(self, *, least_score: float = SCORE) -> None:
        cv2.setNumThreads(1)
        path = str(weights_path(YUNET))
        self._detector = cv2.FaceDetectorYN.create(path, "", (320, 320), least_score, _SAME_IOU, _MOST_FACES)

    def find(self, picture: Picture) -> Found:
        """Return boxes (n, 4) xyxy in pixels and scores (n,)."""
        self._detector.setInputSize((picture.shape[1], picture.shape[0]))
        # Its types do not say that there may be none.
        found = cast("NDArray[np.float32] | None", self._detector.detect(np.ascontiguousarray(picture[:, :, ::-1]))[1])
        rows = np.empty((0, 15)) if found is None else found
        boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        return boxes.astype(np.float64), rows[:, 14].astype(np.float64)
