"""What strangers score with each model of faces, and so what a distance of one model means to another. Decides nothing.

The law is the one that the face engines keep (`faces/budget.py`), for one reference: who holds no engine (cloudlet,
orchestrator) reads its few numbers here, and a test holds the two together.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from backbone.face_models.names import DLIB, LARGEST

_LEAST_RATE = 1e-10
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


@lru_cache(maxsize=4_096)
def same_strangers(distance: float, *, of: str = DLIB, to: str) -> float:
    """Return the distance that lets as many strangers pass with one model as this one does with another.

    It is the same distance where nothing was measured of one of them.
    """
    here, there = law_of(of), law_of(to)
    return distance if here is None or there is None or here is there else there.distance(here.rate(distance))
