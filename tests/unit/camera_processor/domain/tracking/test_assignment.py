"""The assignment is exact: no permutation is cheaper, and none pairs more."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from camera_processor.domain.tracking.assignment import assign

SIDES = st.tuples(st.integers(0, 5), st.integers(0, 5))
COSTS = SIDES.flatmap(lambda shape: arrays(np.float64, shape, elements=st.integers(-20, 20).map(float)))


def best_by_trying_all(cost, limit):
    """(pairs, total) of the best matching: most pairs first, then the smallest sum."""
    rows, cols = cost.shape
    if rows > cols:
        return best_by_trying_all(cost.T, limit)
    best = (0, 0.0)
    for chosen in permutations(range(cols), rows):
        kept = [cost[row, col] for row, col in enumerate(chosen) if cost[row, col] <= limit]
        best = min(best, (-len(kept), sum(kept)))
    return -best[0], best[1]


@settings(deadline=None, max_examples=300)
@given(COSTS, st.integers(-20, 25))
def test_no_permutation_is_better(cost, limit):
    pairs = assign(cost, limit)
    found = (len(pairs), sum(cost[pair] for pair in pairs))
    assert found == best_by_trying_all(cost, limit)
    assert all(cost[pair] <= limit for pair in pairs)
    assert len({row for row, _ in pairs}) == len({col for _, col in pairs}) == len(pairs)


@settings(deadline=None, max_examples=100)
@given(arrays(np.float64, (6, 4), elements=st.floats(0, 1)))
def test_turning_the_table_changes_nothing_but_the_order(cost):
    assert sum(cost[p] for p in assign(cost)) == pytest.approx(sum(cost.T[p] for p in assign(cost.T)))


def test_a_greedy_choice_would_be_wrong_here():
    assert assign(np.array([[1.0, 2.0], [1.0, 9.0]])) == [(0, 1), (1, 0)]


def test_infinity_forbids_a_pair():
    assert assign(np.array([[np.inf, 1.0], [np.inf, 2.0]])) == [(0, 1)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_pair_gives_no_pairs(shape):
    assert assign(np.zeros(shape)) == []


@pytest.mark.parametrize("cost", [np.zeros(3), np.array([[np.nan]]), np.array([[-np.inf]])])
def test_a_cost_without_meaning_is_refused(cost):
    with pytest.raises(ValueError, match="expected an"):
        assign(cost)


def test_a_hundred_by_a_hundred_and_twenty_matches_the_known_optimum():
    generator = np.random.default_rng(1)
    cost = generator.uniform(1, 2, (100, 120))
    columns = generator.permutation(120)[:100]
    cost[np.arange(100), columns] = 0.5
    assert assign(cost) == list(zip(range(100), columns.tolist(), strict=True))
