"""One embedding for many views: of a track, as they come, and of a case's references; it decides nothing.

A view of quality q (the cosine that it is expected to have with its own person's template, see `quality.py`) is that
person's direction with noise; the mean that lies nearest to the direction weighs each view by q / (1 - q^2).
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faces.errors import BadEmbedding
from faces.gallery import WIDTH, checked_embeddings

Embedding = NDArray[np.float32]
CaseT = TypeVar("CaseT", bound=Hashable)
# Kept to compare new views with; the mean holds all.
_KEPT_VIEWS = 8
_LEAST_QUALITY, _MOST_QUALITY = 0.05, 0.9
# Two frames are the same view when they are taken at once; after so many seconds, a fresh one.
_FRESH_AFTER_S = 1.0
# What two views of one moment share beyond what their embeddings show: pose, light, a likeness to somebody.
_SHARED_AT_ONCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    embedding: Embedding
    quality: float
    at: float


class TrackTemplate:
    """The weighed mean of a track's views, of bounded memory; one thread at a time.

    Made with the mean cosine of two strangers of the embedder (`StrangerModel.floor`), from which likeness counts.

    Attributes:
        views: how many were added.
        worth: how many independent views they are worth, at most `views`.
    """

    def __init__(self, floor: float = 0.0) -> None:
        self.views, self.worth = 0, 0.0
        self._floor = floor
        self._sum = np.zeros(WIDTH)
        self._weight = self._weighed_quality = 0.0
        self._kept: list[_View] = []

    def add(self, embedding: ArrayLike, *, quality: float, at: float) -> float:
        """Add a view and return how much of it is new, 0..1; the first one's is 1.

        Args:
            embedding: (128,), finite.
            quality: 0..1, of `quality.py`.
            at: seconds on any clock, the same for all views.

        Raises:
            BadEmbedding: it is something else.
        """
        row = _unit(checked_embeddings(np.asarray(embedding)[None])[0].astype(np.float64))
        new = self._newness(row, at)
        # A hundred frames of one moment must not outweigh three fresh ones; four frames find as many with any power.
        share = view_weight(quality) * math.sqrt(new)
        self._sum += share * row
        self._weight += share
        self._weighed_quality += share * quality
        self.views += 1
        self.worth += new
        self._keep(_View(row.astype(np.float32), quality, at))
        return new

    @property
    def embedding(self) -> Embedding:
        """(128,) of length 1; zeros before the first view."""
        return _unit(self._sum).astype(np.float32)

    @property
    def quality(self) -> float:
        """The views' mean quality, weighed as they are; 0 before the first one."""
        return self._weighed_quality / self._weight if self._weight else 0.0

    def _newness(self, row: NDArray[np.float64], at: float) -> float:
        """Return 1 less the most that a view shares with one that is kept."""
        shared = 0.0
        for view in self._kept:
            near = math.exp(-abs(at - view.at) / _FRESH_AFTER_S)
            alike = max(0.0, (float(view.embedding @ row) - self._floor) / (1 - self._floor))
            shared = max(shared, near * max(alike, _SHARED_AT_ONCE), alike**4)
        return max(0.0, 1.0 - shared)

    def _keep(self, view: _View) -> None:
        """Keep a view; of too many, the older ones of least quality go."""
        self._kept.append(view)
        if len(self._kept) > _KEPT_VIEWS:
            self._kept.remove(min(self._kept[:-1], key=lambda kept: kept.quality))


class CaseTemplates(Generic[CaseT]):
    """One template for each case, compared at once; one thread at a time.

    `similarities` has a column for each of `cases`, in its order.
    """

    def __init__(self) -> None:
        self._rows: dict[CaseT, Embedding] = {}
        self._counts: dict[CaseT, int] = {}
        self._matrix = np.empty((0, WIDTH), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def cases(self) -> tuple[CaseT, ...]:
        """The cases, the one put first in front."""
        return tuple(self._rows)

    @property
    def counts(self) -> tuple[int, ...]:
        """How many references each of `cases` has."""
        return tuple(self._counts.values())

    def put(self, case_id: CaseT, references: ArrayLike, qualities: ArrayLike | None = None) -> None:
        """Set a case's references (m, 128), m >= 1, and how good they are; None: all the same.

        Raises:
            BadEmbedding: they are something else; nothing has changed.
        """
        self._rows[case_id] = reference_template(references, qualities)
        self._counts[case_id] = len(np.asarray(references))
        self._matrix = np.stack(list(self._rows.values()))

    def remove(self, case_id: CaseT) -> bool:
        """Forget a case; return whether it was there."""
        if self._rows.pop(case_id, None) is None:
            return False
        del self._counts[case_id]
        self._matrix = np.array(list(self._rows.values()), dtype=np.float32).reshape(-1, WIDTH)
        return True

    def similarities(self, embeddings: ArrayLike) -> NDArray[np.float32]:
        """Return (n, cases), the cosine of each embedding (n, 128) with each case's template.

        Raises:
            BadEmbedding: the embeddings are something else.
        """
        rows = checked_embeddings(embeddings)
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
        similar: NDArray[np.float32] = (rows / lengths) @ self._matrix.T
        return similar


def reference_template(references: ArrayLike, qualities: ArrayLike | None = None) -> Embedding:
    """Return the weighed mean of references (m, 128), m >= 1, as (128,) of length 1.

    Raises:
        BadEmbedding: they are something else.
    """
    rows = checked_embeddings(references).astype(np.float64)
    if not len(rows):
        raise BadEmbedding(f"expected at least one reference, got (0, {WIDTH})")
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    if qualities is None:
        return _unit(rows.sum(axis=0)).astype(np.float32)
    weights = np.array([view_weight(float(one)) for one in np.asarray(qualities)])
    return _unit(weights @ rows).astype(np.float32)


def view_weight(quality: float) -> float:
    """Return what a view of this quality weighs in a mean."""
    held = min(max(quality, _LEAST_QUALITY), _MOST_QUALITY)
    return held / (1 - held**2)


def distance_of(similarity: float) -> float:
    """Return the Euclidean distance of two embeddings of length 1 with this cosine."""
    return math.sqrt(max(0.0, 2 - 2 * similarity))


def similarity_of(distance: float) -> float:
    """Return the cosine of two embeddings of length 1 at this Euclidean distance."""
    return 1 - distance * distance / 2


def _unit(row: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(row))
    return row / length if length > 0 else row
