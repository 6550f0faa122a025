"""The filter follows boxes in real seconds, whatever the pauses between the pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_processor.domain.tracking.kalman import BoxFilter


def box_at(x, y=200.0, size=80.0):
    return np.array([x, y, x + size, y + size], dtype=np.float32)


@pytest.mark.parametrize("steps", [[0.1] * 20, [0.04, 0.3, 0.1] * 5, [0.5] * 4])
def test_a_steady_walk_is_foreseen_whatever_the_pauses(steps):
    speed, now = 120.0, 0.0
    track = BoxFilter(box_at(0.0))
    for step in steps:
        now += step
        track.predict(step)
        track.update(box_at(speed * now))
    track.predict(0.3)
    assert track.box == pytest.approx(box_at(speed * (now + 0.3)), abs=12)


def test_two_half_steps_are_one_whole_step():
    once, twice = BoxFilter(box_at(0.0)), BoxFilter(box_at(0.0))
    for track in (once, twice):
        track.predict(0.1)
        track.update(box_at(20.0))
    once.predict(0.4)
    twice.predict(0.2)
    twice.predict(0.2)
    assert twice.mean == pytest.approx(once.mean)
    assert twice.covariance == pytest.approx(once.covariance)


def test_it_grows_less_sure_while_nothing_is_measured():
    track = BoxFilter(box_at(0.0))
    sure = np.trace(track.covariance[:2, :2])
    track.predict(1.0)
    assert np.trace(track.covariance[:2, :2]) > sure


def test_a_clock_that_went_back_moves_nothing():
    track = BoxFilter(box_at(0.0))
    track.predict(-3.0)
    assert track.box == pytest.approx(box_at(0.0))


def test_a_picture_of_twice_the_width_moves_the_box_with_it():
    track = BoxFilter(box_at(100.0))
    track.rescale(2.0, 1.0)
    assert track.box == pytest.approx([200, 200, 360, 280], abs=1e-3)


edges = st.floats(-1e4, 1e4)
sizes = st.floats(0, 3000)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(-1, 100), edges, edges, sizes, sizes), min_size=1, max_size=20))
def test_no_measurement_makes_it_undefined(measurements):
    track = BoxFilter(box_at(0.0))
    for step, x, y, width, height in measurements:
        track.predict(step)
        track.update(np.array([x, y, x + width, y + height]))
        assert np.isfinite(track.box).all()
        assert (track.box[2:] >= track.box[:2]).all()
        assert np.linalg.eigvalsh(track.covariance).min() > -1e-6 * max(1.0, np.abs(track.covariance).max())
