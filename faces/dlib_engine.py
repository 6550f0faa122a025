"""dlib's engine: HOG or CNN, five landmarks, and the residual network on ONNX Runtime; it compares nothing.

The networks run without the GIL; dlib itself is not thread-safe, so a second caller of the same step waits.
"""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from faces.detecting import Detector, detect_scaled
from faces.dlib_landmarks import FaceAligner
from faces.located import Faces
from faces.onnx_session import Session
from faces.weights import ENCODER, model_id

Picture = NDArray[np.uint8]


class DlibFinder:
    """Searches the picture resized so that the smallest wanted face is 80 px wide (HOG), or 70 to 80 px (CNN).

    It never searches more pixels than the detector's cap (CNN 2.5 Mpx, HOG 8 Mpx): a larger picture is searched at the
    cap and its smallest faces are missed. From 70 px on the CNN's answer is that of dlib's own CNN for the same pixels.
    """

    def __init__(self, detector: Detector, aligner: FaceAligner) -> None:
        self.name = detector.name
        self._detector, self._aligner = detector, aligner
        self._detecting = Lock()

    def find(self, image: Picture, min_face_px: float, budget_ms: float | None = None) -> Faces:  # noqa: ARG002 - see `FaceEngine`
        """Return the faces of a picture."""
        with self._detecting:
            boxes, scores = detect_scaled(self._detector, image, min_face_px=min_face_px)
        landmarks = self._aligner.landmarks(image, boxes)
        return Faces(boxes=boxes.astype(np.float32), confidences=scores.astype(np.float32), landmarks=landmarks)


class DlibEmbedder:
    """A residual network of 29 convolutions on upright faces of 150 x 150 px; 4 ms for each face on one thread.

    Its numbers are those of `face_recognition.face_encodings(image, boxes, num_jitters=1, model="small")` for the same
    boxes, within 1e-5.
    """

    def __init__(self, network: Session, aligner: FaceAligner) -> None:
        self.model_id, self.provider = model_id(ENCODER), network.provider
        self._network, self._aligner = network, aligner

    def embed(self, image: Picture, faces: Faces) -> NDArray[np.float32]:
        """Return (n, 128) of one face and more; only their landmarks count."""
        return self._network.run({"chips": self._aligner.chips(image, faces.landmarks)})
