import numpy as np
import pytest

from benchmarks.error_views import CONDITIONS, frame, weakened


@pytest.fixture
def good():
    rng = np.random.default_rng(5)
    return frame(np.repeat(rng.integers(0, 256, (350, 350, 1), dtype=np.uint8), 3, axis=2), (1, 2))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_view_of_the_same_seed_is_the_same_and_of_another_is_another(good, condition):
    view = weakened(condition, good, (1, 2))
    assert view.dtype == np.uint8
    assert view.shape[2] == 3
    assert (view == weakened(condition, good, (1, 2))).all()
    if condition not in ("clean", "eyes 12 px apart"):
        assert (view != weakened(condition, good, (1, 3))).any()


def test_small_views_are_as_small_as_their_name_says_and_dark_ones_dark(good):
    assert weakened("eyes 12 px apart", good, (1,)).shape[1] == 48
    assert weakened("dark and noisy", good, (1,)).mean() < good.mean() / 5


def test_blur_leaves_less_detail(good):
    blurred = weakened("motion blur", good, (1,)).astype(float)
    assert blurred.std() < good.std()
