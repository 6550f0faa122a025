"""An engine that finds the faces it was given."""

import numpy as np

from faces import Faces


class Engine:
    """Finds the faces that it was given."""

    def __init__(self, *found, model_id="m"):
        self.model_id = model_id
        self._boxes = np.array([box for box, _ in found], np.float32).reshape(-1, 4)
        self._rows = np.array([row for _, row in found], np.float32).reshape(-1, 128)

    def detect(self, image, min_face_px=40):
        count = len(self._boxes)
        return Faces(self._boxes, np.ones(count, np.float32), np.zeros((count, 5, 2), np.float32))

    def encode(self, image, faces):
        return self._rows


def at(distance):
    row = np.zeros(128, np.float32)
    row[0] = distance
    return row
