from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drill.assignment import heaviest_pairs


def best_by_trying_all(weights):
    if weights.shape[0] > weights.shape[1]:
        weights = weights.T
    rows = range(weights.shape[0])
    return max(weights[list(rows), list(chosen)].sum() for chosen in permutations(range(weights.shape[1]), len(rows)))


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
        lambda shape: st.lists(st.integers(-5, 30), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
            lambda values: np.array(values, dtype=np.float64).reshape(shape)
        )
    )
)
def test_the_pairs_weigh_as_much_as_the_best_of_all_pairings(weights):
    pairs = heaviest_pairs(weights)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == min(weights.shape)
    assert sum(weights[pair] for pair in pairs) == pytest.approx(best_by_trying_all(weights))


def test_taking_the_largest_first_would_be_wrong():
    assert heaviest_pairs(np.array([[10.0, 9.0], [9.0, 0.0]])) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_pairs_with_nothing(shape):
    assert heaviest_pairs(np.zeros(shape)) == []
