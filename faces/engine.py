"""The face engine: pictures in, faces and embeddings out; it does not compare embeddings.

The networks run on ONNX Runtime without the GIL. Landmarks and cut-outs come from dlib, which is not thread-safe: an
engine guards itself by locks, so it may be shared, and a second caller of the same step waits for the first.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from faces.cnn_detector import CnnDetector
from faces.convert import find_graph
from faces.detecting import Detector, detect_scaled
from faces.detector_network import DetectorNetwork
from faces.dlib_hog import HogDetector
from faces.dlib_landmarks import FaceAligner
from faces.errors import BadImage
from faces.located import Faces
from faces.onnx_session import ProviderName, Session
from faces.weights import model_id

DetectorName = Literal["cnn", "hog", "auto"]
EMBEDDING_WIDTH = 128
CNN_FAST_ENOUGH_S = 0.1
_LEAST_FACE_PX, _MOST_FACE_PX = 10, 4000
_FACES_AT_ONCE = 16


class FaceEngine:
    """Detects and encodes faces; made by `load_engine`.

    Attributes:
        model_id: names the encoder by its weights; embeddings of different names never compare.
        detector: "hog" or "cnn", the one in use.
        provider: "cpu", "cuda" or "tensorrt": where the encoder really runs.
    """

    def __init__(self, detector: Detector, *, encoder: Session, aligner: FaceAligner) -> None:
        self.model_id = model_id(encoder.notes["sha256"])
        self.detector = detector.name
        self.provider = encoder.provider
        self._detector, self._encoder, self._aligner = detector, encoder, aligner
        self._detecting, self._aligning = Lock(), Lock()

    def detect(self, image: NDArray[np.uint8], min_face_px: float = 40) -> Faces:
        """Find the faces that are at least about `min_face_px` wide.

        The picture is searched resized so that such a face is 80 px wide (HOG) or 70 to 80 px (CNN), but never in
        more pixels than the detector's cap (CNN 2.5 Mpx, HOG 8 Mpx): a larger picture is searched at the cap and its
        smallest faces are missed. From 70 px on the CNN's answer is that of dlib's own CNN for the same pixels.

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
        with self._detecting:
            boxes, scores = detect_scaled(self._detector, image, min_face_px=min_face_px)
        with self._aligning:
            landmarks = self._aligner.landmarks(image, boxes)
        return Faces(boxes=boxes.astype(np.float32), confidences=scores.astype(np.float32), landmarks=landmarks)

    def encode(self, image: NDArray[np.uint8], faces: Faces) -> NDArray[np.float32]:
        """Return one embedding for each face, (n, 128) float32; no faces give (0, 128).

        Equal to `face_recognition.face_encodings(image, boxes, num_jitters=1, model="small")` for the same boxes,
        within 1e-5.

        Args:
            image: the picture in which `faces` were detected, (h, w, 3) uint8 RGB.
            faces: only their landmarks count; 2.5 ms for each face on one thread.

        Raises:
            BadImage: the picture has another shape or type.
        """
        image = _checked_image(image)
        rows = [np.empty((0, EMBEDDING_WIDTH), dtype=np.float32)]
        for begin in range(0, len(faces), _FACES_AT_ONCE):
            with self._aligning:
                chips = self._aligner.chips(image, faces.landmarks[begin : begin + _FACES_AT_ONCE])
            rows.append(self._encoder.run({"chips": chips}))
        return np.concatenate(rows)


def load_engine(
    detector: DetectorName = "cnn",
    threads: int = 1,
    *,
    provider: ProviderName = "auto",
    graphs: Path | None = None,
) -> FaceEngine:
    """Load the networks and return an engine; takes about half a second, and two more when graphs are converted first.

    Args:
        detector: "cnn" finds turned faces too, in about 85 ms for 1000x714 pixels at its own scale on one thread;
            "hog" finds upright frontal ones, in 55 ms/Mpx; "auto" measures the CNN once on 640x360 and takes it when
            it needs less than 0.1 s, else HOG.
        threads: most threads that one call may use, 1 or more.
        provider: what the networks run on, see `Session`; `FaceEngine.provider` says what was to be had.
        graphs: where converted graphs are kept; None: `~/.cache/searchlight/graphs`.

    Raises:
        WeightsMissing: the package of the weights is not installed.
        BadWeights: it holds other files than those of dlib.
        ConverterMissing: the graphs are not there and cannot be made.
        ValueError: an unknown detector or provider, or `threads` below 1.
    """
    for name, value, known in (("detector", detector, DetectorName), ("provider", provider, ProviderName)):
        if value not in get_args(known):
            raise ValueError(f"{name}: expected one of {', '.join(get_args(known))}, got {value!r}")
    if threads < 1:
        raise ValueError(f"threads: expected 1 or more, got {threads}")

    def session(kind: Literal["encoder", "detector", "resize"], on: ProviderName = provider) -> Session:
        return Session(find_graph(kind, cache=graphs), threads=threads, provider=on)

    def cnn() -> CnnDetector:
        # The pyramid's levels lie in the host's memory: resizing elsewhere would only move them to and fro.
        return CnnDetector(DetectorNetwork(session("detector"), session("resize", "cpu")))

    chosen: Detector = cnn() if detector != "hog" else HogDetector()
    if detector == "auto" and _seconds(chosen) > CNN_FAST_ENOUGH_S:
        chosen = HogDetector()
    return FaceEngine(chosen, encoder=session("encoder"), aligner=FaceAligner())


def _seconds(detector: Detector) -> float:
    """Return how long a detector takes for a picture of noise, 640x360, the second time."""
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    detector.find(noise, 360, 640)
    started = perf_counter()
    detector.find(noise, 360, 640)
    return perf_counter() - started


def _checked_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray):
        raise BadImage(f"expected an (h, w, 3) uint8 RGB array, got {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise BadImage(f"expected an (h, w, 3) uint8 RGB array with h, w >= 1, got {image.shape} {image.dtype}")
    return np.ascontiguousarray(image)
