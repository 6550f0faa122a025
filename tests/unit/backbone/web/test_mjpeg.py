"""One picture to many viewers."""

import asyncio
import itertools

import pytest

from backbone.errors import BadInput, Unavailable
from backbone.web import mjpeg
from backbone.web.mjpeg import MAX_VIEWERS, Broadcast, Viewer, asked_fps, framed


@pytest.fixture
def told():
    return []


@pytest.fixture
def broadcast(told):
    return Broadcast(told.append)


def test_a_part_is_framed_to_the_byte():
    assert framed(b"JPEG") == b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 4\r\n\r\nJPEG\r\n"


def test_demand_is_told_when_the_first_comes_and_the_last_goes(broadcast, told):
    first, second = Viewer(10.0), Viewer(10.0)
    for change in (lambda: broadcast.join(first), lambda: broadcast.join(second), lambda: broadcast.leave(first)):
        change()
    assert (broadcast.viewers, told) == (1, [10.0])
    broadcast.leave(second)
    assert (broadcast.viewers, broadcast.demand, told) == (0, 0.0, [10.0, 0.0])


def test_demand_follows_the_fastest_viewer(broadcast, told):
    slow, fast = Viewer(2.0), Viewer(25.0)
    broadcast.join(slow)
    broadcast.join(fast)
    broadcast.leave(fast)
    assert told == [2.0, 25.0, 2.0]


def test_a_viewer_that_leaves_twice_is_gone_once(broadcast, told):
    viewer = Viewer(5.0)
    broadcast.join(viewer)
    broadcast.leave(viewer)
    broadcast.leave(viewer)
    assert told == [5.0, 0.0]


def test_one_viewer_too_many_is_refused_and_the_others_stay(broadcast):
    for _ in range(MAX_VIEWERS):
        broadcast.join(Viewer(1.0))
    with pytest.raises(Unavailable, match=f"at most {MAX_VIEWERS} viewers"):
        broadcast.join(Viewer(60.0))
    assert (broadcast.viewers, broadcast.demand) == (MAX_VIEWERS, 1.0)


async def test_every_viewer_gets_the_same_bytes_framed_once(broadcast):
    viewers = [Viewer(10.0) for _ in range(3)]
    for viewer in viewers:
        broadcast.join(viewer)
    broadcast.publish(b"JPEG")
    parts = [await viewer.slot.take(timeout=0) for viewer in viewers]
    assert parts[0].framed == framed(b"JPEG")
    assert all(part is parts[0] for part in parts)


async def test_a_viewer_that_does_not_take_costs_the_others_nothing(broadcast, monkeypatch):
    monkeypatch.setattr(mjpeg.Pacer, "lets_pass", lambda _pacer, _now, *, per_second: True)
    stalled, awake = Viewer(10.0), Viewer(10.0)
    broadcast.join(stalled)
    broadcast.join(awake)
    for number in range(50):
        broadcast.publish(b"%d" % number)
        assert (await awake.slot.take(timeout=0)).jpeg == b"%d" % number
    assert (await stalled.slot.take(timeout=0)).jpeg == b"49"
    assert broadcast.skipped == 49


def test_pictures_are_wanted_at_the_asked_pace_with_a_little_grace(broadcast):
    broadcast.join(Viewer(10.0))
    given = [tick for tick in range(300) if broadcast.wants(tick / 30)]
    assert len(given) == pytest.approx(100, abs=1)
    assert all(later - earlier == 3 for earlier, later in itertools.pairwise(given))


def test_a_camera_that_jitters_keeps_its_pace(broadcast):
    broadcast.join(Viewer(10.0))
    jittering = [second / 10 + (0.02 if second % 2 else 0.0) for second in range(100)]
    assert all(broadcast.wants(moment) for moment in jittering)


def test_nothing_is_wanted_while_nobody_watches(broadcast):
    assert not broadcast.wants(0.0)
    viewer = Viewer(10.0)
    broadcast.join(viewer)
    assert broadcast.wants(0.0)
    broadcast.leave(viewer)
    assert not broadcast.wants(100.0)


@pytest.mark.parametrize(("text", "fps"), [(None, 10.0), ("1", 1.0), ("0.5", 0.5), ("60", 60.0)])
def test_a_viewer_may_ask_for_its_pace(text, fps):
    assert asked_fps(text) == fps


@pytest.mark.parametrize("text", ["0", "-1", "61", "nan", "inf", "1e999", "fast", "", "1" * 400, "0.001"])
def test_a_pace_that_is_none_is_refused(text):
    with pytest.raises(BadInput, match=r"fps: expected a number from 0\.1 to 60, got"):
        asked_fps(text)


async def test_a_waiting_viewer_wakes_with_the_next_picture(broadcast):
    viewer = Viewer(10.0)
    broadcast.join(viewer)
    taking = asyncio.ensure_future(viewer.slot.take(timeout=40))
    await asyncio.sleep(0)
    broadcast.publish(b"JPEG")
    assert (await taking).jpeg == b"JPEG"


def test_a_slow_viewer_of_a_fast_stream_gets_its_own_pace(broadcast):
    slow, fast = Viewer(5.0), Viewer(20.0)
    given = {slow: 0, fast: 0}
    for tick in range(200):
        for viewer in given:
            viewer.offer(mjpeg.Part(b"", b""), tick / 20)
            given[viewer] += not viewer.slot.empty
            viewer.slot = mjpeg.LatestSlot()
    assert given[fast] == 200
    assert given[slow] == pytest.approx(50, abs=1)
