"""The face engine on dlib: pictures in, faces and embeddings out; it does not compare embeddings.

dlib is not thread-safe: an engine serves one thread at a time and guards itself by a lock, so a second caller waits
for the first one's call. Detection releases the GIL; encoding does not and holds up the whole interpreter for 58 ms
per face: encode in a process of its own where something else must stay responsive.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Literal, get_args

import dlib
import numpy as np
from numpy.typing import NDArray

from faces.dlib_detectors import CnnDetector, Detector, HogDetector, detect_scaled, faster_choice
from faces.errors import BadImage
from faces.located import LANDMARKS, Faces
from faces.weights import ENCODER, FIVE_POINT_PREDICTOR, model_id, weights_path

DetectorName = Literal["cnn", "hog", "auto"]
EMBEDDING_WIDTH = 128
_CHIP_PX = 150
_CHIP_PADDING = 0.25
_LEAST_FACE_PX, _MOST_FACE_PX = 10, 4000


class FaceEngine:
    """Detects and encodes faces; made by `load_engine`.

    Attributes:
        model_id: names the encoder by its weights; embeddings of different names never compare.
        detector: "hog" or "cnn", the one in use.
    """

    def __init__(self, detector: Detector, *, detector_name: str) -> None:
        encoder = weights_path(ENCODER)
        self.model_id = model_id(encoder)
        self.detector = detector_name
        self._detector = detector
        self._predictor = dlib.shape_predictor(str(weights_path(FIVE_POINT_PREDICTOR)))
        self._encoder = dlib.face_recognition_model_v1(str(encoder))
        self._lock = Lock()

    def detect(self, image: NDArray[np.uint8], min_face_px: float = 40) -> Faces:
        """Find the faces that are at least about `min_face_px` wide.

        The picture is searched resized by 80 / min_face_px, but never in more pixels than the detector's cap (HOG
        8 Mpx, CNN 1 Mpx): a larger picture is searched at the cap and its smallest faces are missed.

        Args:
            image: (h, w, 3) uint8 RGB, not necessarily contiguous. Pictures too small for a face give none.
            min_face_px: 10..4000 pixels of `image`; half of it costs four times the time.

        Raises:
            BadImage: the picture has another shape or type.
            ValueError: `min_face_px` is out of its range.
        """
        image = _checked_image(image)
        if not _LEAST_FACE_PX <= min_face_px <= _MOST_FACE_PX:
            raise ValueError(f"min_face_px: expected {_LEAST_FACE_PX}..{_MOST_FACE_PX} pixels, got {min_face_px}")
        with self._lock:
            boxes, scores = detect_scaled(self._detector, image, min_face_px=min_face_px)
            landmarks = [self._landmarks(image, box) for box in boxes]
        points = np.array(landmarks, dtype=np.float32).reshape(-1, LANDMARKS, 2)
        return Faces(boxes=boxes.astype(np.float32), confidences=scores.astype(np.float32), landmarks=points)

    def encode(self, image: NDArray[np.uint8], faces: Faces) -> NDArray[np.float32]:
        """Return one embedding for each face, (n, 128) float32; no faces give (0, 128).

        Equal to `face_recognition.face_encodings(image, boxes, num_jitters=1, model="small")` for the same boxes.

        Args:
            image: the picture in which `faces` were detected, (h, w, 3) uint8 RGB.
            faces: only their landmarks count; 58 ms for each face on one core, with the GIL held.

        Raises:
            BadImage: the picture has another shape or type.
        """
        image = _checked_image(image)
        with self._lock:
            rows = [self._embedding(image, points) for points in faces.landmarks]
        return np.array(rows, dtype=np.float32).reshape(-1, EMBEDDING_WIDTH)

    def _landmarks(self, image: NDArray[np.uint8], box: NDArray[np.float64]) -> list[tuple[int, int]]:
        shape = self._predictor(image, dlib.rectangle(*(round(edge) for edge in box.tolist())))
        return [(shape.part(i).x, shape.part(i).y) for i in range(LANDMARKS)]

    def _embedding(self, image: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float64]:
        parts = [dlib.point(round(x), round(y)) for x, y in points.tolist()]
        # The rectangle does not matter: dlib aligns a face of five points by the points alone.
        face = dlib.full_object_detection(dlib.rectangle(0, 0, 1, 1), parts)
        chip = dlib.get_face_chip(image, face, size=_CHIP_PX, padding=_CHIP_PADDING)
        return np.array(self._encoder.compute_face_descriptor(chip), dtype=np.float64)


def load_engine(detector: DetectorName = "hog", threads: int = 1) -> FaceEngine:
    """Load the weights and return an engine; takes about half a second.

    Args:
        detector: "hog" finds upright frontal faces in 55 ms/Mpx; "cnn" finds turned ones too, in 3.8 s/Mpx on one
            core; "auto" measures the CNN once on 640x360 and takes it when it needs less than 0.2 s, else HOG.
        threads: most threads that one call may use, 1 or more. dlib's CPU build computes on the calling thread
            alone (measured: CPU time equals wall time), so every bound holds.

    Raises:
        WeightsMissing: the package of the weights is not installed.
        ValueError: an unknown detector, or `threads` below 1.
    """
    if detector not in get_args(DetectorName):
        raise ValueError(f"detector: expected one of {', '.join(get_args(DetectorName))}, got {detector!r}")
    if threads < 1:
        raise ValueError(f"threads: expected 1 or more, got {threads}")
    makers: dict[str, Callable[[], Detector]] = {"cnn": CnnDetector, "hog": HogDetector, "auto": faster_choice}
    chosen = makers[detector]()
    return FaceEngine(chosen, detector_name="cnn" if isinstance(chosen, CnnDetector) else "hog")


def _checked_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray):
        raise BadImage(f"expected an (h, w, 3) uint8 RGB array, got {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise BadImage(f"expected an (h, w, 3) uint8 RGB array with h, w >= 1, got {image.shape} {image.dtype}")
    return np.ascontiguousarray(image)
