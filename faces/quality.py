"""How much one view of a face tells about whose it is, from its size, light, sharpness, pose and score.

It looks at pixels and points and at no embedding, so that a view can be refused before it is embedded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from faces.located import Faces

Picture = NDArray[np.uint8]
Numbers = NDArray[np.float64]
MEASURES = ("size", "score", "yaw", "pitch", "light", "contrast", "noise", "detail", "weakest")
TERMS = ("1", "size", "score", "yaw", "yaw^2", "pitch", "light", "contrast", "noise", "noise^2", "detail", "weakest")
# From here on more of it does not help: 2^7 px, 0..1, 0..1.
_LARGE, _BRIGHT, _CLEAR = 7.0, 0.4, 0.12
_BOUNDS = (0.05, 0.9)
# What is looked at: the middle of the box, without hair and background, reduced to so many pixels where it is wider.
_INNER = (0.2, 0.25, 0.8, 0.9)
_LOOKED_AT_PX = 40
_LEAST_PX = 6
_NOSE_BELOW = 0.5
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def measured(image: Picture, faces: Faces) -> Numbers:
    """Return (n, 9), a row of `MEASURES` for each face.

    size: log2 of the box's width in pixels. score: the detector's. yaw, pitch: 0 for a frontal face, about 1 for a
    profile, see `pose`. light: mean, 0..1. contrast: standard deviation, 0..1. noise: standard deviation of what
    changes from pixel to pixel, in shares of the contrast. detail, weakest: log2 of the slopes between neighbouring
    pixels over the contrast, in all directions and in the one where they are least (motion wipes out one direction).

    Args:
        image: (h, w, 3) uint8 RGB, in which the faces were found.
        faces: with YuNet's five points; with those of dlib, yaw and pitch mean little and are weighed by nothing.
    """
    rows = np.empty((len(faces), len(MEASURES)))
    if not len(faces):
        return rows
    rows[:, 0] = np.log2(np.maximum(faces.boxes[:, 2] - faces.boxes[:, 0], 1.0))
    rows[:, 1] = faces.confidences
    rows[:, 2:4] = pose(faces.landmarks)
    for row, box in zip(rows, faces.boxes, strict=True):
        row[4:] = _looks(_looked_at(image, box))
    return rows


def quality(measures: Numbers, model_id: str) -> Numbers:
    """Return the quality (n,) of views with these measures (n, 9), 0.05..0.9.

    It is the cosine that a view is expected to have with the template of its own person's references, on a scale on
    which two strangers have 0 (`StrangerModel.floor`) and a template has 1 with itself.

    Raises:
        ValueError: nothing was measured of this embedder.
    """
    for start, weights in _WEIGHTS.items():
        if model_id.startswith(start):
            return np.asarray(np.clip(terms(measures) @ np.asarray(weights), *_BOUNDS))
    raise ValueError(f"model: expected one of {', '.join(f'{start}...' for start in _WEIGHTS)}, got {model_id!r}")


def terms(measures: Numbers) -> Numbers:
    """Return (n, 12): what the quality is a weighed sum of; `TERMS` names them."""
    size, score, yaw, pitch, light, contrast, noise, detail, weakest = measures.T
    one, size = np.ones(len(measures)), np.minimum(size, _LARGE)
    light, contrast = np.minimum(light, _BRIGHT), np.minimum(contrast, _CLEAR)
    return np.stack([one, size, score, yaw, yaw**2, pitch, light, contrast, noise, noise**2, detail, weakest], axis=1)


def pose(landmarks: NDArray[np.float32]) -> Numbers:
    """Return (n, 2), yaw and pitch, from YuNet's five points (n, 5, 2).

    Yaw: how far the tip of the nose lies beside the middle of the eyes and the mouth, in halves of the distance of the
    eyes or of that of eyes and mouth, whichever is larger (in a profile the eyes meet). Pitch: how far it lies above or
    below its place between eyes and mouth. Both without sign.
    """
    points = landmarks.astype(np.float64)
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    down = mouth - eyes
    height = np.maximum(np.linalg.norm(down, axis=1), 1e-6)
    along = down / height[:, None]
    nose = points[:, 2] - eyes
    below = (nose * along).sum(axis=1) / height
    beside = (nose[:, 0] * along[:, 1] - nose[:, 1] * along[:, 0]) / height
    return np.asarray(np.minimum(np.abs(np.stack([beside * 2, (below - _NOSE_BELOW) * 2], axis=1)), 2.0))


def _looked_at(image: Picture, box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the grey middle of a face, 0..1, about `_LOOKED_AT_PX` wide or less."""
    height, width = image.shape[:2]
    left, top = box[0] + (box[2] - box[0]) * _INNER[0], box[1] + (box[3] - box[1]) * _INNER[1]
    right, bottom = box[0] + (box[2] - box[0]) * _INNER[2], box[1] + (box[3] - box[1]) * _INNER[3]
    x = np.clip([round(float(left)), round(float(right))], 0, width)
    y = np.clip([round(float(top)), round(float(bottom))], 0, height)
    grey = image[y[0] : y[1], x[0] : x[1]].astype(np.float32) @ (_LUMA / 255)
    block = max(1, round(grey.shape[1] / _LOOKED_AT_PX))
    rows, columns = grey.shape[0] // block, grey.shape[1] // block
    cut = grey[: rows * block, : columns * block]
    means: NDArray[np.float32] = cut.reshape(rows, block, columns, block).mean(axis=(1, 3), dtype=np.float32)
    return means


def _looks(grey: NDArray[np.float32]) -> tuple[float, float, float, float, float]:
    """Return light, contrast, noise, detail and the weakest direction's detail."""
    if min(grey.shape) < _LEAST_PX:
        return float(grey.mean()) if grey.size else 0.0, 0.0, 1.0, -6.0, -6.0
    light, contrast = float(grey.mean()), float(grey.std())
    scale = max(contrast, 1 / 255)
    # Immerkaer 1996, Fast noise variance estimation: a mask that neither slopes nor edges answer to.
    across = grey[:, :-2] - 2 * grey[:, 1:-1] + grey[:, 2:]
    both = across[:-2] - 2 * across[1:-1] + across[2:]
    noise = float(np.abs(both).mean()) * float(np.sqrt(np.pi / 2)) / 6
    # Of means of four pixels, so that noise counts half.
    soft = (grey[:-1, :-1] + grey[1:, :-1] + grey[:-1, 1:] + grey[1:, 1:]) / 4
    x, y = soft[1:-1, 2:] - soft[1:-1, :-2], soft[2:, 1:-1] - soft[:-2, 1:-1]
    xx, yy, xy = float((x * x).mean()), float((y * y).mean()), float((x * y).mean())
    apart = float(np.hypot((xx - yy) / 2, xy))
    all_ways, one_way = xx + yy, max((xx + yy) / 2 - apart, 0.0)
    detail, weakest = (0.5 * float(np.log2(max(power / scale**2, 2.0**-12))) for power in (all_ways, one_way))
    return light, contrast, min(noise / scale, 1.0), detail, weakest


# Fitted by `python -m benchmarks.accuracy PHOTOS --calibrate` to 160 people's photos, good and weakened; the key begins
# a model's id.
_WEIGHTS: Mapping[str, Sequence[float]] = {
    "sface-": (-0.178, 0.068, 0.247, 0.000, -0.150, 0.000, 0.141, 1.496, 0.000, 0.000, 0.112, 0.054),
    "dlib-": (0.111, 0.047, 0.0, 0.0, 0.0, 0.0, 0.772, 0.473, 0.0, 0.0, 0.046, 0.069),
}
