"""SFace: each face turned upright by its five points, cut to 112 x 112 px, embedded; it detects nothing.

The cut-outs are those of OpenCV's `FaceRecognizerSF.alignCrop`, pixel by pixel, the embeddings those of `feature`, of
length 1: of two of them the cosine is 1 - d^2 / 2, d being their Euclidean distance. One thing is
ours: a face that is very dark is lit before it is embedded, see `relight.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from faces.located import LANDMARKS, Faces
from faces.onnx_session import Session
from faces.relight import relit
from faces.weights import SFACE, model_id

Picture = NDArray[np.uint8]
SIDE = 112
# Where the eyes, the nose's tip and the corners of the mouth come to lie, pixels of the cut-out.
_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float32,
)
# Their middle, rounded as OpenCV has it.
_MIDDLE = np.array([56.0262, 71.9008], dtype=np.float32)
# OpenCV's steps of places, and of places between two pixels.
_FINE_STEPS, _STEPS = 1024, 32


class SFaceEmbedder:
    """MobileFaceNet trained with SFace's loss (Zhong et al. 2021); may be used by several threads at once.

    Attributes:
        model_id: of its weights.
        provider: what it runs on.
    """

    def __init__(self, network: Session) -> None:
        self.model_id = model_id(SFACE)
        self.provider = network.provider
        self._network = network

    def embed(self, image: Picture, faces: Faces) -> NDArray[np.float32]:
        """Return (n, 128) of one face and more; only their landmarks count."""
        return self._network.run({"chips": np.stack([relit(upright(image, points)) for points in faces.landmarks])})


def upright(image: Picture, points: NDArray[np.float32]) -> Picture:
    """Return (112, 112, 3): the face with these five points (5, 2), turned, scaled and cut; black beyond the picture.

    Places are rounded as OpenCV's `warpAffine` rounds them, first along both axes and then to 1/32 of a pixel: with
    exact ones the embeddings differ by up to 0.007 from those that others made.
    """
    turn, shift = _to_template(points)
    # Back from the cut-out to the picture: a turn with a scale is inverted by its transpose over its square.
    back = turn.T / (turn[0, 0] ** 2 + turn[1, 0] ** 2)
    steps = np.arange(SIDE)
    along = np.rint(back[:, :1] * steps * _FINE_STEPS)
    down = np.rint((back[:, 1:] * steps - (back @ shift)[:, None]) * _FINE_STEPS)
    half = _FINE_STEPS // _STEPS // 2
    places = (along[:, None, :] + down[:, :, None] + half).astype(np.int64) // (_FINE_STEPS // _STEPS)
    return _sampled(image, places.reshape(2, -1)).reshape(SIDE, SIDE, 3)


def _to_template(points: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the turn with scale (2, 2) and the shift (2,) that bring points nearest to the template's.

    Umeyama 1991, Least-squares estimation of transformation parameters; in the plane and without mirroring it is a
    quotient of complex numbers. Products are those of OpenCV's float32.
    """
    middle = points.sum(axis=0) / np.float32(LANDMARKS)
    (x, y), (u, v) = (points - middle).T, (_TEMPLATE - _MIDDLE).T
    spread = _sum(x * x) + _sum(y * y) or 1.0
    along, across = (_sum(x * u) + _sum(y * v)) / spread, (_sum(x * v) - _sum(y * u)) / spread
    if along == across == 0.0:
        along = 1.0
    turn = np.array([[along, -across], [across, along]])
    return turn, _MIDDLE.astype(np.float64) - turn @ middle.astype(np.float64)


def _sum(products: NDArray[np.float32]) -> float:
    return float(products.sum(dtype=np.float64))


def _sampled(image: Picture, places: NDArray[np.int64]) -> Picture:
    """Return (n, 3): the picture at places (2, n) xy in 1/32 of a pixel, by bilinear interpolation."""
    height, width = image.shape[:2]
    # A frame of black all around: what lies beyond it is black too.
    x, y = (np.clip(places[axis] // _STEPS, -2, side) for axis, side in ((0, width), (1, height)))
    right, below = places % _STEPS
    left, top = int(x.min()), int(y.min())
    cut = _framed(image, top, left, int(y.max()) + 2, int(x.max()) + 2)
    at, row = (y - top) * cut.shape[1] + (x - left), cut.shape[1]
    flat = cut.reshape(-1, 3)
    total = np.full((len(at), 3), _STEPS**2 // 2, dtype=np.int32)
    for step, share in (
        (0, (_STEPS - right) * (_STEPS - below)),
        (1, right * (_STEPS - below)),
        (row, (_STEPS - right) * below),
        (row + 1, right * below),
    ):
        total += flat.take(at + step, axis=0) * share.astype(np.int32)[:, None]
    return (total // _STEPS**2).astype(np.uint8)


def _framed(image: Picture, top: int, left: int, bottom: int, right: int) -> Picture:
    """Return a part of a picture, black where it lies beyond its edges."""
    height, width = image.shape[:2]
    if top >= 0 and left >= 0 and bottom <= height and right <= width:
        return np.ascontiguousarray(image[top:bottom, left:right])
    cut = np.zeros((bottom - top, right - left, 3), dtype=np.uint8)
    y, x = slice(max(top, 0), max(min(bottom, height), 0)), slice(max(left, 0), max(min(right, width), 0))
    part = image[y, x]
    if part.size:
        cut[y.start - top :, x.start - left :][: part.shape[0], : part.shape[1]] = part
    return cut
