"""Where the weights files are and which model they are; it does not load them into a network.

The files are found without importing `face_recognition_models`: its import needs `pkg_resources`, which newer
setuptools no longer have. Only the files named here are opened; the package's 68-point predictor may not be used
commercially and is therefore not among them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from faces.errors import WeightsMissing

_PACKAGE = "face_recognition_models"
ENCODER = "dlib_face_recognition_resnet_model_v1.dat"
FIVE_POINT_PREDICTOR = "shape_predictor_5_face_landmarks.dat"
CNN_DETECTOR = "mmod_human_face_detector.dat"


def weights_path(name: str) -> Path:
    """Return the path of a weights file.

    Raises:
        WeightsMissing: the package or the file is not installed.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsMissing(f"expected the package {_PACKAGE} beside dlib-bin, found no such package")
    path = Path(spec.submodule_search_locations[0]) / "models" / name
    if not path.is_file():
        raise WeightsMissing(f"expected the weights file {name} in {_PACKAGE}, found no such file")
    return path


def model_id(sha256: str) -> str:
    """Return the short name of the encoder whose weights have this digest.

    The name stays the one that dlib's own runs had: converted, the same weights give the same embeddings to 1e-6, so
    what was stored before still compares.
    """
    return f"dlib-resnet-v1-{sha256[:12]}"
