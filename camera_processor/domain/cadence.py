"""How often to detect on this machine. Does not measure time; it is told what a detection cost."""


class Cadence:
    """Decides for each frame whether to detect or only to predict.

    Detection gets at most `share` of the time: after one that cost c seconds the next begins c / share seconds later.
    A machine that detects faster than pictures come therefore detects in every one of them.

    Args:
        share: 0 < share <= 1, the share of one core's time that detection and encoding may take.
        longest_gap: seconds after which a detection is due at any cost; boxes would drift away otherwise.
    """

    SMOOTHING = 0.3

    def __init__(self, *, share: float = 0.8, longest_gap: float = 1.0) -> None:
        if not 0 < share <= 1 or longest_gap <= 0:
            raise ValueError(f"expected 0 < share <= 1 and longest_gap > 0, got {share} and {longest_gap}")
        self._share, self._longest_gap = share, longest_gap
        self._cost: float | None = None
        self._last: float | None = None
        self._frame_at: float | None = None
        self._interval = 0.0

    def due(self, now: float) -> bool:
        """Say whether to detect in the frame at `now` (seconds, any epoch), and count it when so."""
        if self._frame_at is not None and 0 <= now - self._frame_at < self._longest_gap:
            self._interval += self.SMOOTHING * (now - self._frame_at - self._interval)
        self._frame_at = now
        # Half a frame of grace: a detection is due in the nearest frame, not in the one after.
        if self._last is None or not 0 <= now - self._last < self.pause - self._interval / 2:
            self._last = now
            return True
        return False

    def spent(self, seconds: float) -> None:
        """Take in what the last frame with a detection cost."""
        cost = max(seconds, 0.0)
        self._cost = cost if self._cost is None else self._cost + self.SMOOTHING * (cost - self._cost)

    @property
    def pause(self) -> float:
        """Seconds from one detection to the next, before rounding to frames."""
        return min((self._cost or 0.0) / self._share, self._longest_gap)
