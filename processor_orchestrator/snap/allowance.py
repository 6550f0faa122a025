"""How fast one client may talk: a bucket of texts that refills. Does not wait."""

BURST = 200.0
PER_SECOND = 100.0


class Allowance:
    """Lets bursts pass, and tells who talks on for how long to be left unread; nothing is dropped."""

    def __init__(self) -> None:
        self._left = BURST
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Count one text at `now` (monotonic seconds) and return how many seconds to wait before the next is read."""
        elapsed = 0.0 if self._at is None else now - self._at
        self._left = min(BURST, self._left + elapsed * PER_SECOND) - 1.0
        self._at = now
        return max(0.0, -self._left / PER_SECOND)
