"""From how many false candidates a day may be shown to a distance, and back to words; it compares no embeddings.

What strangers score is the law that the face engines keep (`faces/budget.py`), for one reference: this role holds no
engine, so the few numbers stand here again, and a test holds the two together. A distance is meant to the nearest of k
references, which k times as many strangers reach as a single one: between 0.6 and 1.5 times what was asked, measured
on 800 strangers and 160 people with 1, 3 and 5 references.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from statistics import NormalDist

from backbone.wire.models import DLIB, LARGEST


class Sensitivity(Enum):
    """How many false candidates may be shown, in a word."""

    STRICT = "strict"
    BALANCED = "balanced"
    WIDE = "wide"


PER_DAY: Mapping[Sensitivity, float] = {Sensitivity.STRICT: 0.5, Sensitivity.BALANCED: 3.0, Sensitivity.WIDE: 20.0}
"""False candidates a day that a word stands for."""

LEAST_PER_DAY, MOST_PER_DAY = 0.001, 1_000.0

ONE_IN_ALL, MOST_AMONG = 1, 1_000
"""Most such candidates are strangers; and: nobody knows better than one of so many."""

_LEAST_RATE = 1e-10
_PASSES_PER_DAY = 1.0  # of the sought person, which nobody knows
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Law:
    """How the cosines of strangers are distributed: nearly normally, with a bend in the tail.

    Attributes:
        mean: of them.
        spread: their standard deviation.
        bend: a score z > 1 spreads above the mean is as rare as z + bend (z - 1)^2 is in the normal distribution.
        length: of the model's embeddings, by which distances are measured.
    """

    mean: float
    spread: float
    bend: float
    length: float = 1.0

    def rate(self, distance: float) -> float:
        """Return the share of strangers who are so near to a reference, or nearer."""
        similarity = 1 - (distance / self.length) ** 2 / 2
        return _NORMAL.cdf(-self._bent((similarity - self.mean) / self.spread))

    def distance(self, rate: float) -> float:
        """Return the distance within which this share of strangers is; rates are held within 1e-10 of 0 and 1."""
        wanted = -_NORMAL.inv_cdf(min(max(rate, _LEAST_RATE), 1 - _LEAST_RATE))
        least, most = -40.0, 40.0
        for _ in range(60):
            middle = (least + most) / 2
            least, most = (middle, most) if self._bent(middle) < wanted else (least, middle)
        similarity = self.mean + least * self.spread
        return min(self.length * math.sqrt(max(0.0, 2 - 2 * similarity)), LARGEST)

    def _bent(self, z: float) -> float:
        beyond = max(0.0, z - 1)
        if self.bend >= 0:
            return z + self.bend * beyond * beyond
        turn = min(beyond, -0.25 / self.bend)  # a falling parabola turns back: from there on the tail goes straight
        return z + self.bend * turn * turn + (beyond - turn) * 2 * self.bend * turn


_LAWS: Mapping[str, Law] = {
    "sface-": Law(0.042, 0.0936, -0.011),
    "dlib-": Law(0.841, 0.0334, 0.192, length=1.41),
}
"""By how a model's name begins. The length of dlib's embeddings is 1.41 +- 0.07, SFace's are all of length 1."""


def law_of(model: str) -> Law | None:
    """Return what strangers score with a model; None where nothing was measured of it."""
    return next((law for start, law in _LAWS.items() if model.startswith(start)), None)


@lru_cache(maxsize=4_096)  # asked for every case whenever a cloudlet is heard, and nearly always the same
def distance_of(rate: float, model: str, *, references: int) -> float | None:
    """Return the distance to the nearest reference within which this share of strangers is.

    None where it is not known: the model is a strange one, or there is no reference.
    """
    law = law_of(model)
    return None if law is None or references < 1 else law.distance(rate / references)


@lru_cache(maxsize=4_096)
def same_strangers(distance: float, *, to: str) -> float:
    """Return the distance that lets as many strangers pass with a model as this one does with dlib's.

    It is the same distance for a model of which nothing was measured.
    """
    of, law = law_of(DLIB), law_of(to)
    return distance if of is None or law is None or of is law else law.distance(of.rate(distance))


def strangers_among(distance: float, model: str, *, references: int, faces_per_day: float) -> int | None:
    """Return of how many candidates at this distance or nearer about one is a stranger.

    That is so many strangers a day as are expected, against one pass of the sought person a day, which is a guess.

    Args:
        faces_per_day: how many strangers pass.

    Returns:
        `ONE_IN_ALL`: most of them are strangers; 2: about every second; at most `MOST_AMONG`; None: nobody knows.
    """
    law = law_of(model)
    if law is None or references < 1:
        return None
    strangers = faces_per_day * min(1.0, references * law.rate(distance))
    share = strangers / (strangers + _PASSES_PER_DAY)
    if share >= 0.75:
        return ONE_IN_ALL
    if share >= 0.4:
        return 2
    return _coarse(1 / share) if share * MOST_AMONG > 1 else MOST_AMONG


def _coarse(number: float) -> int:
    """Return a number of one leading digit or two: nobody knows more."""
    step: int = 10 ** max(0, math.floor(math.log10(number)) - 1)
    step *= 5 if step > 1 or number >= 20 else 1
    return max(2, round(number / step) * step)
