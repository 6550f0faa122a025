"""How long to wait before the next try. Does not wait by itself."""

import random
from collections.abc import Callable


class Backoff:
    """Exponential waits with jitter, so that peers of one lost server do not return together.

    Args:
        first: seconds before the second try.
        limit: the longest wait in seconds, jitter included.
        jitter: share of each wait that is drawn at random, 0..1.
        draw: source of uniform numbers in [0, 1); a test gives its own.
    """

    def __init__(
        self,
        *,
        first: float = 1.0,
        limit: float = 30.0,
        jitter: float = 0.3,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._limit = limit
        self._jitter = jitter
        self._draw = draw
        self._tries = 0

    def next_wait(self) -> float:
        """Return the seconds to wait now, and lengthen the next wait."""
        full = min(self._first * 2.0 ** min(self._tries, 32), self._limit)
        self._tries += 1
        return full * (1.0 - self._jitter * self._draw())

    def reset(self) -> None:
        """Start again from the first wait, after a success."""
        self._tries = 0
