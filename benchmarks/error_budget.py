"""Whether a budget of false candidates is kept: strangers and people are drawn at random and what is shown is counted.

Each draw is a day: some cases, some of their photos as references, strangers who pass, half of whom passed the days
before and are the camera's crowd. What is shown is what `faces.budget` lets through.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchmarks.error_embeddings import Photos, by_person
from faces.budget import Budget, Crowd, Law, StrangerModel, threshold
from faces.template import reference_template

DRAWS = 200
CASES, REFERENCES = (1, 10), (1, 5)
# The share of strangers that is asked for, over all cases.
ASKED = (1e-2, 1e-3)
# Fewer scores beyond a quantile say nothing of it.
LEAST_COUNTED = 10
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kept:
    """What one kind of day came to.

    Attributes:
        cases: that are open.
        references: of each.
        passed: strangers a day.
        asked: false candidates a day.
        shown: of the model alone, mean of all days.
        shown_by_crowd: of the model moved by the camera's crowd.
    """

    cases: int
    references: int
    passed: int
    asked: float
    shown: float
    shown_by_crowd: float


def fitted(scores: Numbers) -> Law:
    """Return the law of strangers' scores (n,): its bend is what its rarest tenth to ten-thousandth ask for."""
    mean, spread = float(scores.mean()), float(scores.std())
    rates = np.array([1e-2, 3e-3, 1e-3, 3e-4, 1e-4])
    rates = rates[rates * len(scores) >= LEAST_COUNTED]
    z = (np.quantile(scores, 1 - rates) - mean) / spread
    wanted = np.array([-NormalDist().inv_cdf(float(rate)) for rate in rates])
    beyond = (z - 1) ** 2
    return Law(mean, spread, float(beyond @ (wanted - z) / (beyond @ beyond)) if len(rates) else 0.0)


def measured_laws(photos: Photos, passers: NDArray[np.float32], *, most: int = 5, draws: int = 6) -> list[Law]:
    """Return the law for 1 to `most` references, of everybody with so many photos, drawn some times."""
    wide = passers / np.maximum(np.linalg.norm(passers, axis=1, keepdims=True), 1e-12)
    rng, laws = np.random.default_rng(0), []
    for references in range(1, most + 1):
        people = [rows for rows in by_person(photos).values() if len(rows) >= max(2, references)]
        templates = [
            reference_template(photos.embeddings[rng.permutation(rows)[:references]])
            for _ in range(draws)
            for rows in people
        ]
        laws.append(fitted((wide @ np.array(templates).reshape(-1, wide.shape[1]).T).ravel().astype(np.float64)))
    return laws


def kept_budgets(
    photos: Photos,
    passers: NDArray[np.float32],
    model: StrangerModel,
    *,
    qualities: Numbers | None = None,
    draws: int = DRAWS,
) -> list[Kept]:
    """Return a row for each number of cases and references and each share.

    Args:
        photos: of the people, whose photos are drawn as references.
        passers: (n, 128), an embedding or a track's template of each stranger.
        model: of the engine.
        qualities: (n,) of them; None: all are good.
        draws: days.
    """
    wide = passers.astype(np.float64)
    wide /= np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    known = np.ones(len(wide)) if qualities is None else qualities
    # What a weak view scores less, so that one threshold does for all.
    weak = np.array([model.floor - model.law(1, quality=float(one)).mean for one in known])
    return [
        _kept(photos, (wide, weak), model, (cases, references, share), draws=draws)
        for share in ASKED
        for cases in CASES
        for references in REFERENCES
    ]


def _kept(
    photos: Photos,
    passers: tuple[Numbers, Numbers],
    model: StrangerModel,
    kind: tuple[int, int, float],
    *,
    draws: int,
) -> Kept:
    cases, references, share = kind
    embeddings, weak = passers
    people = [rows for rows in by_person(photos).values() if len(rows) >= references and len(rows) > 1]
    rng, half, law = np.random.default_rng((cases, references)), len(weak) // 2, model.law(references)
    budget, shown = Budget(share * half, half, cases), np.zeros(2)
    for _ in range(draws):
        order = rng.permutation(len(weak))
        drawn = [people[number] for number in rng.permutation(len(people))[:cases]]
        chosen = [photos.embeddings[rng.permutation(rows)[:references]] for rows in drawn]
        templates = np.array([reference_template(rows) for rows in chosen], dtype=np.float64)
        similar = embeddings[order] @ templates.T + weak[order, None]
        crowd = Crowd()
        for score in similar[:half].ravel():
            crowd.add(law.standardised(float(score)))
        for place, seen in enumerate((None, crowd)):
            least = threshold(budget, model, references=references, crowd=seen).similarity
            shown[place] += (similar[half : half * 2] >= least).sum()
    alone, by_crowd = (shown / draws).tolist()
    return Kept(cases, references, half, budget.per_day, alone, by_crowd)
