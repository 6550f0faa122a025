"""Detection takes its share of the time, and no more."""

from itertools import pairwise

import pytest

from camera_processor.domain.cadence import Cadence


def detections(cadence, *, cost, interval, frames=100):
    """Return which of the frames were detected in."""
    detected = []
    for number in range(frames):
        if cadence.due(number * interval):
            cadence.spent(cost)
            detected.append(number)
    return detected


def test_a_fast_machine_detects_in_every_frame():
    assert len(detections(Cadence(), cost=0.06, interval=0.1)) == 100


def test_a_slow_machine_detects_in_every_third_frame():
    found = detections(Cadence(share=0.8), cost=0.24, interval=0.1)
    assert {after - before for before, after in pairwise(found[5:])} == {3}


def test_a_very_slow_machine_still_detects_once_a_second():
    found = detections(Cadence(longest_gap=1.0), cost=30.0, interval=0.1)
    assert max(after - before for before, after in pairwise(found)) <= 11


def test_who_is_never_told_a_cost_detects_in_every_frame():
    cadence = Cadence()
    assert all(cadence.due(number * 0.01) for number in range(50))


def test_a_clock_that_went_back_does_not_stop_detection():
    cadence = Cadence()
    cadence.due(1000.0)
    cadence.spent(0.5)
    assert cadence.due(3.0)


@pytest.mark.parametrize("wrong", [{"share": 0.0}, {"share": 1.5}, {"longest_gap": 0.0}])
def test_a_share_beyond_the_whole_is_refused(wrong):
    with pytest.raises(ValueError, match="expected 0 < share"):
        Cadence(**wrong)
