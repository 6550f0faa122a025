"""Puts cut-out people into a place and photographs it as a cheap camera would (adapter of OpenCV).

It decides neither who walks where nor what the places look like. The ground truth comes from the same layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from drill.cutouts import Cutout
from drill.scenario import FPS, HEIGHT, WIDTH, Act, Pose
from drill.truth import TrueFace

_LEAST_VISIBLE, _LEAST_FACE_PX, _MOST_DEGREES = 0.7, 60, 15


@dataclass(frozen=True, slots=True)
class Look:
    """How a camera sees: gains of red, green and blue, what black is lifted to, noise (0..255) and blur (pixels)."""

    gains: tuple[float, float, float]
    lift: float
    noise: float
    blur_px: float


class Layer(NamedTuple):
    """RGB times alpha and alpha (h, w, 4) float32, and the xy pixel of the frame where its corner lies."""

    rgba: NDArray[np.float32]
    left: int
    top: int


class Compositor:
    """Draws the frames of one act."""

    def __init__(
        self,
        act: Act,
        *,
        cutouts: Mapping[str, Cutout],
        backdrop: NDArray[np.float32],
        foreground: NDArray[np.float32] | None,
        look: Look,
        seed: int,
    ) -> None:
        self._act = act
        self._cutouts = cutouts
        self._backdrop = backdrop
        self._foreground = foreground
        self._look = look
        self._rng = np.random.default_rng(seed)
        # Fresh noise for each frame would take a third of the time; a few fields, shifted at random, look the same.
        self._noises = self._rng.normal(0, look.noise, (4, HEIGHT, WIDTH, 1)).astype(np.float32)

    def frame(self, index: int) -> tuple[NDArray[np.uint8], list[TrueFace]]:
        """Draw a frame, (540, 960, 3) uint8 RGB, and tell the faces in it, the farthest in front."""
        poses = [(walk, walk.pose_at(index / FPS)) for walk in self._act.walks]
        present = sorted(((walk, pose) for walk, pose in poses if pose), key=lambda one: one[1].face_px)
        canvas = self._backdrop.copy()
        layers = [placed(self._cutouts[walk.portrait], pose) for walk, pose in present]
        for layer in layers:
            _paint(canvas, layer)
        nearest = [] if self._foreground is None else [Layer(self._foreground, 0, 0)]
        for layer in nearest:
            _paint(canvas, layer)
        truth = []
        for depth, (walk, pose) in enumerate(present):
            visible = visible_share(pose, [*layers[depth + 1 :], *nearest])
            if visible > 0:
                truth.append(_true_face(walk.person, pose, visible))
        return _stamped(self._photographed(canvas), f"{self._act.camera}  {index / FPS:04.1f} s"), truth

    def _photographed(self, canvas: NDArray[np.float32]) -> NDArray[np.uint8]:
        seen = np.asarray(cv2.GaussianBlur(canvas, (0, 0), self._look.blur_px), dtype=np.float32)
        seen = seen * np.array(self._look.gains, dtype=np.float32) + np.float32(self._look.lift)
        noise = self._noises[self._rng.integers(len(self._noises))]
        shift = self._rng.integers(0, (HEIGHT, WIDTH))
        seen += np.roll(noise, shift, axis=(0, 1))
        return np.asarray(np.clip(seen, 0, 255), dtype=np.uint8)


def placed(cutout: Cutout, pose: Pose) -> Layer | None:
    """Scale, turn and shift a cut-out so that its face is at the pose; None when it is wholly out of the frame."""
    scale = pose.face_px / cutout.face_px
    matrix = cv2.getRotationMatrix2D(cutout.face_centre, pose.degrees, scale)
    matrix[:, 2] += np.array([pose.x, pose.y]) - np.array(cutout.face_centre)
    height, width = cutout.rgba.shape[:2]
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = max(0, floor(corners[0].min())), max(0, floor(corners[1].min()))
    right, bottom = min(WIDTH, ceil(corners[0].max())), min(HEIGHT, ceil(corners[1].max()))
    if right <= left or bottom <= top:
        return None
    matrix[:, 2] -= (left, top)
    turned = cv2.warpAffine(cutout.rgba, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return Layer(np.asarray(turned, dtype=np.float32), left, top)


def visible_share(pose: Pose, nearer: list[Layer | None]) -> float:
    """Return the share (0..1) of the face's ellipse that is in the frame and not behind a nearer layer."""
    radius = pose.face_px / 2
    x1, y1 = floor(pose.x - radius), floor(pose.y - radius)
    y, x = np.mgrid[y1 : y1 + ceil(pose.face_px) + 1, x1 : x1 + ceil(pose.face_px) + 1]
    face = (x - pose.x) ** 2 + (y - pose.y) ** 2 <= radius**2
    seen = (face & (x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)).astype(np.float64)
    for layer in nearer:
        if layer is not None:
            seen *= 1 - _alpha_at(layer, x, y)
    return float(seen.sum() / face.sum())


def _alpha_at(layer: Layer, x: NDArray[np.int_], y: NDArray[np.int_]) -> NDArray[np.float64]:
    height, width = layer.rgba.shape[:2]
    column, row = x - layer.left, y - layer.top
    within = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    alpha = layer.rgba[row.clip(0, height - 1), column.clip(0, width - 1), 3]
    return np.where(within, alpha, 0.0)


def _stamped(picture: NDArray[np.uint8], text: str) -> NDArray[np.uint8]:
    """Write the text into the corner, white on black, as recorders do."""
    for thickness, colour in ((3, (20, 20, 20)), (1, (235, 235, 235))):
        cv2.putText(picture, text, (14, HEIGHT - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thickness, cv2.LINE_AA)
    return picture


def _paint(canvas: NDArray[np.float32], layer: Layer | None) -> None:
    if layer is None:
        return
    height, width = layer.rgba.shape[:2]
    under = canvas[layer.top : layer.top + height, layer.left : layer.left + width]
    under *= 1 - layer.rgba[:, :, 3:]
    under += layer.rgba[:, :, :3]


def _true_face(person: str, pose: Pose, visible: float) -> TrueFace:
    radius = pose.face_px / 2
    box = (pose.x - radius, pose.y - radius, pose.x + radius, pose.y + radius)
    detectable = visible >= _LEAST_VISIBLE and pose.face_px >= _LEAST_FACE_PX and abs(pose.degrees) <= _MOST_DEGREES
    return TrueFace(person, box, round(visible, 3), detectable)
