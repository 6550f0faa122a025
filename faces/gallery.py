"""The sought cases' reference embeddings and the search in them; it does not decide which distance is a match."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
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
# 16 MB of references; with 256 queries the product of one block takes 32 MB.
_BLOCK_ROWS = 32_768
_QUERIES_AT_ONCE = 256

CaseT = TypeVar("CaseT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Match(Generic[CaseT]):
    """The nearest case of one embedding and its Euclidean distance to that case's nearest reference, 0 or more."""

    case_id: CaseT
    distance: float


class _Block:
    """So many rows of references: embeddings, their squared norms, and the serial of the case that each belongs to."""

    __slots__ = ("owners", "references", "squares")

    def __init__(self) -> None:
        # Memory that is not written to yet takes no room.
        self.references = np.empty((_BLOCK_ROWS, WIDTH), dtype=np.float32)
        self.squares = np.empty(_BLOCK_ROWS, dtype=np.float32)
        self.owners = np.empty(_BLOCK_ROWS, dtype=np.int64)


class Gallery(Generic[CaseT]):
    """References of all cases in blocks of rows without gaps; one thread at a time.

    `len(gallery)` is the number of cases. All embeddings have to come from the same model; the gallery cannot tell.
    Adding copies nothing that is there already. Removing looks through the owners (1 ms for a million references) and
    moves as many rows as it removes. A query reads each reference once (512 bytes).
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._filled = 0
        self._largest_square = 0.0
        self._serials: dict[CaseT, int] = {}
        self._case_of: dict[int, CaseT] = {}
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
            self._case_of[self._next_serial] = case_id
            self._next_serial += 1
        squares = _squared_norms(rows)
        self._largest_square = max(self._largest_square, float(squares.max()))
        while len(rows):
            number, begin = divmod(self._filled, _BLOCK_ROWS)
            if number == len(self._blocks):
                self._blocks.append(_Block())
            space = slice(begin, min(begin + len(rows), _BLOCK_ROWS))
            count, block = space.stop - begin, self._blocks[number]
            block.references[space], block.squares[space] = rows[:count], squares[:count]
            block.owners[space] = self._serials[case_id]
            rows, squares = rows[count:], squares[count:]
            self._filled += count

    def remove(self, case_id: CaseT) -> bool:
        """Forget a case and its references; return whether it was there. Added again, it is the last of the order."""
        serial = self._serials.pop(case_id, None)
        if serial is None:
            return False
        del self._case_of[serial]
        removed = [
            number * _BLOCK_ROWS + row
            for number, (block, used) in enumerate(self._used())
            for row in np.flatnonzero(block.owners[:used] == serial).tolist()
        ]
        self._filled -= len(removed)
        moved = sorted(set(range(self._filled, self._filled + len(removed))).difference(removed))
        # The order of rows means nothing: the last ones fill the gaps.
        for gap, row in zip(removed, moved, strict=False):
            self._move(row, gap)
        del self._blocks[-(-self._filled // _BLOCK_ROWS) :]
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
        matches: list[Match[CaseT] | None] = []
        for begin in range(0, len(queries), _QUERIES_AT_ONCE):
            nearest = self._nearest(queries[begin : begin + _QUERIES_AT_ONCE])
            matches += [Match(self._case_of[serial], math.sqrt(square)) for square, serial in nearest]
        return matches

    def _nearest(self, queries: NDArray[np.float32]) -> list[tuple[float, int]]:
        """Return the squared distance and the serial of the nearest case of each query, few at a time."""
        slack = _SLACK * (_squared_norms(queries) + np.float32(self._largest_square))
        least = np.full(len(queries), np.inf, dtype=np.float32)
        best = [(math.inf, -1)] * len(queries)
        for block, used in self._used():
            squared = queries @ block.references[:used].T
            squared *= -2.0
            squared += block.squares[:used]
            here = squared.min(axis=1)
            least = np.minimum(least, here)
            for row in np.flatnonzero(here <= least + slack).tolist():
                near = np.flatnonzero(squared[row] <= least[row] + slack[row])
                best[row] = min(best[row], _exact_nearest(queries[row], block, near))
        return best

    def _used(self) -> Iterator[tuple[_Block, int]]:
        """Yield each block and how many of its rows are in use, 1 or more."""
        for number, block in enumerate(self._blocks):
            yield block, min(self._filled - number * _BLOCK_ROWS, _BLOCK_ROWS)

    def _move(self, row: int, to: int) -> None:
        (source, old), (target, new) = divmod(row, _BLOCK_ROWS), divmod(to, _BLOCK_ROWS)
        taken, given = self._blocks[source], self._blocks[target]
        given.references[new], given.squares[new] = taken.references[old], taken.squares[old]
        given.owners[new] = taken.owners[old]


def _exact_nearest(query: NDArray[np.float32], block: _Block, rows: NDArray[np.intp]) -> tuple[float, int]:
    """Return the least squared distance to these rows and the first serial that has it."""
    differences = block.references[rows].astype(np.float64) - query.astype(np.float64)
    squares = (differences**2).sum(axis=1)
    return float(squares.min()), int(block.owners[rows][squares == squares.min()].min())


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
