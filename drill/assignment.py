"""The one-to-one assignment of the greatest total weight, exactly; it does not know what the weights mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def heaviest_pairs(weights: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the pairs (row, column), by row, that maximise the sum of weights with each row and column used once.

    The Hungarian algorithm in its O(n^2 m) form with potentials and shortest augmenting paths (Kuhn 1955; Jonker and
    Volgenant 1987).

    Args:
        weights: (n, m), finite. All of the smaller side get a partner.
    """
    rows, columns = weights.shape
    if rows > columns:
        return sorted((row, column) for column, row in heaviest_pairs(weights.T))
    costs = -weights
    row_potential, column_potential = np.zeros(rows), np.zeros(columns)
    row_of = np.full(columns, -1)
    for row in range(rows):
        _augment(costs, row, row_potential, column_potential, row_of)
    return sorted((int(row), column) for column, row in enumerate(row_of) if row >= 0)


def _augment(
    costs: NDArray[np.float64],
    start: int,
    row_potential: NDArray[np.float64],
    column_potential: NDArray[np.float64],
    row_of: NDArray[np.int_],
) -> None:
    """Give `start` a column by the cheapest path of swaps (Dijkstra on reduced costs), in place."""
    columns = costs.shape[1]
    distance, came_from = np.full(columns, np.inf), np.full(columns, -1)
    done = np.zeros(columns, dtype=bool)
    row, reached, column = start, 0.0, -1
    while row >= 0:
        reduced = reached + costs[row] - row_potential[row] - column_potential
        shorter = ~done & (reduced < distance)
        distance[shorter], came_from[shorter] = reduced[shorter], column
        column = int(np.argmin(np.where(done, np.inf, distance)))
        reached = float(distance[column])
        done[column] = True
        row = int(row_of[column])
    finished = np.flatnonzero(done)
    row_potential[start] += reached
    for other in finished[row_of[finished] >= 0]:
        row_potential[row_of[other]] += reached - distance[other]
    column_potential[finished] -= reached - distance[finished]
    while column >= 0:
        previous = int(came_from[column])
        row_of[column] = start if previous < 0 else row_of[previous]
        column = previous
