"""A captured picture with its own stamps. Does not know where it came from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a camera.

    Attributes:
        image: (h, w, 3) uint8, RGB, owned by this frame.
        frame_id: time at which the picture was taken, seconds since the epoch. For a file played in real time it is
            the wall clock at which playing began plus the picture's own time in the file, so it can be mapped back.
        sequence: counts the pictures that the capture delivered, from 1; gaps are pictures that were dropped.
        grabbed_at: monotonic seconds at which the picture reached this process, for measuring latency.
    """

    image: NDArray[np.uint8]
    frame_id: float
    sequence: int
    grabbed_at: float
