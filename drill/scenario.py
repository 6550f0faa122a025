"""Who walks where and when in front of the two sample cameras; it knows nothing of pixels' colours.

The sought person crosses camera 1, leaves it at about 18 s, and comes back on camera 2 after 20 s. Both clips are 30 s
long and nobody is in the picture when they begin or end, so that they can be looped together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sin

import numpy as np

WIDTH, HEIGHT = 960, 540
FPS = 10
FRAMES = 300
SOUGHT = "sought"

# A face of 80 px has its middle here; nearer heads stand a little higher, for the cameras hang at chest height.
_HEAD_Y_AT_80 = 287.0
_HEAD_RISE = 0.35
_STEPS_PER_S = 1.7
# Way points are joined by straight lines; this moving average rounds the corners.
_SMOOTHING_S = 2.0


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a face is in a frame: the middle of its box in pixels, the box's side in pixels, degrees anticlockwise."""

    x: float
    y: float
    face_px: float
    degrees: float


@dataclass(frozen=True, slots=True)
class Walk:
    """One person's way past one camera.

    Attributes:
        person: the name in the ground truth.
        portrait: a key of `drill.portraits.PORTRAITS`.
        way: second, x of the face in pixels, side of the face in pixels; in order of time.
        taller_px: how much higher than usual the head is.
    """

    person: str
    portrait: str
    way: tuple[tuple[float, float, float], ...]
    taller_px: float = 0.0

    def pose_at(self, second: float) -> Pose | None:
        """Return the pose at this second of the clip, None before the way's first point and after its last."""
        if not self.way[0][0] <= second <= self.way[-1][0]:
            return None
        seconds, places, sizes = (np.array(column) for column in zip(*self.way, strict=True))
        window = np.linspace(second - _SMOOTHING_S / 2, second + _SMOOTHING_S / 2, 41)
        weights = np.hanning(43)[1:-1]
        x = float(np.average(np.interp(window, seconds, places), weights=weights))
        face_px = float(np.average(np.interp(window, seconds, sizes), weights=weights))
        stride = pi * _STEPS_PER_S * second + len(self.portrait)
        y = _HEAD_Y_AT_80 - self.taller_px - _HEAD_RISE * (face_px - 80) - 0.05 * face_px * abs(sin(stride))
        return Pose(x + 0.025 * face_px * sin(stride), y, face_px, 2.2 * sin(stride) + 1.5 * sin(0.9 * second))


@dataclass(frozen=True, slots=True)
class Act:
    """What one camera sees in its clip; `pillar` is the x range in pixels of a pillar in front of the people."""

    camera: str
    walks: tuple[Walk, ...]
    pillar: tuple[int, int] | None = None


ACTS = (
    Act(
        camera="camera-1",
        walks=(
            Walk("stranger-1", "white-haired", ((0.5, 1210, 84), (5, 700, 90), (8.5, 350, 94), (13, -240, 100)), 8),
            Walk(SOUGHT, "smiling", ((2.5, -220, 90), (7.5, 400, 102), (12.5, 700, 106), (18.6, 1170, 116)), -4),
            Walk("stranger-2", "astronaut", ((13, -330, 82), (19, 300, 88), (24, 660, 97), (29.5, 1240, 104))),
        ),
        pillar=(628, 706),
    ),
    Act(
        camera="camera-2",
        walks=(
            Walk("stranger-2", "astronaut", ((0.5, 1230, 82), (5, 640, 90), (10.5, -390, 100))),
            Walk("stranger-1", "white-haired", ((13, -240, 84), (18, 240, 96), (22, 520, 104), (28, 1220, 114)), 8),
            Walk(SOUGHT, "earnest", ((19.8, 1232, 93), (23, 702, 100), (26, 342, 109), (29.8, -298, 120)), -4),
        ),
    ),
)
