"""Ends the process at a chosen point with a chosen probability, as a power cut would; only in test mode."""

import os
import random
import signal

POINTS = frozenset(
    f"{when}_{what}" for what in ("write", "fsync", "rename", "ledger", "reply") for when in ("before", "after")
)


class Faults:
    """The points and their probabilities; none: nothing ever happens."""

    def __init__(self, probabilities: dict[str, float] | None = None) -> None:
        self._probabilities = probabilities or {}
        self._random = random.SystemRandom()

    def hit(self, point: str) -> None:
        """Pass a point, or end here without any farewell."""
        if self._probabilities and self._random.random() < self._probabilities.get(point, 0.0):
            os.kill(os.getpid(), signal.SIGKILL)


def parse_faults(text: str) -> dict[str, float]:
    """Return the probabilities of a text such as `before_fsync:0.01,after_rename:0.5`.

    Raises:
        ValueError: a point is unknown, or a probability is none.
    """
    probabilities: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        point, _, share = part.partition(":")
        if point not in POINTS:
            raise ValueError(f"expected one of {', '.join(sorted(POINTS))}, got {point!r}")
        probability = float(share or "1")
        if not 0 <= probability <= 1:
            raise ValueError(f"{point}: expected a probability from 0 to 1, got {probability:g}")
        probabilities[point] = probability
    return probabilities
