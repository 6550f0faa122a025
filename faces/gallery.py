"""The sought cases' reference embeddings and the search in them; it does not decide which distance is a match."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faces.errors import BadEmbedding

WIDTH = 128
# Far above any embedding (norm about 1.4), far below where a float32 square overflows.
_LARGEST = 1e6
# Bound on the float32 error of |a|^2 + |b|^2 - 2ab, relative to |a|^2 + |b|^2: 128 products of relative error 6e-8,
# twice, for the winner and for its rival (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1).
_SLACK = 4e-5

CaseT = TypeVar("CaseT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Match(Generic[CaseT]):
    """The nearest case of one embedding and its Euclidean distance to that case's nearest reference, 0 or more."""

    case_id: CaseT
    distance: float


class Gallery(Generic[CaseT]):
    """References of all cases in one growing array; one thread at a time.

    `len(gallery)` is the number of cases. All embeddings have to come from the same model; the gallery cannot tell.
    """

    def __init__(self) -> None:
        self._references = np.empty((16, WIDTH), dtype=np.float32)
        self._squares = np.empty(16, dtype=np.float32)
        self._owners = np.empty(16, dtype=np.int64)
        self._filled = 0
        self._serials: dict[CaseT, int] = {}
        self._next_serial = 0

    def __len__(self) -> int:
        return len(self._serials)

    @property
    def cases(self) -> tuple[CaseT, ...]:
        """The cases, the one added first in front."""
        return tuple(self._serials)

    def add(self, case_id: CaseT, embeddings: ArrayLike) -> None:
        """Add references to a case, new or known; a known case keeps its place in the order.

        Args:
            case_id: any hashable name.
            embeddings: (m, 128) with m >= 1, finite; copied as float32.

        Raises:
            BadEmbedding: the embeddings are something else; the gallery is as it was before.
        """
        rows = checked_embeddings(embeddings)
        if not len(rows):
            raise BadEmbedding(f"case {case_id!r}: expected at least one embedding, got (0, {WIDTH})")
        if case_id not in self._serials:
            self._serials[case_id] = self._next_serial
            self._next_serial += 1
        self._reserve(self._filled + len(rows))
        space = slice(self._filled, self._filled + len(rows))
        self._references[space] = rows
        self._squares[space] = _squared_norms(rows)
        self._owners[space] = self._serials[case_id]
        self._filled += len(rows)

    def remove(self, case_id: CaseT) -> bool:
        """Forget a case and its references; return whether it was there. Added again, it is the last of the order."""
        serial = self._serials.pop(case_id, None)
        if serial is None:
            return False
        kept = np.flatnonzero(self._owners[: self._filled] != serial)
        for column in (self._references, self._squares, self._owners):
            column[: len(kept)] = column[kept]
        self._filled = len(kept)
        return True

    def match(self, embeddings: ArrayLike) -> list[Match[CaseT] | None]:
        """Return the nearest case of each embedding, None throughout when the gallery is empty.

        A case is as near as its nearest reference. Distances are exact (float64) and of two equally near cases the
        one added first wins: the float32 matrix product only narrows the search down to what its error leaves open.

        Args:
            embeddings: (n, 128), finite; n = 0 gives an empty list.

        Raises:
            BadEmbedding: the embeddings are something else.
        """
        queries = checked_embeddings(embeddings)
        if not self._serials:
            return [None] * len(queries)
        references, squares = self._references[: self._filled], self._squares[: self._filled]
        query_squares = _squared_norms(queries)
        squared = query_squares[:, None] + squares[None, :] - 2.0 * (queries @ references.T)
        slack = _SLACK * (query_squares + squares.max())
        near = squared <= (squared.min(axis=1, initial=np.inf) + slack)[:, None]
        case_of = {serial: case_id for case_id, serial in self._serials.items()}
        return [self._nearest(query, np.flatnonzero(row), case_of) for query, row in zip(queries, near, strict=True)]

    def _nearest(self, query: NDArray[np.float32], rows: NDArray[np.intp], case_of: dict[int, CaseT]) -> Match[CaseT]:
        differences = self._references[rows].astype(np.float64) - query.astype(np.float64)
        distances = np.sqrt((differences**2).sum(axis=1))
        serial = self._owners[rows][distances == distances.min()].min()
        return Match(case_of[int(serial)], float(distances.min()))

    def _reserve(self, wanted: int) -> None:
        capacity = len(self._owners)
        if wanted <= capacity:
            return
        while capacity < wanted:
            capacity *= 2
        self._references = np.resize(self._references, (capacity, WIDTH))
        self._squares = np.resize(self._squares, capacity)
        self._owners = np.resize(self._owners, capacity)


def checked_embeddings(embeddings: ArrayLike) -> NDArray[np.float32]:
    """Return a float32 view or copy of (n, 128) finite numbers.

    Raises:
        BadEmbedding: wrong shape, not numbers, NaN, infinity, or a value beyond 1e6 (no embedding has one).
    """
    try:
        rows = np.asarray(embeddings)
    except ValueError as error:
        raise BadEmbedding(f"expected embeddings (n, {WIDTH}), got rows of different lengths") from error
    if rows.ndim != 2 or rows.shape[1] != WIDTH:
        raise BadEmbedding(f"expected embeddings (n, {WIDTH}), got {rows.shape}")
    if rows.dtype.kind not in "fiu":
        raise BadEmbedding(f"expected embeddings of real numbers, got {rows.dtype}")
    if not (np.abs(rows) <= _LARGEST).all():
        raise BadEmbedding("expected finite embeddings below 1e6, got NaN, infinity or a larger value")
    return rows.astype(np.float32, copy=False)


def _squared_norms(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", rows, rows, dtype=np.float64).astype(np.float32)
    return squares
