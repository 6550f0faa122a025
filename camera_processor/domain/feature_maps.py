"""What the sought objects look like, of one model only, and how strongly a face speaks for each. Does not decide."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faces import Gallery
from faces.scale import Scale, evidence_of
from faces.template import CaseTemplates, reference_template

MOST_REFERENCES = 64
SAME = 1e-4  # two embeddings this near are one that made a round trip through JSON
MOST_ALIKE = 8  # objects whose templates are nearest, of which the references are looked at too

Embedding = NDArray[np.float32]


class BadModel(ValueError):
    """A feature map was made by another model, so that its distances would mean nothing."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a face compares with one object.

    Attributes:
        object_id: the object.
        distance: to the nearest of its references and their template; infinite for somebody else's face.
        evidence: nats: how rarely a stranger is as near, see `Scale.evidence`.
        bound: nats that the object asks for; a face that was looked at more than once owes more.
    """

    object_id: int
    distance: float
    evidence: float
    bound: float


class FeatureMaps:
    """The references of every sought object, brought to the model's usual length.

    Args:
        gallery: empty; from now on only this object adds to it and removes from it.
        model_id: the model of every embedding in it.
        scale: what its distances mean.
        rate: share of strangers that an object may let pass when it states nothing.
    """

    def __init__(self, gallery: Gallery[int], *, model_id: str, scale: Scale, rate: float) -> None:
        self.scale = scale
        self._gallery, self._model_id, self._rate = gallery, model_id, rate
        self._references: dict[int, NDArray[np.float32]] = {}
        self._templates: CaseTemplates[int] = CaseTemplates()
        self._centres: dict[int, Embedding] = {}
        self._thresholds: dict[int, float] = {}
        self._rates: dict[int, float] = {}
        self._negatives: dict[int, NDArray[np.float32]] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._references)

    def add(self, object_id: int, embeddings: ArrayLike, model_id: str | None) -> bool:
        """Add references of an object; those that it has already are passed over.

        An object keeps `MOST_REFERENCES`; what comes beyond is counted in `dropped`.

        Args:
            object_id: the object, new or known.
            embeddings: (m, 128) or (128,), finite.
            model_id: the model that made them; None where the sender did not say.

        Returns:
            Whether anything was added.

        Raises:
            BadModel: they are of another model, or of an unnamed one; nothing was changed.
            faces.BadEmbedding: they are no finite (m, 128); nothing was changed.
        """
        if model_id != self._model_id:
            raise BadModel(f"object {object_id}: expected a feature map of model {self._model_id}, got {model_id}")
        known = list(self._references.get(object_id, ()))
        fresh: list[Embedding] = []
        for row in self.scale.held(np.atleast_2d(np.asarray(embeddings))):
            if all(np.linalg.norm(row - other) > SAME for other in [*known, *fresh]):
                fresh.append(row)
        room = MOST_REFERENCES - len(known)
        self.dropped += max(len(fresh) - room, 0)
        fresh = fresh[:room]
        if fresh:
            self._gallery.add(object_id, np.stack(fresh))
            self._references[object_id] = np.stack([*known, *fresh])
            self._templates.put(object_id, self._references[object_id])
            self._centres[object_id] = reference_template(self._references[object_id]) * np.float32(self.scale.length)
            self._note_rate(object_id)
        return bool(fresh)

    def remove(self, object_id: int) -> bool:
        """Forget an object; return whether it was known."""
        self._gallery.remove(object_id)
        self._templates.remove(object_id)
        self._centres.pop(object_id, None)
        self._rates.pop(object_id, None)
        self._thresholds.pop(object_id, None)
        self._negatives.pop(object_id, None)
        return self._references.pop(object_id, None) is not None

    def set_threshold(self, object_id: int, threshold: float | None) -> None:
        """Note how far a face may be from the nearest of an object's references; None: what the usual rate allows.

        Of k references k times as many strangers are so near to the nearest one: that share is what the object allows.
        """
        if threshold is None:
            self._thresholds.pop(object_id, None)
        else:
            self._thresholds[object_id] = threshold
        self._note_rate(object_id)

    def _note_rate(self, object_id: int) -> None:
        threshold = self._thresholds.get(object_id)
        if threshold is None:
            self._rates.pop(object_id, None)
        else:
            count = len(self._references.get(object_id, (0,)))
            self._rates[object_id] = min(1.0, count * self.scale.rate(threshold))

    def set_negatives(self, object_id: int, negatives: Sequence[Sequence[float]]) -> bool:
        """Note which faces, (128,) each, are somebody else's, and no others; return whether that was a change."""
        rows = np.asarray(negatives, dtype=np.float32).reshape(-1, 128)
        if len(rows):
            rows = self.scale.held(rows)
        before = self._negatives.get(object_id, rows[:0])
        if len(rows):
            self._negatives[object_id] = rows
        else:
            self._negatives.pop(object_id, None)
        return not np.array_equal(before, rows)

    def rate(self, object_id: int) -> float:
        """Return the share of strangers that an object may let pass."""
        return self._rates.get(object_id, self._rate)

    def best(self, face: Embedding, *, quality: float = 1.0) -> Comparison | None:
        """Return the object that a face speaks for most, measured by what each asks for; None when none is sought.

        Args:
            face: (128,) of the usual length.
            quality: of its views, see `faces.quality`.
        """
        found = [self.compare(object_id, face, quality=quality) for object_id in self._in_question(face)]
        return max(found, key=lambda one: (one.evidence - one.bound, -one.distance), default=None)

    def compare(self, object_id: int, face: Embedding, *, quality: float = 1.0) -> Comparison:
        """Return how a face, (128,) of the usual length, compares with an object; see `best`.

        What counts is the stronger of two: the nearness to the references' template, and that to the nearest of k
        references, which k times as many strangers reach.
        """
        bound = evidence_of(self.rate(object_id))
        references, negatives = self._references.get(object_id), self._negatives.get(object_id)
        if references is None:
            return Comparison(object_id, math.inf, 0.0, bound)
        nearest, count = _nearest(references, face), len(references)
        centre = _nearest(self._centres[object_id][None], face)
        distance = min(nearest, centre)
        if negatives is not None and _nearest(negatives, face) < distance:
            return Comparison(object_id, math.inf, 0.0, bound)
        by_template = self.scale.evidence(centre, references=count, quality=quality)
        by_nearest = self.scale.evidence(nearest, quality=quality) - math.log(count)
        return Comparison(object_id, distance, max(by_template, by_nearest), bound)

    def distance(self, object_id: int, face: Embedding) -> float:
        """Return `Comparison.distance`, infinite for an unknown object."""
        return self.compare(object_id, face).distance

    def _in_question(self, face: Embedding) -> Iterable[int]:
        """Return the objects that a face may speak for most."""
        if not self._references:
            return ()
        similar = self._templates.similarities(face[None])[0]
        most = [self._templates.cases[index] for index in np.argsort(-similar)[:MOST_ALIKE]]
        nearest = self._gallery.match(face[None])[0]
        return {*most, *self._rates.keys() & self._references.keys(), *([nearest.case_id] if nearest else [])}


def _nearest(rows: NDArray[np.float32], face: Embedding) -> float:
    return float(np.linalg.norm(rows - face, axis=1).min())
