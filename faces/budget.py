"""From how many false candidates a day may be shown to a threshold, and back to words; it compares no embeddings.

What strangers score against a case is modelled: cosines with a case's template are nearly normally distributed, and a
bend of the tail says how nearly. `make accuracy` measures the model's numbers, and whether what is shown is what was
asked for. A camera's own crowd, once it has passed, moves the model: faces of one place are more alike than others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, get_args

from faces.template import distance_of

Sensitivity = Literal["strict", "balanced", "wide"]
# False candidates a day, over all cases that share the budget.
PER_DAY: Mapping[Sensitivity, float] = {"strict": 0.5, "balanced": 3.0, "wide": 20.0}
_NORMAL = NormalDist()
# Beyond these, no measurement says anything: one in ten thousand million, and half of all.
_LEAST_RATE, _MOST_RATE = 1e-10, 0.5
# So many strangers of a camera's own count as much as all that was measured elsewhere.
_CROWD_TRUSTED_FROM = 300.0
# A crowd is taken to differ by no more: beyond it, something else is wrong (the sought person lives there). It is never
# taken to be less various than the strangers of the measurement: few cases see only a part of that.
_MOST_SHIFT, _SPREADS = 1.5, (1.0, 1.6)
_CERTAINLY_ALIKE = 4.0
_WEAK_QUALITY = 0.5


@dataclass(frozen=True, slots=True)
class Law:
    """How strangers' scores are distributed: cosines of one embedding with a case's template.

    Attributes:
        mean: of them.
        spread: their standard deviation.
        bend: of the tail: a score z > 1 spreads above the mean is as rare as z + bend (z - 1)^2 is in the normal
            distribution; below 0 the tail is heavier than that one's.
    """

    mean: float
    spread: float
    bend: float

    def rate(self, similarity: float) -> float:
        """Return the share of strangers who are at least so similar."""
        return _NORMAL.cdf(-self._bent(self.standardised(similarity)))

    def similarity(self, rate: float) -> float:
        """Return the cosine that this share of strangers reaches; rates are held within 1e-10..0.5."""
        wanted = -_NORMAL.inv_cdf(min(max(rate, _LEAST_RATE), _MOST_RATE))
        least, most = 0.0, 40.0
        for _ in range(60):
            middle = (least + most) / 2
            least, most = (middle, most) if self._bent(middle) < wanted else (least, middle)
        return self.mean + least * self.spread

    def standardised(self, similarity: float) -> float:
        """Return by how many spreads a score is above the mean: what a `Crowd` is fed with."""
        return (similarity - self.mean) / self.spread

    def seen_by(self, crowd: Crowd) -> Law:
        """Return the law moved to what a camera's own crowd scores, the more the larger the crowd is."""
        trust = crowd.count / (crowd.count + _CROWD_TRUSTED_FROM)
        shift = min(max(crowd.mean, -_MOST_SHIFT), _MOST_SHIFT) * trust
        factor = min(max(crowd.spread, _SPREADS[0]), _SPREADS[1]) ** trust
        return Law(self.mean + shift * self.spread, self.spread * factor, self.bend)

    def _bent(self, z: float) -> float:
        beyond = max(0.0, z - 1)
        if self.bend < 0:
            # A falling parabola turns back: from where it is half as steep as it was, the tail goes straight.
            turn = min(beyond, -0.25 / self.bend)
            return z + self.bend * turn * turn + (beyond - turn) * 2 * self.bend * turn
        return z + self.bend * beyond * beyond


@dataclass(frozen=True, slots=True)
class StrangerModel:
    """What strangers score with an embedder.

    Attributes:
        laws: by the number of a case's references, the first for 1; the last holds for more.
        weak_shift: by how much the mean falls for each 1 of quality below 0.5: what is hardly a face is like nobody.
    """

    laws: Sequence[Law]
    weak_shift: float = 0.0

    @property
    def floor(self) -> float:
        """The mean cosine of two strangers."""
        return self.laws[0].mean

    def law(self, references: int, crowd: Crowd | None = None, *, quality: float = 1.0) -> Law:
        """Return the law for a case with so many references, at a camera with this crowd, for views of this quality."""
        law = self.laws[min(max(references, 1), len(self.laws)) - 1]
        weak = self.weak_shift * max(0.0, _WEAK_QUALITY - quality)
        law = Law(law.mean - weak, law.spread, law.bend)
        return law if crowd is None else law.seen_by(crowd)


class Crowd:
    """A camera's own distribution of what its passers-by score against cases, in `Law.standardised` scores.

    Scores above 4 are left out: they may be the sought person. Constant memory; one thread at a time.

    Attributes:
        count: how many scores it holds.
    """

    def __init__(self, count: int = 0, mean: float = 0.0, squares: float = 0.0) -> None:
        self.count, self._mean, self._squares = count, mean, squares

    def add(self, score: float) -> None:
        """Take in one score of one track (Welford 1962)."""
        if not math.isfinite(score) or score > _CERTAINLY_ALIKE:
            return
        self.count += 1
        away = float(score) - self._mean
        self._mean += away / self.count
        self._squares += away * (score - self._mean)

    @property
    def mean(self) -> float:
        """0 of nothing."""
        return self._mean

    @property
    def spread(self) -> float:
        """Standard deviation; 1 of fewer than two."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else 1.0

    @property
    def state(self) -> tuple[int, float, float]:
        """What `Crowd(*state)` is made again from."""
        return self.count, self._mean, self._squares


@dataclass(frozen=True, slots=True)
class Budget:
    """How many strangers may be shown as candidates.

    Attributes:
        per_day: false candidates a day, over all `cases`.
        tracks_per_day: persons that pass, a track (or a single photo) each.
        cases: that share the budget.
    """

    per_day: float
    tracks_per_day: float
    cases: int = 1

    def __post_init__(self) -> None:
        if not (self.per_day > 0 and self.tracks_per_day > 0 and self.cases >= 1):
            raise ValueError(f"budget: expected numbers above 0, got {self}")

    @classmethod
    def of(cls, sensitivity: str, *, tracks_per_day: float, cases: int = 1) -> Budget:
        """Return the budget that a word stands for.

        Raises:
            ValueError: an unknown word.
        """
        for word in get_args(Sensitivity):
            if word == sensitivity:
                return cls(PER_DAY[word], tracks_per_day, cases)
        raise ValueError(f"sensitivity: expected one of {', '.join(PER_DAY)}, got {sensitivity!r}")

    @property
    def rate(self) -> float:
        """The share of strangers that one case may show, 0..1."""
        return min(1.0, self.per_day / (self.tracks_per_day * self.cases))


@dataclass(frozen=True, slots=True)
class Threshold:
    """From where on a candidate is shown.

    Attributes:
        similarity: least cosine with the case's template.
        distance: the same as the largest Euclidean distance of embeddings of length 1.
    """

    similarity: float

    @property
    def distance(self) -> float:
        """0..2."""
        return distance_of(self.similarity)


def threshold(
    budget: Budget,
    model: StrangerModel,
    *,
    references: int,
    crowd: Crowd | None = None,
    quality: float = 1.0,
) -> Threshold:
    """Return from where on a case with so many references shows a candidate, seen with this quality."""
    return Threshold(model.law(references, crowd, quality=quality).similarity(budget.rate))


# Measured by `make accuracy` on 800 strangers and 160 people, see docs/accuracy.md; the key begins a model's id.
_MODELS: Mapping[str, StrangerModel] = {
    "sface-": StrangerModel(
        [
            Law(0.042, 0.0936, -0.011),
            Law(0.048, 0.0942, -0.016),
            Law(0.050, 0.0944, -0.018),
            Law(0.051, 0.0946, -0.020),
            Law(0.052, 0.0948, -0.020),
        ],
        weak_shift=0.05,
    ),
    "dlib-": StrangerModel(
        [
            Law(0.841, 0.0334, 0.192),
            Law(0.852, 0.0329, 0.251),
            Law(0.855, 0.0326, 0.258),
            Law(0.857, 0.0325, 0.264),
            Law(0.858, 0.0324, 0.267),
        ],
        weak_shift=-0.15,
    ),
}


def stranger_model(model_id: str) -> StrangerModel:
    """Return what strangers score with an embedder.

    Raises:
        ValueError: nothing was measured of it.
    """
    for start, model in _MODELS.items():
        if model_id.startswith(start):
            return model
    raise ValueError(f"model: expected one of {', '.join(f'{start}...' for start in _MODELS)}, got {model_id!r}")
