"""Thins what comes too often to a rate. Does not wait."""


class Pacer:
    """Lets at most so many pass a second, evenly, and forgives jitter of a quarter of a period."""

    def __init__(self) -> None:
        self._due = float("-inf")

    def lets_pass(self, now: float, *, per_second: float) -> bool:
        """Return whether what comes at `now` (monotonic seconds) may pass, and count it when so."""
        period = 1.0 / per_second
        if now < self._due - period / 4:
            return False
        # The next is due a period after this one was, not after it came, so that jitter does not add up to losses.
        on_time = now - self._due <= period / 2
        self._due = (self._due if on_time else now) + period
        return True
