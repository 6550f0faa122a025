"""dlib's two face detectors behind one call, at the scale that the smallest wanted face needs.

It does not find landmarks and does not choose between the detectors by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import dlib
import numpy as np
from numpy.typing import NDArray

from faces.weights import CNN_DETECTOR, weights_path

# Both detectors were trained on windows of about 80 px: at scale 1 they find faces from there on.
WINDOW_PX = 80
# Less than a quarter of the window holds no face; the CNN's filters refuse pictures below about 10 px.
_LEAST_SIDE_PX = 20
CNN_FAST_ENOUGH_S = 0.2


class Detector(Protocol):
    """Finds faces at the picture's own scale; `most_pixels` bounds its time and memory for one picture."""

    most_pixels: int

    def find(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return boxes (n, 4) xyxy pixels of `image`, and scores (n,)."""


class HogDetector:
    """Histograms of oriented gradients and a linear classifier (Dalal and Triggs 2005; King 2015, Max-Margin ODL)."""

    # 8 Mpx take about 0.45 s on one core of a 2-core server (55 ms/Mpx).
    most_pixels = 8_000_000

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()

    def find(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return boxes (n, 4) xyxy pixels of `image`, and scores (n,)."""
        rectangles, scores, _ = self._detector.run(image, 0, 0.0)
        return _boxes(list(rectangles)), np.asarray(list(scores), dtype=np.float64)


class CnnDetector:
    """A small convolutional network trained with the max-margin loss (King 2015, arXiv:1502.00046)."""

    # 2 Mpx took 8 to 13 s on one core and 1.9 GB of memory; half of it still searches 1280x720 at its own scale.
    most_pixels = 1_000_000

    def __init__(self) -> None:
        self._detector = dlib.cnn_face_detection_model_v1(str(weights_path(CNN_DETECTOR)))

    def find(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return boxes (n, 4) xyxy pixels of `image`, and scores (n,)."""
        found = list(self._detector(image, 0))
        return _boxes([face.rect for face in found]), np.array([face.confidence for face in found], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Scale:
    """How a picture is resized for the search: first by means of blocks, then to its last size by interpolation.

    Attributes:
        block: side of the averaged blocks, pixels; 1 when the picture is not shrunk to a half or less.
        width: of the searched picture, pixels.
        height: of the searched picture, pixels.
        back: factors of x and y from the searched picture's pixels to the picture's own.
    """

    block: int
    width: int
    height: int
    back: tuple[float, float]

    @classmethod
    def fit(cls, width: int, height: int, *, min_face_px: float, most_pixels: int) -> Scale:
        """Choose the size at which a face of `min_face_px` is `WINDOW_PX` wide, or the largest under `most_pixels`."""
        wanted = min(WINDOW_PX / min_face_px, (most_pixels / (width * height)) ** 0.5)
        block = max(1, min(int(1 / wanted), width, height))
        blocks_wide, blocks_high = width // block, height // block
        to_width = max(1, int(blocks_wide * block * wanted + 0.001))
        to_height = max(1, int(blocks_high * block * wanted + 0.001))
        # dlib.resize_image puts corner pixels on corner pixels, hence the "- 1".
        back_x = (blocks_wide - 1) / (to_width - 1) if to_width > 1 else 1.0
        back_y = (blocks_high - 1) / (to_height - 1) if to_height > 1 else 1.0
        return cls(block, to_width, to_height, (block * back_x, block * back_y))

    def boxes_back(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return boxes (n, 4) xyxy of the searched picture in the picture's own pixels."""
        return boxes * np.array(self.back * 2, dtype=np.float64) + (self.block - 1) / 2


def detect_scaled(
    detector: Detector, image: NDArray[np.uint8], *, min_face_px: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return boxes (n, 4) xyxy in pixels of `image` and scores (n,), searched at the scale for `min_face_px`."""
    height, width = image.shape[:2]
    scale = Scale.fit(width, height, min_face_px=min_face_px, most_pixels=detector.most_pixels)
    if min(scale.width, scale.height) < _LEAST_SIDE_PX:
        return np.empty((0, 4)), np.empty(0)
    boxes, scores = detector.find(resized(image, scale))
    return scale.boxes_back(boxes), scores


def resized(image: NDArray[np.uint8], scale: Scale) -> NDArray[np.uint8]:
    """Return the picture at this scale.

    Interpolation is dlib's own bilinear one: 960x540 to 1280x720 in 4.1 ms where Pillow took 7.5 ms. Alone it would
    skip pixels below one half and leave stair steps in the gradients: therefore the blocks (12 Mpx by 2 in 39 ms).
    """
    if scale.block > 1:
        image = _block_means(image, scale.block)
    if image.shape[:2] != (scale.height, scale.width):
        image = dlib.resize_image(image, scale.height, scale.width)
    return image


def _block_means(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = image.shape[0] // side, image.shape[1] // side
    total = np.zeros((height, width, 3), dtype=np.uint32)
    for row in range(side):
        for column in range(side):
            total += image[row : height * side : side, column : width * side : side]
    return (total // side**2).astype(np.uint8)


def faster_choice() -> HogDetector | CnnDetector:
    """Measure the CNN once on a picture of noise, 640x360; return it when it took less than `CNN_FAST_ENOUGH_S`."""
    cnn = CnnDetector()
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    started = perf_counter()
    cnn.find(noise)
    return cnn if perf_counter() - started < CNN_FAST_ENOUGH_S else HogDetector()


def _boxes(rectangles: list[dlib.rectangle]) -> NDArray[np.float64]:
    corners = [(r.left(), r.top(), r.right(), r.bottom()) for r in rectangles]
    return np.array(corners, dtype=np.float64).reshape(-1, 4)
