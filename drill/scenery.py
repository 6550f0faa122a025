"""Draws the empty places that the sample cameras look at (adapter of OpenCV); it draws no people.

Everything is made of planes, lamps and seeded noise: there is nothing in it that a detector could take for a face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from drill.scenario import HEIGHT, WIDTH

Colour = tuple[float, float, float]
_HORIZON = 290


def lobby() -> NDArray[np.float32]:
    """Draw a panelled lobby with a glass door and warm lamps, (540, 960, 3) float32 RGB 0..255."""
    scene = _gradient((196, 182, 160), (150, 134, 112))
    for left in range(-40, WIDTH, 160):
        _box(scene, (left, 330, left + 146, 420), (132, 104, 78))
        _box(scene, (left + 10, 340, left + 136, 410), (146, 117, 90))
    _box(scene, (0, 318, WIDTH, 328), (104, 80, 60))
    _door(scene, (96, 120, 286, 420))
    _box(scene, (430, 130, 560, 250), (98, 82, 66))
    _box(scene, (438, 138, 552, 242), (126, 146, 150))
    _polygon(scene, ((438, 242), (480, 180), (508, 206), (530, 190), (552, 242)), (88, 112, 96))
    _box(scene, (800, 110, 920, 420), (92, 70, 54))
    _box(scene, (808, 118, 912, 420), (120, 94, 72))
    _box(scene, (894, 270, 902, 290), (190, 176, 130))
    _floor(scene, 420, (122, 112, 100), (150, 140, 126))
    for x in (190, 500, 860):
        _lamp(scene, (x, 60), 210, (52, 44, 28))
    return _finished(scene, seed=1)


def corridor() -> NDArray[np.float32]:
    """Draw a cool corridor seen along its length, with doors and tube lamps, (540, 960, 3) float32 RGB 0..255."""
    scene = _gradient((158, 166, 172), (140, 148, 154))
    _polygon(scene, ((0, 0), (WIDTH, 0), (620, 190), (340, 190)), (178, 186, 190))
    _polygon(scene, ((0, HEIGHT), (WIDTH, HEIGHT), (620, 390), (340, 390)), (116, 124, 130))
    _box(scene, (340, 190, 620, 390), (166, 172, 176))
    _box(scene, (420, 230, 540, 390), (92, 112, 132))
    _box(scene, (426, 236, 478, 390), (122, 146, 166))
    _box(scene, (482, 236, 534, 390), (122, 146, 166))
    for near, far in ((30, 130), (190, 260), (930, 830), (770, 700)):
        _side_door(scene, near, far)
    for share in (0.15, 0.42, 0.7):
        half, y = 150 * (1 - share) + 20, 190 * share
        corners = ((480 - half, y), (480 + half, y), (480 + half * 0.9, y + 12), (480 - half * 0.9, y + 12))
        _polygon(scene, corners, (244, 248, 250))
    for x, y in ((480, 30), (480, 120)):
        _lamp(scene, (x, y), 260, (9, 11, 13))
    _lamp(scene, (480, 500), 170, (26, 30, 34))
    return _finished(scene, seed=2)


def pillar(left: int, right: int) -> NDArray[np.float32]:
    """Draw a round stone pillar in front of everything, (540, 960, 4) float32: RGB 0..255 times alpha, alpha 0..1."""
    across = np.clip((np.arange(WIDTH) + 0.5 - left) / (right - left), 0, 1)
    rng = np.random.default_rng(3)
    shade = 0.5 + 0.55 * np.sin(np.pi * (0.12 + 0.8 * across))
    grain = np.sum([_noise(rng, (cell, cell)) * 5 for cell in (24, 7, 3)], axis=0)
    rgb = (np.array([158, 148, 134]) * shade[None, :, None]) + grain[:, :, None]
    alpha = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    alpha[:, left:right] = 1
    alpha[470:, left - 12 : right + 12] = 1
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.8), dtype=np.float32)
    return np.dstack([np.clip(rgb, 0, 255) * alpha[:, :, None], alpha]).astype(np.float32)


def _gradient(top: Colour, bottom: Colour) -> NDArray[np.float32]:
    share = np.linspace(0, 1, HEIGHT)[:, None, None]
    rows = np.array(top) * (1 - share) + np.array(bottom) * share
    return np.ascontiguousarray(np.broadcast_to(rows, (HEIGHT, WIDTH, 3)), dtype=np.float32)


def _polygon(scene: NDArray[np.float32], corners: Sequence[tuple[float, float]], colour: Colour) -> None:
    cv2.fillPoly(scene, [np.round(np.array(corners) * 16).astype(np.int32)], colour, lineType=cv2.LINE_AA, shift=4)


def _box(scene: NDArray[np.float32], xyxy: tuple[int, int, int, int], colour: Colour) -> None:
    x1, y1, x2, y2 = xyxy
    scene[max(y1, 0) : y2, max(x1, 0) : x2] = colour


def _door(scene: NDArray[np.float32], xyxy: tuple[int, int, int, int]) -> None:
    x1, y1, x2, y2 = xyxy
    _box(scene, xyxy, (84, 66, 50))
    middle = (x1 + x2) // 2
    for left, right in ((x1 + 8, middle - 4), (middle + 4, x2 - 8)):
        _box(scene, (left, y1 + 8, right, y2), (150, 170, 176))
        _polygon(scene, ((left, y2), (left, y1 + 120), (right, y1 + 8), (right, y1 + 90)), (176, 194, 198))
        _box(scene, (left, y1 + 150, right, y1 + 158), (84, 66, 50))


def _side_door(scene: NDArray[np.float32], near: int, far: int) -> None:
    def wall_y(x: int, at_edge: float, at_end: float) -> float:
        share = min(x, WIDTH - x) / 340
        return at_edge + (at_end - at_edge) * share

    corners = [(x, wall_y(x, top, end)) for x, top, end in ((near, 60, 225), (far, 60, 225), (far, 540, 390))]
    corners.append((near, wall_y(near, 540, 390)))
    _polygon(scene, corners, (104, 118, 132))
    middle = np.mean(corners, axis=0)
    _polygon(scene, [tuple(np.array(corner) * 0.9 + middle * 0.1) for corner in corners], (128, 142, 154))


def _floor(scene: NDArray[np.float32], top: int, dark: Colour, light: Colour) -> None:
    """Draw a floor of tiles in perspective."""
    y, x = np.mgrid[top:HEIGHT, 0:WIDTH].astype(np.float64)
    depth = 60_000 / (y - _HORIZON)
    across = (x - WIDTH / 2) * depth / 400
    tiles = (np.floor(depth / 40) + np.floor(across / 60)) % 2
    scene[top:] = np.where(tiles[:, :, None] > 0, np.array(dark), np.array(light))


def _lamp(scene: NDArray[np.float32], at: tuple[int, int], reach: float, colour: Colour) -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    glow = np.exp(-(((x - at[0]) / reach) ** 2 + ((y - at[1]) / (reach * 1.2)) ** 2))
    scene += (glow[:, :, None] * np.array(colour)).astype(np.float32)


def _noise(rng: np.random.Generator, cell: tuple[int, int]) -> NDArray[np.float32]:
    """Return smooth noise of standard deviation about 1, with grains of `cell` (wide, high) pixels."""
    coarse = rng.normal(size=(HEIGHT // cell[1] + 2, WIDTH // cell[0] + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _finished(scene: NDArray[np.float32], *, seed: int) -> NDArray[np.float32]:
    """Add stains and grain, soften as a cheap lens does at the back of a room, darken the corners."""
    rng = np.random.default_rng(seed)
    for cell, strength in ((160, 4.0), (40, 2.5), (8, 2.0), (3, 1.6)):
        scene += _noise(rng, (cell, cell))[:, :, None] * strength
    scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), 1.4), dtype=np.float32)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    corners = 1 - 0.16 * (x**2 + y**2) / 2
    return np.asarray(np.clip(scene * corners[:, :, None], 0, 255), dtype=np.float32)
