"""How many people are found at so many false candidates, from embeddings of people and strangers; it reads no picture.

A case has three references, and its template is compared with a stranger's and with its own person's photos and views.
The threshold is the one that the asked share of strangers reaches, counted and not modelled; where so few strangers
cannot show so small a share, it lies at the highest of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.error_embeddings import FRAMES, MANY_PHOTOS, REFERENCES, Photos, Views, by_person
from benchmarks.error_rates import Rate
from faces.budget import stranger_model
from faces.quality import quality
from faces.template import TrackTemplate, reference_template

RATES = (1e-4, 1e-5)
# Seconds between the frames of a track.
FRAME_S = 0.5
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Whom is looked for.

    Attributes:
        people: names.
        templates: (cases, 128).
        references: rows of `Photos` for each.
    """

    people: list[str]
    templates: Numbers
    references: list[list[int]]

    @classmethod
    def of(cls, photos: Photos, references: int = REFERENCES) -> Cases:
        """Return a case for everybody of whom there are enough photos, with the first ones as references."""
        rows = {person: rows for person, rows in by_person(photos).items() if len(rows) >= MANY_PHOTOS}
        chosen = [some[:references] for some in rows.values()]
        templates = [reference_template(photos.embeddings[some]) for some in chosen]
        return cls(list(rows), np.array(templates, dtype=np.float64).reshape(-1, 128), chosen)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What was scored: (n, cases) cosines, whose each row is (-1: a stranger's), and its condition."""

    similar: Numbers
    case: NDArray[np.int64]
    condition: NDArray[np.str_]

    @property
    def of_strangers(self) -> Numbers:
        """The scores of all strangers with all cases, sorted."""
        return np.sort(self.similar[self.case < 0].ravel())

    def found(self, condition: str, threshold: float) -> Rate:
        """Return how many of the people of this condition reach the threshold in their own case."""
        rows = np.flatnonzero((self.case >= 0) & (self.condition == condition))
        return Rate(int((self.similar[rows, self.case[rows]] >= threshold).sum()), len(rows))


def threshold_at(of_strangers: Numbers, rate: float) -> float:
    """Return the least score that at most this share of sorted scores reaches."""
    allowed = int(len(of_strangers) * rate)
    return float(np.nextafter(of_strangers[len(of_strangers) - 1 - allowed], 2.0))


def photo_scores(photos: Photos, cases: Cases) -> Scores:
    """Return the scores of all photos that are nobody's references."""
    used = {row for rows in cases.references for row in rows}
    number = {person: place for place, person in enumerate(cases.people)}
    rows = [row for row in range(len(photos.persons)) if row not in used]
    owners = np.array([number.get(str(photos.persons[row]), -1) for row in rows], dtype=np.int64)
    return Scores(_unit(photos.embeddings[rows]) @ cases.templates.T, owners, np.full(len(rows), "photo"))


def view_scores(photos: Photos, views: Views, cases: Cases, model_id: str | None = None) -> Scores:
    """Return the scores of all views, one by one; with a model, on the scale of good views."""
    similar = _unit(views.embeddings) @ cases.templates.T
    if model_id is not None:
        similar = similar + _weak(quality(views.measures, model_id), model_id)
    return Scores(similar, _owners(photos, views.photos, cases), views.conditions)


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """All frames of one photo in one condition as one track.

    Attributes:
        templates: (n, 4, 128) after each of its frames; a missing one leaves it as it was.
        qualities: (n,) of whole tracks.
        worth: (n, 4) of how many independent views.
        photos: (n,) rows of `Photos`.
        conditions: (n,) names.
    """

    templates: NDArray[np.float32]
    qualities: Numbers
    worth: Numbers
    photos: NDArray[np.int64]
    conditions: NDArray[np.str_]

    @classmethod
    def of(cls, views: Views, model_id: str) -> Tracks:
        """Return the tracks of these views."""
        rows: dict[tuple[int, str], list[int]] = {}
        for row, key in enumerate(zip(views.photos.tolist(), views.conditions.tolist(), strict=True)):
            rows.setdefault(key, []).append(row)
        qualities, whole = quality(views.measures, model_id), np.zeros(len(rows))
        templates, worth = np.zeros((len(rows), FRAMES, 128), dtype=np.float32), np.zeros((len(rows), FRAMES))
        for number, some in enumerate(rows.values()):
            track = TrackTemplate(stranger_model(model_id).floor)
            for row in some:
                at = FRAME_S * float(views.frames[row])
                track.add(views.embeddings[row], quality=float(qualities[row]), at=at)
                templates[number, views.frames[row] :] = track.embedding
                worth[number, views.frames[row] :] = track.worth
            whole[number] = track.quality
        photos, conditions = [photo for photo, _ in rows], [condition for _, condition in rows]
        return cls(templates, whole, worth, np.array(photos, dtype=np.int64), np.array(conditions, dtype=str))


def track_scores(photos: Photos, tracks: Tracks, cases: Cases, model_id: str) -> Scores:
    """Return the scores of whole tracks."""
    similar = tracks.templates[:, -1].astype(np.float64) @ cases.templates.T + _weak(tracks.qualities, model_id)
    return Scores(similar, _owners(photos, tracks.photos, cases), tracks.conditions)


def days_scores(photos: Photos, *, views: int = 4) -> Scores:
    """Return the scores of tracks of as many photos of different days, against one reference of another day."""
    people = by_person(photos)
    cases = Cases.of(photos, references=1)
    similar, owners = [], []
    for number, person in enumerate(cases.people):
        rows = [row for row in people[person] if row not in cases.references[number]]
        if len(rows) >= views:
            similar.append(reference_template(photos.embeddings[rows[:views]]) @ cases.templates.T)
            owners.append(number)
    for rows in (rows for rows in people.values() if len(rows) == 1):
        similar.append(_unit(photos.embeddings[rows])[0] @ cases.templates.T)
        owners.append(-1)
    return Scores(np.array(similar), np.array(owners, dtype=np.int64), np.full(len(owners), "days"))


def _weak(qualities: Numbers, model_id: str) -> Numbers:
    """Return (n, 1): by how much less strangers score in weak views than in good ones, see `StrangerModel`."""
    model = stranger_model(model_id)
    return np.array([[model.law(1).mean - model.law(1, quality=float(one)).mean] for one in qualities])


def _owners(photos: Photos, rows: NDArray[np.int64], cases: Cases) -> NDArray[np.int64]:
    number = {person: place for place, person in enumerate(cases.people)}
    return np.array([number.get(str(photos.persons[row]), -1) for row in rows], dtype=np.int64)


def _unit(embeddings: NDArray[np.float32]) -> Numbers:
    wide = embeddings.astype(np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12))
