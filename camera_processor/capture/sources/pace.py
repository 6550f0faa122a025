"""When the next picture is due, for what does not come at its own pace. Decodes nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IDLE_SECONDS = 0.2
STARVING_SECONDS = 0.5
JUMP_SECONDS = 5.0
BEHIND_SECONDS = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A grabbed picture, (h, w, 3) uint8 RGB; both times in seconds since the epoch."""

    image: NDArray[np.uint8]
    frame_id: float
    started_at: float


@dataclass(frozen=True, slots=True)
class Stage:
    """What a player shares with the process that it plays in.

    Attributes:
        idle: called while a player waits on purpose, so that nobody takes it for hung.
        refuse: called for each picture that was no picture or over a limit.
        monotonic: seconds for durations.
        wall: seconds since the epoch.
        sleep: waits so many seconds.
    """

    idle: Callable[[], None] = lambda: None
    refuse: Callable[[], None] = lambda: None
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def wait_until(self, due: float) -> None:
        """Sleep until the monotonic time `due`, saying `idle` on the way."""
        while (left := due - self.monotonic()) > 0:
            self.sleep(min(left, IDLE_SECONDS))
            if left > IDLE_SECONDS:
                self.idle()


class RealTime:
    """Plays pictures that carry their own time at the speed of the clock; late ones are to be skipped."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._began = stage.monotonic()
        self._shown_at = self._began
        self.started_at = stage.wall()

    def is_due(self, media: float, *, period: float) -> bool:
        """Wait for the picture of `media` seconds; False when it is over a `period` late and is to be skipped.

        On a machine that is too slow one picture each STARVING_SECONDS is still shown.
        """
        due = self._began + media
        self._stage.wait_until(due)
        now = self._stage.monotonic()
        if now > due + period and now < self._shown_at + STARVING_SECONDS:
            return False
        self._shown_at = now
        return True


class Smoothing:
    """Spreads the bursts of a segmented live stream over the time they were taken in.

    A player of HLS gets a segment's pictures at once and then none for seconds; only the newest would be seen.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._due = stage.monotonic()
        self._media: float | None = None

    def wait(self, media: float, *, period: float) -> None:
        """Wait until the picture of `media` seconds is due; timestamps may jump at a discontinuity."""
        step = period if self._media is None else media - self._media
        self._media = media
        self._due += step if 0.0 <= step <= JUMP_SECONDS else period
        if self._stage.monotonic() > self._due + BEHIND_SECONDS:
            self._due = self._stage.monotonic()
        self._stage.wait_until(self._due)
