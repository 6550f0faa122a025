"""Exact linear assignment of detections to tracks. Does not know what a cost means.

Shortest augmenting paths with dual variables: R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for
dense and sparse linear assignment problems", Computing 38 (1987); the rectangular form without padding is that of
D. F. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Trans. AES 52 (2016), section III.
"""

import numpy as np
from numpy.typing import NDArray


def assign(cost: NDArray[np.float64], limit: float = np.inf) -> list[tuple[int, int]]:
    """Pair rows with columns: as many allowed pairs as possible, and among those the smallest total cost.

    Args:
        cost: (n, m), any finite sign; n and m may differ and be 0. Infinity forbids a pair.
        limit: pairs that cost more than this are forbidden as well.

    Returns:
        (row, column) pairs in ascending order of row; each row and column at most once.

    Raises:
        ValueError: the cost is not two-dimensional or holds NaN or minus infinity.
    """
    if cost.ndim != 2 or np.isnan(cost).any() or np.isneginf(cost).any():
        raise ValueError(f"expected an (n, m) cost without NaN or -inf, got shape {cost.shape}")
    allowed = np.isfinite(cost) & (cost <= limit)
    if not allowed.any():
        return []
    # One forbidden pair must cost more than any choice of allowed ones, so that it is taken only where none is left.
    low, high = float(cost[allowed].min()), float(cost[allowed].max())
    dense = np.where(allowed, cost - low, (high - low + 1.0) * (min(cost.shape) + 1))
    pairs = _solve(dense) if dense.shape[0] <= dense.shape[1] else [(row, col) for col, row in _solve(dense.T)]
    return sorted((row, col) for row, col in pairs if allowed[row, col])


def _solve(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Assign every row of a finite (n, m) cost with n <= m."""
    rows, cols = cost.shape
    row_price, col_price = np.zeros(rows), np.zeros(cols)
    row_of = np.full(cols, -1)
    for start in range(rows):
        _augment(cost, start, row_price, col_price, row_of)
    return [(int(row_of[col]), col) for col in range(cols) if row_of[col] >= 0]


def _augment(
    cost: NDArray[np.float64],
    start: int,
    row_price: NDArray[np.float64],
    col_price: NDArray[np.float64],
    row_of: NDArray[np.int_],
) -> None:
    """Give the row `start` a column along the cheapest alternating path (Dijkstra on reduced costs), in place."""
    distance = np.full(cost.shape[1], np.inf)
    came_from = np.full(cost.shape[1], -1)
    done = np.zeros(cost.shape[1], dtype=bool)
    row, reached = start, 0.0
    while True:
        through = reached + cost[row] - row_price[row] - col_price
        better = ~done & (through < distance)
        distance[better], came_from[better] = through[better], row
        col = int(np.argmin(np.where(done, np.inf, distance)))
        reached, done[col] = float(distance[col]), True
        if row_of[col] < 0:
            break
        row = int(row_of[col])
    # The prices move by what the search saved, which keeps every reduced cost at zero or above.
    saved = reached - distance[done]
    col_price[done] -= saved
    taken = np.flatnonzero(done & (row_of >= 0))
    row_price[start] += reached
    row_price[row_of[taken]] += reached - distance[taken]
    held = {int(row_of[freed]): int(freed) for freed in taken}
    while True:
        parent = int(came_from[col])
        row_of[col] = parent
        if parent == start:
            return
        col = held[parent]
