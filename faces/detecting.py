"""What every detector offers and how one is used at the scale of the smallest wanted face; it chooses none."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faces.chosen_scale import Scale, block_means

Found = tuple[NDArray[np.float64], NDArray[np.float64]]
# Less than a quarter of a window holds no face; the CNN's filters refuse pictures below about 10 px.
_LEAST_SIDE_PX = 20


class Detector(Protocol):
    """Finds faces in a picture resized to a wanted size.

    Attributes:
        name: "cnn" or "hog".
        seen_face_px: widths of the smallest face that it has to see in the resized picture: from the first on it finds
            it, beyond the second it searches more pixels than it needs.
        most_pixels: bounds its time and memory for one picture.
    """

    name: str
    seen_face_px: tuple[float, float]
    most_pixels: int

    def find(self, image: NDArray[np.uint8], height: int, width: int) -> Found:
        """Resize `image`, corners on corners; return boxes (n, 4) xyxy of the resized picture, and scores (n,)."""


def detect_scaled(detector: Detector, image: NDArray[np.uint8], *, min_face_px: float) -> Found:
    """Return boxes (n, 4) xyxy in pixels of `image` and scores (n,), searched at the scale for `min_face_px`."""
    height, width = image.shape[:2]
    scale = Scale.fit(
        width,
        height,
        min_face_px=min_face_px,
        seen_face_px=detector.seen_face_px,
        most_pixels=detector.most_pixels,
    )
    if min(scale.width, scale.height) < _LEAST_SIDE_PX:
        return np.empty((0, 4)), np.empty(0)
    boxes, scores = detector.find(block_means(image, scale.block), scale.height, scale.width)
    return scale.boxes_back(boxes), scores
