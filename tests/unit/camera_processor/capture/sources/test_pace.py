"""Pictures that do not come at their own pace are shown when they are due."""

import itertools

import pytest

from camera_processor.capture.sources.pace import RealTime, Smoothing, Stage


class Clock:
    """A clock that moves only when somebody sleeps or a test says so."""

    def __init__(self):
        self.now = 100.0
        self.idles = 0

    def sleep(self, seconds):
        self.now += seconds

    def idle(self):
        self.idles += 1

    def stage(self):
        return Stage(self.idle, monotonic=lambda: self.now, wall=lambda: self.now + 1e9, sleep=self.sleep)


def test_a_picture_is_shown_at_its_own_time():
    clock = Clock()
    player = RealTime(clock.stage())
    assert player.started_at == 1e9 + 100.0
    for number in range(5):
        assert player.is_due(number * 0.1, period=0.1)
        assert clock.now == pytest.approx(100.0 + number * 0.1)


def test_late_pictures_are_skipped_until_the_clock_is_met_again():
    clock = Clock()
    player = RealTime(clock.stage())
    assert player.is_due(0.0, period=0.1)
    clock.now += 0.45
    assert [player.is_due(number * 0.1, period=0.1) for number in range(1, 7)] == [False] * 3 + [True] * 3
    assert clock.now == pytest.approx(100.6)


def test_a_machine_that_is_always_late_still_shows_some_pictures():
    clock = Clock()
    player = RealTime(clock.stage())
    shown = 0
    for number in range(100):
        clock.now += 0.3
        shown += player.is_due(number * 0.1, period=0.1)
    assert 45 <= shown <= 55


def test_a_long_wait_says_that_it_is_on_purpose():
    clock = Clock()
    player = RealTime(clock.stage())
    player.is_due(30.0, period=30.0)
    assert clock.now == pytest.approx(130.0)
    assert clock.idles > 100


def test_a_segments_burst_is_spread_over_its_time():
    clock = Clock()
    smoothing = Smoothing(clock.stage())
    shown = []
    for _segment in range(3):  # timestamps begin again at each discontinuity
        for number in range(10):
            smoothing.wait(number * 0.1, period=0.1)
            shown.append(clock.now)
    steps = [later - earlier for earlier, later in itertools.pairwise(shown)]
    assert steps == pytest.approx([0.1] * 29)


def test_after_a_stall_a_live_stream_catches_up_instead_of_staying_late():
    clock = Clock()
    smoothing = Smoothing(clock.stage())
    smoothing.wait(0.0, period=0.1)
    clock.now += 3.0
    began = clock.now
    for number in range(1, 25):
        smoothing.wait(number * 0.1, period=0.1)
    assert clock.now == began


def test_after_a_long_outage_the_stream_is_paced_from_now():
    clock = Clock()
    smoothing = Smoothing(clock.stage())
    smoothing.wait(0.0, period=0.1)
    clock.now += 3600.0
    began = clock.now
    for number in range(1, 11):
        smoothing.wait(number * 0.1, period=0.1)
    assert clock.now == pytest.approx(began + 0.9)
