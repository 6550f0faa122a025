"""What the sought objects look like, of one model only. Does not decide which distance is a match."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faces import Gallery, Match

MOST_REFERENCES = 64
SAME = 1e-4  # two embeddings this near are one that made a round trip through JSON

Embedding = NDArray[np.float32]


class BadModel(ValueError):
    """A feature map was made by another model, so that its distances would mean nothing."""


class FeatureMaps:
    """The references of every sought object.

    Args:
        gallery: empty; from now on only this object adds to it and removes from it.
        model_id: the model of every embedding in it.
    """

    def __init__(self, gallery: Gallery[int], *, model_id: str) -> None:
        self._gallery, self._model_id = gallery, model_id
        self._references: dict[int, NDArray[np.float32]] = {}
        self._thresholds: dict[int, float] = {}
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
        rows = np.atleast_2d(np.asarray(embeddings))
        self._gallery.match(rows)  # refuses what is no embedding before anything is changed
        known = list(self._references.get(object_id, ()))
        fresh: list[Embedding] = []
        for row in rows.astype(np.float32):
            if all(np.linalg.norm(row - other) > SAME for other in [*known, *fresh]):
                fresh.append(row)
        room = MOST_REFERENCES - len(known)
        self.dropped += max(len(fresh) - room, 0)
        fresh = fresh[:room]
        if fresh:
            self._gallery.add(object_id, np.stack(fresh))
            self._references[object_id] = np.stack([*known, *fresh])
        return bool(fresh)

    def remove(self, object_id: int) -> bool:
        """Forget an object; return whether it was known."""
        self._gallery.remove(object_id)
        self._thresholds.pop(object_id, None)
        self._negatives.pop(object_id, None)
        return self._references.pop(object_id, None) is not None

    def nearest(self, embedding: Embedding) -> Match[int] | None:
        """Return the nearest object to an embedding, (128,), None when no object is sought."""
        return self._gallery.match(embedding[None])[0]

    def set_threshold(self, object_id: int, threshold: float | None) -> None:
        """Note the largest distance at which an object is hit; None: the rule's."""
        if threshold is None:
            self._thresholds.pop(object_id, None)
        else:
            self._thresholds[object_id] = threshold

    def set_negatives(self, object_id: int, negatives: Sequence[Sequence[float]]) -> bool:
        """Note which faces, (128,) each, are somebody else's, and no others; return whether that was a change."""
        rows = np.asarray(negatives, dtype=np.float32).reshape(-1, 128)
        before = self._negatives.get(object_id, rows[:0])
        if len(rows):
            self._negatives[object_id] = rows
        else:
            self._negatives.pop(object_id, None)
        return not np.array_equal(before, rows)

    def threshold(self, object_id: int, default: float) -> float:
        """Return the largest distance at which an object is hit."""
        return self._thresholds.get(object_id, default)

    def nearest_hit(self, embedding: Embedding, default: float) -> Match[int] | None:
        """Return the nearest of the objects that an embedding hits, each by its own threshold; None when it hits none.

        The nearest of all may be out of its own, tighter threshold where another one is within its wider one.
        """
        nearest = self.nearest(embedding)
        if nearest is None:
            return None
        if self.distance(nearest.case_id, embedding) <= self.threshold(nearest.case_id, default):
            return nearest
        if nearest.distance > max(default, *self._thresholds.values(), 0.0):
            return None
        hits = (Match(known, self.distance(known, embedding)) for known in self._references)
        within = [hit for hit in hits if hit.distance <= self.threshold(hit.case_id, default)]
        return min(within, key=lambda hit: hit.distance, default=None)

    def distance(self, object_id: int, embedding: Embedding) -> float:
        """Return the Euclidean distance to the object's nearest reference.

        It is infinite for an unknown object, and for a face that is nearer to one of the object's negatives.
        """
        references, negatives = self._references.get(object_id), self._negatives.get(object_id)
        if references is None:
            return float("inf")
        nearest = float(np.linalg.norm(references - embedding, axis=1).min())
        if negatives is not None and float(np.linalg.norm(negatives - embedding, axis=1).min()) < nearest:
            return float("inf")
        return nearest
