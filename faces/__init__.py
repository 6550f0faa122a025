"""The face engine: where the faces are in a picture, what they look like as numbers, and whose they may be.

It knows nothing of cameras, cases' meaning, the wire or thresholds: who calls it decides what distance is a candidate.

How data flows, in the engine `sface`, the default:
    picture (h, w, 3) uint8 RGB
      -> `FaceEngine.detect`   searched by YuNet at sizes that suit the smallest wanted face, a large one in tiles
      -> `Faces`               boxes, confidences, five landmarks for each face; validated once, then read-only
      -> `FaceEngine.encode`   each face turned upright, cut to 112 x 112 px, embedded by SFace
      -> embeddings (n, 128)   float32 of length 1, compared only with embeddings of the same `FaceEngine.model_id`
      -> `Gallery.match`       the nearest case and its Euclidean distance, for each embedding
The engines `dlib` and `face_recognition` do the same with dlib's detectors and network; see the table in `engines.py`.
All weights are listed in `weights.lock.toml`; networks are run by ONNX Runtime from graphs that are converted once
(`python -m faces.prepare`). dlib's 68-point predictor, which is not free to use, is never opened.
"""

from faces.engine import FaceEngine
from faces.engines import (
    DEFAULT_ENGINE,
    ENGINES,
    DetectorName,
    EngineKind,
    EngineName,
    chosen_engine,
    engine_kind,
    engines_help,
    load_engine,
)
from faces.errors import (
    BadEmbedding,
    BadGraph,
    BadImage,
    BadWeights,
    ConverterMissing,
    EngineMissing,
    FacesError,
    WeightsMissing,
)
from faces.gallery import Gallery, Match
from faces.located import Faces

__all__ = [
    "DEFAULT_ENGINE",
    "ENGINES",
    "BadEmbedding",
    "BadGraph",
    "BadImage",
    "BadWeights",
    "ConverterMissing",
    "DetectorName",
    "EngineKind",
    "EngineMissing",
    "EngineName",
    "FaceEngine",
    "Faces",
    "FacesError",
    "Gallery",
    "Match",
    "WeightsMissing",
    "chosen_engine",
    "engine_kind",
    "engines_help",
    "load_engine",
]
