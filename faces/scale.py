"""What a distance of one model means: how many strangers are as near. It compares no embeddings and decides nothing.

Distances are Euclidean between embeddings that were brought to the model's usual length, so that each of them stands
for one angle. Those of two models are compared only by the share of strangers that they let pass.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.budget import StrangerModel, stranger_model
from faces.errors import BadEmbedding
from faces.gallery import checked_embeddings
from faces.template import distance_of, similarity_of

# Views of one track are taken for one person's up to the first share of strangers, as a rule, and never beyond the
# second: with dlib 0.50 and 0.65 between embeddings, with SFace 1.11 and 1.26.
_SAME_RATE, _OTHER_RATE = 1.6e-4, 4.5e-2
# Share of the likeness that is to be expected of two views of one person below which they are taken for two persons'.
_LEAST_LIKENESS = 0.6
_RARELY = 2.33  # spreads below the mean: 1 of 100


@dataclass(frozen=True, slots=True)
class Scale:
    """Distances of one model.

    Attributes:
        strangers: what strangers score.
        length: that embeddings usually have.
    """

    strangers: StrangerModel
    length: float = 1.0

    def held(self, embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return embeddings, (n, 128) or (128,), brought to the usual length.

        Raises:
            BadEmbedding: one is no finite row of 128 numbers, or nothing but zeros, which has no direction.
        """
        rows = checked_embeddings(np.atleast_2d(embeddings)).astype(np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not (lengths > 0).all():
            raise BadEmbedding("expected embeddings with a direction, got zeros")
        held: NDArray[np.float32] = (rows / lengths * self.length).astype(np.float32)
        return held.reshape(np.shape(embeddings))

    def distance_at(self, similarity: float) -> float:
        """Return the distance of two embeddings with this cosine."""
        return self.length * distance_of(similarity)

    def similarity_at(self, distance: float) -> float:
        """Return the cosine of two embeddings at this distance, -1 and more."""
        return max(-1.0, similarity_of(distance / self.length))

    def rate(self, distance: float, *, references: int = 1, quality: float = 1.0) -> float:
        """Return the share of strangers, 0..1, who are as near to the template of so many references.

        Args:
            distance: of the two.
            references: of the case.
            quality: of the views that are compared, see `faces.quality`.
        """
        return self.strangers.law(references, quality=quality).rate(self.similarity_at(distance))

    def distance(self, rate: float, *, references: int = 1) -> float:
        """Return how near this share of strangers, 1e-10 to 0.5, comes to the template of so many references."""
        return self.distance_at(self.strangers.law(references).similarity(rate))

    def evidence(self, distance: float, *, references: int = 1, quality: float = 1.0) -> float:
        """Return in nats how rarely a stranger is as near: `rate` as evidence."""
        return evidence_of(self.rate(distance, references=references, quality=quality))

    @property
    def same_person(self) -> float:
        """Largest distance at which two views are taken for one person's without further signs."""
        return self.distance(_SAME_RATE)

    @property
    def other_person(self) -> float:
        """Distance from which on two views can no longer be one person's."""
        return self.distance(_OTHER_RATE)

    def other_person_at(self, quality: float, other_quality: float) -> float:
        """Return `other_person` for views of these qualities: poor views of one person are little alike."""
        floor = self.strangers.floor
        expected = floor + (1 - floor) * _LEAST_LIKENESS * quality * other_quality
        return max(self.other_person, self.distance_at(expected))

    def contradicts_at(self, quality: float) -> float:
        """Return the distance from a case from which on one view of this quality shows somebody else.

        A view of the case's own person is less alike in 1 of 100 cases only, and a poor one may be as little alike as
        a stranger: then one view says nothing.
        """
        floor = self.strangers.floor
        rarely = floor + (1 - floor) * quality - _RARELY * self.strangers.law(1).spread
        return max(self.other_person, self.distance_at(rarely))

    @property
    def clearly(self) -> float:
        """By how much one of two distances has to be less to mean something."""
        return (self.other_person - self.same_person) / 3


def evidence_of(rate: float) -> float:
    """Return a share of strangers as evidence, nats."""
    return -math.log(max(rate, 1e-300))


def looks(worth: float) -> float:
    """Return by how much more often a stranger passes at one of all views than at the last one alone.

    Measured on strangers' tracks of four views: see docs/accuracy.md. Views that are worth nothing add no look.
    """
    return 1.0 + _PER_LOOK * max(0.0, worth - 1.0)


def model_scale(model: str) -> Scale:
    """Return what distances of the model with this id mean.

    Raises:
        ValueError: nothing was measured of it.
    """
    length = next((known for start, known in _LENGTHS.items() if model.startswith(start)), 1.0)
    return Scale(stranger_model(model), length)


def legacy_rate(tolerance: float) -> float:
    """Return the share of strangers that a tolerance of old lets pass: a distance between embeddings of dlib's network.

    Whoever states a tolerance means this model; another one's threshold is where it lets as many strangers pass.
    """
    return model_scale(_DLIB).rate(tolerance)


# Measured on 80 photos of people: 1.42, standard deviation 0.07; distances are then true to 0.03.
_DLIB = "dlib-"
_LENGTHS: Mapping[str, float] = {_DLIB: 1.42}
_PER_LOOK = 0.6
