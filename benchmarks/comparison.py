"""Two sides of one piece of work, timed in turns; it knows no work and prints nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

LEAST_RUNS = 5
Work = Callable[[], object]


class ResultsDiffer(Exception):
    """The two sides do not do the same work."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the table.

    Attributes:
        name: what is done.
        peer: who else does it.
        ours: does it once.
        theirs: does it once, the peer's way.
        check: compares the results; returns what it found, or raises `ResultsDiffer`.
        goal: what `NUMBERS` asks for, in words.
        repeat: how often `ours` is done in one run, so that a run takes more than a few milliseconds.
    """

    name: str
    peer: str
    ours: Work
    theirs: Work
    check: Callable[[], str]
    goal: str
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds of one side, over all runs."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, seconds: list[float]) -> Spread:
        """Return the spread of at least one run."""
        return cls(min(seconds), median(seconds), max(seconds))


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out; the ratio is the median of the ratios of neighbouring runs: both see the same loud machine."""

    comparison: Comparison
    found: str
    ours: Spread
    theirs: Spread
    ratio: Spread


def measure(comparison: Comparison, *, runs: int = LEAST_RUNS) -> Measured:
    """Check the results once, then time both sides in turns.

    Raises:
        ResultsDiffer: the results do.
    """
    found = comparison.check()
    ours, theirs = [], []
    for _ in range(max(runs, LEAST_RUNS)):
        theirs.append(_seconds(comparison.theirs, 1))
        ours.append(_seconds(comparison.ours, comparison.repeat))
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    return Measured(comparison, found, Spread.of(ours), Spread.of(theirs), Spread.of(ratios))


def _seconds(work: Work, times: int) -> float:
    began = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - began) / times
