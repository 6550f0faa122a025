"""Tracks follow faces by place; ids count from 1 and are never used twice."""

import numpy as np
import pytest

from camera_processor.domain.tracking.tracker import Tracker
from camera_processor.domain.tracking.tracks import TrackState


def box(x, y=200.0, size=80.0):
    return [x, y, x + size, y + size]


class Scene:
    """Feeds a tracker with boxes, one picture after the other."""

    def __init__(self, tracker=None, interval=0.1):
        self.tracker, self.interval, self.now = tracker or Tracker(), interval, 0.0

    def show(self, *boxes, confidence=1.0, after=None):
        """Show one picture; return {row of the box: id of the track that it continues or begins}."""
        self.now += self.interval if after is None else after
        self.tracker.predict(self.now)
        shown = np.array(boxes, dtype=np.float32).reshape(-1, 4)
        self.removed = self.tracker.update(shown, np.broadcast_to(confidence, len(shown)).astype(float), self.now)
        return {t.motion.detection: t.box_id for t in self.tracker.tracks if t.detected}

    def state(self, box_id):
        track = self.tracker.get(box_id)
        return track.state if track else None


def test_a_face_keeps_its_id_and_is_believed_in_after_two_detections():
    scene = Scene()
    assert scene.show(box(0)) == {0: 1}
    assert scene.state(1) is TrackState.TENTATIVE
    assert [scene.show(box(x))[0] for x in range(10, 300, 10)] == [1] * 29
    assert scene.state(1) is TrackState.CONFIRMED


def test_a_false_alarm_ends_at_once_and_its_id_is_not_used_again():
    scene = Scene()
    scene.show(box(0))
    scene.show()
    assert scene.state(1) is None
    assert scene.show(box(0)) == {0: 2}


def test_pictures_without_faces_are_no_fault():
    scene = Scene()
    assert [scene.show() for _ in range(5)] == [{}] * 5


@pytest.mark.parametrize("interval", [0.1, 0.2, 0.3])
def test_a_short_occlusion_is_bridged_by_the_predicted_place(interval):
    scene = Scene(interval=interval)
    for number in range(8):
        scene.show(box(100 * interval * number))
    scene.show()
    assert scene.state(1) is TrackState.LOST
    assert scene.show(box(100 * interval * 9)) == {0: 1}
    assert scene.tracker.get(1).doubtful


def test_pauses_of_any_length_between_pictures_do_not_break_a_walk():
    scene = Scene()
    pauses = np.random.default_rng(4).uniform(0.03, 0.3, 60)
    x = 0.0
    for pause in pauses:
        x += 60 * pause
        assert scene.show(box(x), after=pause) == {0: 1}


def test_two_faces_that_cross_at_speed_keep_their_ids_and_are_doubted():
    scene = Scene()
    for number in range(31):
        left, right = box(20.0 * number), box(600 - 20.0 * number, 210.0)
        scene.show(right, left) if number % 2 else scene.show(left, right)
        assert len(scene.tracker.tracks) == 2
    assert scene.tracker.get(1).box[0] == pytest.approx(600, abs=15)
    assert scene.tracker.get(1).doubtful
    assert scene.tracker.get(2).doubtful


def test_faces_that_pass_at_a_distance_are_not_doubted():
    scene = Scene()
    for number in range(31):
        scene.show(box(20.0 * number, 100.0), box(600 - 20.0 * number, 400.0))
    assert not any(track.doubtful for track in scene.tracker.tracks)


def test_a_weak_detection_continues_a_track_but_begins_none():
    scene = Scene(Tracker(sure=0.5))
    assert scene.show(box(0), confidence=0.2) == {}
    scene.show(box(0))
    scene.show(box(5))
    assert scene.show(box(10), confidence=0.2) == {0: 1}


def test_a_jump_is_followed_but_doubted():
    scene = Scene()
    for _ in range(5):
        scene.show(box(100))
    assert scene.show(box(185)) == {0: 1}
    assert scene.tracker.get(1).doubtful


def test_a_lost_track_waits_and_is_then_removed():
    scene = Scene(Tracker(keep_lost=5.0))
    for _ in range(3):
        scene.show(box(0))
    scene.show(after=4.0)
    assert scene.state(1) is TrackState.LOST
    scene.show(after=2.0)
    assert [track.box_id for track in scene.removed] == [1]
    assert scene.removed[0].state is TrackState.REMOVED


def test_a_face_in_the_old_place_long_after_is_a_new_track():
    scene = Scene()
    for _ in range(3):
        scene.show(box(0))
    scene.show()
    assert scene.show(box(0), after=3.0) == {0: 2}


def test_a_resumed_track_goes_on_under_its_old_id():
    scene = Scene()
    for _ in range(3):
        scene.show(box(0))
    scene.show(after=3.0)
    scene.show(box(500))
    scene.tracker.resume(scene.tracker.get(1), scene.tracker.get(2))
    assert scene.show(box(505)) == {0: 1}
    assert scene.state(2) is None


def test_a_trade_undoes_a_swap():
    scene = Scene()
    for _ in range(3):
        scene.show(box(0), box(400))
    scene.tracker.trade(scene.tracker.get(1), scene.tracker.get(2))
    assert scene.show(box(0), box(400)) == {0: 2, 1: 1}


def test_a_split_gives_what_is_seen_a_new_id():
    scene = Scene()
    for _ in range(3):
        scene.show(box(0))
    assert scene.tracker.split(scene.tracker.get(1)).box_id == 2
    assert scene.state(1) is TrackState.LOST
    assert scene.show(box(2)) == {0: 2}


def test_all_tracks_end_at_once_the_lost_ones_too_and_nothing_continues_them():
    scene = Scene()
    for _ in range(3):
        scene.show(box(0), box(400))
    scene.show(box(0))
    ended = scene.tracker.end_all()
    assert [track.box_id for track in ended] == [1, 2]
    assert {track.state for track in ended} == {TrackState.REMOVED}
    assert scene.show(box(0)) == {0: 3}
    assert scene.removed == []


def test_a_change_of_the_picture_size_mid_way_keeps_the_ids():
    scene = Scene()
    for x in range(0, 100, 10):
        scene.show(box(x), box(x + 300))
    scene.tracker.rescale(0.5, 0.5)
    assert scene.show(box(50, 100, 40), box(200, 100, 40)) == {0: 1, 1: 2}
    assert scene.tracker.get(1).doubtful


def test_more_faces_than_it_may_follow_are_refused_and_counted():
    scene = Scene(Tracker(most_tracks=3))
    assert len(scene.show(*[box(x) for x in range(0, 1000, 200)])) == 3
    assert scene.tracker.refused == 2


def test_a_lost_track_makes_room_for_a_new_face():
    scene = Scene(Tracker(most_tracks=1))
    for _ in range(3):
        scene.show(box(0))
    scene.show()
    assert scene.show(box(800)) == {0: 2}
    assert scene.state(1) is None


def test_a_clock_that_went_back_is_survived():
    scene = Scene()
    for _ in range(3):
        scene.show(box(0))
    assert scene.show(box(3), after=-50.0) == {0: 1}
    assert scene.show(box(6)) == {0: 1}


def test_ids_are_never_used_twice_in_a_long_crowd():
    scene, generator, seen = Scene(Tracker(keep_lost=0.5)), np.random.default_rng(7), {}
    for number in range(200):
        rows = generator.uniform(0, 900, (generator.integers(0, 6), 2))
        scene.show(*[box(x, y) for x, y in rows], confidence=0.9)
        for track in scene.tracker.tracks:
            assert np.isfinite(track.box).all()
            first = seen.setdefault(track.box_id, number)
            assert first <= number
        for track in scene.removed:
            assert scene.tracker.get(track.box_id) is None
    assert min(seen) == 1
