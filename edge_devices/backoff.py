"""How long a device waits before it tries again. Does not wait by itself.

The roles have their own in the backbone, which a device does not carry.
"""

import random
from collections.abc import Callable


class Backoff:
    """Waits that double, with a share drawn at random so that devices of one lost server do not return together.

    Args:
        first: seconds before the second try.
        limit: the longest wait in seconds.
        draw: source of uniform numbers in [0, 1); a test gives its own.
    """

    def __init__(self, *, first: float = 0.5, limit: float = 15.0, draw: Callable[[], float] = random.random) -> None:
        self._first = first
        self._limit = limit
        self._draw = draw
        self._next = first

    def next_wait(self) -> float:
        """Return the seconds to wait now, and lengthen the next wait."""
        full = self._next
        self._next = min(2 * full, self._limit)
        return full * (1.0 - 0.3 * self._draw())

    def reset(self) -> None:
        """Start again from the first wait, after a success."""
        self._next = self._first
