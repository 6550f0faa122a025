"""From how many false candidates a day may be shown to a distance, and back to words; it compares no embeddings.

A distance is meant to the nearest of k references, which k times as many strangers reach as a single one: between 0.6
and 1.5 times what was asked, measured on 800 strangers and 160 people with 1, 3 and 5 references.
"""

import math
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

from backbone.face_models.laws import law_of


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

_PASSES_PER_DAY = 1.0  # of the sought person, which nobody knows


@lru_cache(maxsize=4_096)  # asked for every case whenever a cloudlet is heard, and nearly always the same
def distance_of(rate: float, model: str, *, references: int) -> float | None:
    """Return the distance to the nearest reference within which this share of strangers is.

    None where it is not known: the model is a strange one, or there is no reference.
    """
    law = law_of(model)
    return None if law is None or references < 1 else law.distance(rate / references)


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
