"""What a user would pick instead of `faces`: dlib and face_recognition, one thread; it measures nothing."""

from __future__ import annotations

import dlib
import face_recognition
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from faces import Faces
from faces.detecting import Found, detect_scaled
from faces.dlib_hog import HogDetector
from faces.dlib_landmarks import FaceAligner
from faces.weights import CNN_DETECTOR, ENCODER, weights_path

# Importing face_recognition makes Pillow take pictures that are cut short, in the whole process: put that back.
ImageFile.LOAD_TRUNCATED_IMAGES = False

Picture = NDArray[np.uint8]


class DlibEncoder:
    """dlib's own run of the encoder."""

    def __init__(self) -> None:
        self._model = dlib.face_recognition_model_v1(str(weights_path(ENCODER)))

    def encode(self, chips: Picture) -> NDArray[np.float64]:
        """Return (n, 128) for chips (n, 150, 150, 3)."""
        if len(chips) == 1:
            return np.array([self._model.compute_face_descriptor(chips[0])])
        return np.array(self._model.compute_face_descriptor(list(chips)))


class DlibCnn:
    """dlib's own run of the CNN detector."""

    def __init__(self) -> None:
        self._model = dlib.cnn_face_detection_model_v1(str(weights_path(CNN_DETECTOR)))

    def find(self, picture: Picture) -> Found:
        """Return boxes (n, 4) xyxy and scores (n,), searched at the picture's own size."""
        found = list(self._model(picture, 0))
        boxes = [(face.rect.left(), face.rect.top(), face.rect.right(), face.rect.bottom()) for face in found]
        return np.array(boxes, dtype=np.float64).reshape(-1, 4), np.array([face.confidence for face in found])


class DlibEngine:
    """The engine of this product as it was on dlib: HOG and dlib's run of the encoder."""

    detector = "hog"
    min_face_px = 40.0

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self._hog, self._aligner, self._encoder = HogDetector(), FaceAligner(), DlibEncoder()

    def detect(self, image: Picture, min_face_px: float | None = None) -> Faces:
        """Find the faces in a picture."""
        image = np.ascontiguousarray(image)
        boxes, scores = detect_scaled(self._hog, image, min_face_px=min_face_px or self.min_face_px)
        landmarks = self._aligner.landmarks(image, boxes)
        return Faces(boxes=boxes.astype(np.float32), confidences=scores.astype(np.float32), landmarks=landmarks)

    def encode(self, image: Picture, faces: Faces) -> NDArray[np.float32]:
        """Return (n, 128), one face after the other as it was."""
        chips = self._aligner.chips(np.ascontiguousarray(image), faces.landmarks)
        rows = [self._encoder.encode(chip[None])[0] for chip in chips]
        return np.array(rows, dtype=np.float32).reshape(-1, 128)


def locations(picture: Picture) -> NDArray[np.float64]:
    """Return boxes (n, 4) xyxy as `face_recognition.face_locations` finds them, enlarged once as by default."""
    found = [(left, top, right, bottom) for top, right, bottom, left in face_recognition.face_locations(picture)]
    return np.array(found, dtype=np.float64).reshape(-1, 4)


def encodings(picture: Picture, boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (n, 128) as `face_recognition.face_encodings` gives them for these boxes."""
    places = [(round(top), round(right), round(bottom), round(left)) for left, top, right, bottom in boxes.tolist()]
    rows = face_recognition.face_encodings(picture, places, num_jitters=1, model="small")
    return np.array(rows, dtype=np.float64).reshape(-1, 128)


def distances(references: list[NDArray[np.float64]], query: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of a query to each reference of a list, as `face_recognition.compare_faces` computes it."""
    return np.asarray(face_recognition.face_distance(references, query))
