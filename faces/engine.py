"""The face engine: pictures in, faces and embeddings out; it does not compare embeddings and knows no network."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faces.errors import BadImage
from faces.located import Faces

EMBEDDING_WIDTH = 128
_LEAST_FACE_PX, _MOST_FACE_PX = 10, 4000
_FACES_AT_ONCE = 16


class Finder(Protocol):
    """Finds faces; may be used by several threads at once.

    Attributes:
        name: of the detector.
    """

    name: str

    def find(self, image: NDArray[np.uint8], min_face_px: float, budget_ms: float | None = None) -> Faces:
        """Return the faces of a contiguous picture that are at least about so wide; see `FaceEngine.detect`."""


class Embedder(Protocol):
    """Embeds faces that the finder of the same engine found; may be used by several threads at once.

    Attributes:
        model_id: names it by its weights.
        provider: "cpu", "cuda" or "tensorrt": where it really runs.
    """

    model_id: str
    provider: str

    def embed(self, image: NDArray[np.uint8], faces: Faces) -> NDArray[np.float32]:
        """Return (n, 128) of one face and more in a contiguous picture."""


class FaceEngine:
    """Detects and encodes faces; made by `load_engine`. It may be shared by threads.

    Attributes:
        name: of the engine.
        model_id: names the encoder by its weights; embeddings of different names never compare.
        detector: name of the detector in use.
        provider: "cpu", "cuda" or "tensorrt": where the encoder really runs.
        min_face_px: width of the smallest face that is looked for when no other is asked for.
    """

    def __init__(self, name: str, *, finder: Finder, embedder: Embedder, min_face_px: float) -> None:
        self.name = name
        self.model_id, self.provider = embedder.model_id, embedder.provider
        self.detector = finder.name
        self.min_face_px = min_face_px
        self._finder, self._embedder = finder, embedder

    def detect(
        self, image: NDArray[np.uint8], min_face_px: float | None = None, *, budget_ms: float | None = None
    ) -> Faces:
        """Find the faces that are at least about `min_face_px` wide.

        Args:
            image: (h, w, 3) uint8 RGB, not necessarily contiguous. Pictures too small for a face give none.
            min_face_px: 10..4000 pixels of `image`; half of it costs up to four times the time. None: the engine's
                own, see `FaceEngine.min_face_px`.
            budget_ms: about what the search may take, more than 0; the smallest faces are what is missed where it is
                too little. YuNet heeds it, dlib's detectors have bounds of their own. None: what the search needs, so
                that the same picture always shows the same faces.

        Raises:
            BadImage: the picture has another shape or type.
            ValueError: `min_face_px` or `budget_ms` is out of its range.
        """
        image = _checked_image(image)
        least = self.min_face_px if min_face_px is None else min_face_px
        if not _LEAST_FACE_PX <= least <= _MOST_FACE_PX:
            raise ValueError(f"min_face_px: expected {_LEAST_FACE_PX}..{_MOST_FACE_PX} pixels, got {min_face_px}")
        if budget_ms is not None and not budget_ms > 0:
            raise ValueError(f"budget_ms: expected more than 0, got {budget_ms}")
        return self._finder.find(image, least, budget_ms)

    def encode(self, image: NDArray[np.uint8], faces: Faces) -> NDArray[np.float32]:
        """Return one embedding for each face, (n, 128) float32; no faces give (0, 128).

        Args:
            image: the picture in which `faces` were detected, (h, w, 3) uint8 RGB.
            faces: found by this engine, or by another of the same name.

        Raises:
            BadImage: the picture has another shape or type.
        """
        image = _checked_image(image)
        rows = [np.empty((0, EMBEDDING_WIDTH), dtype=np.float32)]
        for begin in range(0, len(faces), _FACES_AT_ONCE):
            some = faces.pick(range(begin, min(begin + _FACES_AT_ONCE, len(faces))))
            rows.append(self._embedder.embed(image, some))
        return np.concatenate(rows)


def _checked_image(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(image, np.ndarray):
        raise BadImage(f"expected an (h, w, 3) uint8 RGB array, got {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise BadImage(f"expected an (h, w, 3) uint8 RGB array with h, w >= 1, got {image.shape} {image.dtype}")
    return np.ascontiguousarray(image)
