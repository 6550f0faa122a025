"""A Kalman filter on one box, in real seconds. Does not associate and does not decide when a track ends.

State (cx, cy, aspect, height and their velocities) and noise in proportion to the height: DeepSORT (Wojke, Bewley and
Paulus 2017, section 2.1). There one step is one frame; here the time between two pictures varies, so the process noise
is that of continuous white-noise acceleration (Bar-Shalom, Li and Kirubarajan 2001, equation 6.2.2-4).
"""

import numpy as np
from numpy.typing import NDArray

# Shares of the box's height, except for the aspect, which has none. HOG boxes of a still face jump by about 5 % in
# place and, being steps of an image pyramid, by up to 20 % in size.
MEASURED = np.array([0.05, 0.05, 0.05, 0.08])
FIRST_SPEED = np.array([3.0, 3.0, 0.05, 0.5])
ACCELERATION = np.array([2.5, 2.5, 0.05, 0.5])
LONGEST_STEP = 5.0  # seconds; a longer gap says nothing more about where a face went
ASPECTS = (0.2, 5.0)

Vector = NDArray[np.float64]


class BoxFilter:
    """Where a box is, how fast it goes, and how sure that is.

    Args:
        box: (4,) xyxy in pixels, the first measurement.
    """

    def __init__(self, box: NDArray[np.floating]) -> None:
        place = _to_state(box)
        scale = _scale(place[3])
        self.mean: Vector = np.concatenate([place, np.zeros(4)])
        self.covariance: Vector = np.diag(np.concatenate([MEASURED * scale, FIRST_SPEED * scale]) ** 2)

    @property
    def box(self) -> NDArray[np.float32]:
        """(4,) xyxy in pixels; may reach beyond the picture."""
        centre, (aspect, height) = self.mean[:2], self.mean[2:4]
        half = np.array([aspect * height, height]) / 2
        return np.concatenate([centre - half, centre + half]).astype(np.float32)

    def predict(self, seconds: float) -> None:
        """Move on by this time; a negative time counts as none."""
        step = min(max(seconds, 0.0), LONGEST_STEP)
        motion = np.eye(8)
        motion[:4, 4:] = step * np.eye(4)
        density = np.diag((ACCELERATION * _scale(self.mean[3])) ** 2)
        noise = np.block([[density * step**3 / 3, density * step**2 / 2], [density * step**2 / 2, density * step]])
        self.mean = motion @ self.mean
        self.covariance = motion @ self.covariance @ motion.T + noise
        self._bound()

    def update(self, box: NDArray[np.floating]) -> None:
        """Take in a measured box, (4,) xyxy in pixels."""
        noise = np.diag((MEASURED * _scale(self.mean[3])) ** 2)
        spread = self.covariance[:4, :4] + noise
        gain = np.linalg.solve(spread, self.covariance[:4]).T
        self.mean = self.mean + gain @ (_to_state(box) - self.mean[:4])
        # Joseph's form stays symmetric and positive where rounding would break the short one.
        keep = np.eye(8)
        keep[:, :4] -= gain
        self.covariance = keep @ self.covariance @ keep.T + gain @ noise @ gain.T
        self._bound()

    def rescale(self, across: float, down: float) -> None:
        """Follow a change of the picture's size by these factors."""
        factors = np.tile([across, down, across / down, down], 2)
        self.mean = self.mean * factors
        self.covariance = self.covariance * np.outer(factors, factors)
        self._bound()

    def _bound(self) -> None:
        self.mean[2] = np.clip(self.mean[2], *ASPECTS)
        self.mean[3] = max(self.mean[3], 1.0)


def _to_state(box: NDArray[np.floating]) -> Vector:
    left, top, right, bottom = (float(edge) for edge in box)
    width, height = max(right - left, 1.0), max(bottom - top, 1.0)
    return np.array([(left + right) / 2, (top + bottom) / 2, width / height, height])


def _scale(height: float) -> Vector:
    return np.array([height, height, 1.0, height])
