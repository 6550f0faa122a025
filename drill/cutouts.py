"""Cuts a person out of a portrait with soft edges (adapter of OpenCV); it does not place the person anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drill.portraits import Portrait
from faces import FaceEngine

# Wider than any face in the footage, so that figures are only ever shrunk.
FACE_PX = 140
# What lies further below the face is below the frame in every scene.
_BODY_FACES = 4.2
# GrabCut decides the band of this share of a face's width on either side of the hand-drawn outline.
_UNSURE = 0.11
_ROUNDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A person, free of the background.

    Attributes:
        rgba: (h, w, 4) float32; RGB 0..255 already multiplied by alpha 0..1.
        face_centre: xy pixels of `rgba`, the middle of the box that the HOG detector gives.
        face_px: side of that box.
    """

    rgba: NDArray[np.float32]
    face_centre: tuple[float, float]
    face_px: float


class NoFace(Exception):
    """A portrait shows no face, or several."""


def cut_out(path: Path, portrait: Portrait, engine: FaceEngine) -> Cutout:
    """Cut the portrait's person out at the scale at which the face is `FACE_PX` wide.

    GrabCut (Rother, Kolmogorov and Blake 2004) decides the band along the outline; the edge is then softened.

    Raises:
        NoFace: there is not exactly one face in the portrait.
    """
    picture = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)
    found = engine.detect(picture, min_face_px=80)
    if len(found) != 1:
        raise NoFace(f"{path.name}: expected one face, found {len(found)}")
    x1, y1, x2, y2 = found.boxes[0].tolist()
    scale = FACE_PX / (x2 - x1)
    centre = ((x1 + x2) / 2 * scale, (y1 + y2) / 2 * scale)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method), dtype=np.uint8)
    small = small[: int(centre[1] + _BODY_FACES * FACE_PX)]
    alpha = _alpha(small, np.array(portrait.outline, dtype=np.float64) * scale)
    rgba = np.dstack([_without_halo(small, alpha) * alpha[:, :, None], alpha])
    return Cutout(rgba.astype(np.float32), centre, FACE_PX)


def _alpha(picture: NDArray[np.uint8], outline: NDArray[np.float64]) -> NDArray[np.float32]:
    inside = np.zeros(picture.shape[:2], dtype=np.uint8)
    cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], (1,))
    reach = int(FACE_PX * _UNSURE) * 2 + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    # Along the picture's own border the person goes on: there the band must not eat into the figure.
    sure = cv2.erode(inside, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(1,))
    possible = cv2.dilate(inside, kernel)
    mask = np.where(sure, cv2.GC_FGD, np.where(inside, cv2.GC_PR_FGD, np.where(possible, cv2.GC_PR_BGD, cv2.GC_BGD)))
    mask = mask.astype(np.uint8)
    cv2.setRNGSeed(0)
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    no_rectangle, models = (0, 0, 0, 0), (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.grabCut(bgr, mask, no_rectangle, *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    figure = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    hard = _largest_piece(np.asarray(cv2.medianBlur(figure, 7)) > 127)
    soft = np.asarray(cv2.GaussianBlur(hard.astype(np.float32), (0, 0), 1.6))
    # Pull the soft edge inwards: its outer half holds the old background's colours.
    return np.asarray(np.clip(soft * 1.9 - 0.9, 0, 1), dtype=np.float32)


def _largest_piece(hard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(hard.astype(np.uint8))
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(labels == largest)


def _without_halo(picture: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill the edge's colours from the inside of the figure, so that no fringe of the old background shows."""
    core = (alpha > 0.98).astype(np.float32)
    weight = cv2.GaussianBlur(core, (0, 0), 3)[:, :, None]
    spread = cv2.GaussianBlur(picture.astype(np.float32) * core[:, :, None], (0, 0), 3) / np.maximum(weight, 1e-3)
    keep = alpha[:, :, None] > 0.98
    return np.where(keep, picture, spread).astype(np.float32)
