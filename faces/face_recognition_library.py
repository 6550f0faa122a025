"""The library face_recognition itself, in this process: what anybody can switch to and compare with; it is slow.

Importing it loads every file that `face_recognition_models` names, the 68-point predictor among them, which is not free
to use. So it is imported beside a stand-in for that package, which names the 5-point predictor in its place: the file
is never opened, and what would use it (`model="large"`) is never called.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import cache
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from faces.errors import EngineMissing
from faces.located import LANDMARKS, Faces
from faces.weights import CNN_DETECTOR, ENCODER, FIVE_POINT_PREDICTOR, model_id, verified_path

Picture = NDArray[np.uint8]
_MODELS = "face_recognition_models"
# dlib's detectors find faces from here on; each enlargement by two halves it.
_SEEN_FACE_PX = 80
_MOST_ENLARGEMENTS = 2
# dlib is not thread-safe, and the library's networks are the module's own: one for the process.
_ONE_AT_A_TIME = Lock()


class LibraryFinder:
    """`face_recognition.face_locations`, the picture enlarged by 1, 2 or 4 so that the smallest wanted face is 80 px.

    Args:
        name: "hog" or "cnn".
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._library = load_library()

    def find(self, image: Picture, min_face_px: float, budget_ms: float | None = None) -> Faces:  # noqa: ARG002 - see `FaceEngine`
        """Return the faces of a picture; the library gives no scores, so each has 1."""
        times = min(max(math.ceil(math.log2(_SEEN_FACE_PX / min_face_px)), 0), _MOST_ENLARGEMENTS)
        with _ONE_AT_A_TIME:
            places = self._library.face_locations(image, number_of_times_to_upsample=times, model=self.name)
            shapes = self._library.api._raw_face_landmarks(image, places, model="small")
        points = [[(shape.part(i).x, shape.part(i).y) for i in range(LANDMARKS)] for shape in shapes]
        boxes = [(left, top, right, bottom) for top, right, bottom, left in places]
        return Faces(
            boxes=np.array(boxes, dtype=np.float32).reshape(-1, 4),
            confidences=np.ones(len(boxes), dtype=np.float32),
            landmarks=np.array(points, dtype=np.float32).reshape(-1, LANDMARKS, 2),
        )


class LibraryEmbedder:
    """`face_recognition.face_encodings`; the network and the embeddings are those of the engine dlib."""

    provider = "cpu"

    def __init__(self) -> None:
        self.model_id = model_id(ENCODER)
        self._library = load_library()

    def embed(self, image: Picture, faces: Faces) -> NDArray[np.float32]:
        """Return (n, 128) of one face and more; only their boxes count."""
        places = [(round(top), round(right), round(bottom), round(left)) for left, top, right, bottom in faces.boxes]
        with _ONE_AT_A_TIME:
            rows = self._library.face_encodings(image, places, num_jitters=1, model="small")
        return np.array(rows, dtype=np.float32)


class _StandIn(ModuleType):
    """What face_recognition imports to learn where its weights are: a function for each."""

    def __init__(self) -> None:
        super().__init__(_MODELS)
        self._paths = {
            "cnn_face_detector_model_location": str(verified_path(CNN_DETECTOR)),
            "face_recognition_model_location": str(verified_path(ENCODER)),
        }
        self._any_points = str(verified_path(FIVE_POINT_PREDICTOR))

    def __getattr__(self, name: str) -> Callable[[], str]:
        """Return the function that tells a path; whatever predictor it is asked for is the one of five points."""
        if not name.endswith("_model_location"):
            raise AttributeError(name)
        return lambda: self._paths.get(name, self._any_points)


@cache
def load_library() -> Any:  # noqa: ANN401 - it has no types
    """Import face_recognition without its 68-point file and without what it does to Pillow; return the module.

    Raises:
        EngineMissing: it is not installed, as in the images.
        WeightsMissing, BadWeights: its weights are not here, or are others.
    """
    if "face_recognition" in sys.modules:
        return sys.modules["face_recognition"]
    there, truncated = sys.modules.get(_MODELS), ImageFile.LOAD_TRUNCATED_IMAGES
    sys.modules[_MODELS] = _StandIn()
    try:
        import face_recognition  # noqa: PLC0415 - only now is the stand-in there
    except ImportError as fault:
        raise EngineMissing(
            f"expected the library face_recognition, found none: {fault}; `pip install --no-deps face_recognition`, "
            "or choose another engine"
        ) from fault
    finally:
        del sys.modules[_MODELS]
        if there is not None:
            sys.modules[_MODELS] = there
        # Pictures that are cut short stay an error, as without it.
        ImageFile.LOAD_TRUNCATED_IMAGES = truncated
    return face_recognition
