"""How good a view of a face is, before it is encoded. Knows nothing of who it is.

Three cheap marks, each 0..1: size, frontalness from the five landmarks, sharpness. Only their order matters: which of
two views is worth an encoding, which costs as much as a whole detection (58 ms against 27-60 ms where it was measured).
"""

import math

import numpy as np
from numpy.typing import NDArray

FULL_SIZE = 112.0  # pixels; the encoder looks at 150x150 with a margin of 25 %, so more adds nothing
SAMPLES = 48  # a side of the thumbnail that sharpness is read from


def view_quality(image: NDArray[np.uint8], box: NDArray[np.floating], landmarks: NDArray[np.floating]) -> float:
    """Grade the view of one face, 0 (useless) to 1.

    Args:
        image: (h, w, 3) uint8.
        box: (4,) xyxy in pixels; may reach beyond the picture.
        landmarks: (5, 2) xy in pixels, dlib's order: the corners of one eye, of the other eye, below the nose.
    """
    size = float(np.clip((box[3] - box[1]) / FULL_SIZE, 0.0, 1.0))
    return math.sqrt(size) * (0.2 + 0.8 * frontalness(landmarks)) * (0.3 + 0.7 * sharpness(image, box))


def frontalness(landmarks: NDArray[np.floating]) -> float:
    """Return 1 for a face seen from the front, towards 0 for a profile.

    Of a turned head the nose leaves the middle between the eyes and the far eye looks narrower.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    first, second = points[:2].mean(axis=0), points[2:4].mean(axis=0)
    across = second - first
    between = float(np.hypot(*across))
    if not np.isfinite(between) or between < 1e-6:
        return 0.0
    off_middle = abs(float((points[4] - (first + second) / 2) @ across)) / between**2
    widths = np.sort(np.hypot(*(points[[1, 3]] - points[[0, 2]]).T))
    narrow = widths[0] / max(widths[1], 1e-6)
    return float(np.clip(1.0 - 2.0 * off_middle, 0.0, 1.0) * (0.5 + 0.5 * narrow))


def sharpness(image: NDArray[np.uint8], box: NDArray[np.floating]) -> float:
    """Return 1 for a crisp face, towards 0 for a blurred or flat one; 0 where the box misses the picture.

    The Laplacian's strength over the picture's own contrast, so that a dim face is not a blurred one.
    """
    height, width = image.shape[:2]
    left, right = np.clip([int(box[0]), int(np.ceil(box[2]))], 0, width)
    top, bottom = np.clip([int(box[1]), int(np.ceil(box[3]))], 0, height)
    if right - left < 3 or bottom - top < 3:
        return 0.0
    rows = np.linspace(top, bottom - 1, min(SAMPLES, bottom - top)).astype(int)
    cols = np.linspace(left, right - 1, min(SAMPLES, right - left)).astype(int)
    grey = image[np.ix_(rows, cols)].astype(np.float64).mean(axis=2)
    edges = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    contrast = float(grey.std())
    return float(np.clip(np.abs(edges).mean() / (contrast + 8.0) / 0.6, 0.0, 1.0))
