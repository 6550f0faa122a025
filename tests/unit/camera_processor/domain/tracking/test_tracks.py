"""A track changes by its own methods, and one may go on as what another saw."""

import numpy as np
import pytest

from camera_processor.domain.tracking.kalman import BoxFilter
from camera_processor.domain.tracking.tracks import Motion, Track, TrackState

BOX = np.array([10, 10, 50, 50], np.float32)


def motion(box=BOX, **told):
    return Motion(BoxFilter(box), **({"seen_at": 0.0, "detection": 0, "confidence": 0.9} | told))


def track(box_id=1, **told):
    return Track(box_id, motion(), **told)


def test_a_new_track_is_tentative_where_it_was_detected():
    new = track()
    assert (new.state, new.detected, new.crowded, new.doubtful) == (TrackState.TENTATIVE, True, False, False)
    assert new.box == pytest.approx(BOX)


def test_a_detection_moves_it_and_is_remembered():
    seen = track()
    seen.motion.await_detection()
    assert not seen.detected
    seen.motion.detect(BOX + 20, row=3, confidence=0.7, now=0.5)
    assert seen.detected
    moved = seen.motion
    assert (moved.detection, moved.confidence, moved.seen_at, moved.detections) == (3, 0.7, 0.5, 2)
    assert (seen.box > BOX).all()
    assert (seen.box <= BOX + 20.01).all()


def test_its_states_follow_one_another():
    seen = track()
    states = []
    for change in (seen.confirm, seen.lose, seen.confirm, seen.end):
        change()
        states.append(seen.state)
    assert states == [TrackState.CONFIRMED, TrackState.LOST, TrackState.CONFIRMED, TrackState.REMOVED]


def test_who_was_in_a_crowd_stays_doubtful_until_its_looks_are_verified():
    seen = track()
    seen.be_among(crowded=False)
    assert not seen.doubtful
    seen.be_among(crowded=True)
    seen.be_among(crowded=False)
    assert (seen.crowded, seen.doubtful) == (False, True)
    seen.verify()
    assert not seen.doubtful
    seen.doubt()
    assert seen.doubtful


def test_a_track_that_goes_on_as_another_keeps_its_own_id():
    old, new = track(1, state=TrackState.LOST, doubtful=True), track(2, state=TrackState.CONFIRMED, crowded=True)
    old.go_on_as(new.motion, new.state, crowded=new.crowded)
    assert (old.box_id, old.motion, old.state, old.crowded) == (1, new.motion, TrackState.CONFIRMED, True)
    assert old.doubtful, "whose continuation it is does not say that its looks were verified"
