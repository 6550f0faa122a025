"""Faces are encoded where it can change something, and looks mend what places got wrong."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import FeatureMaps
from camera_processor.domain.identity import Rule, View
from camera_processor.domain.reidentify import Reidentifier
from camera_processor.domain.tracking.tracker import Tracker
from camera_processor.domain.tracking.tracks import TrackState
from faces import Gallery
from tests.fakes.face_scale import SCALE

MODEL = "model-a"


def unit(seed):
    vector = np.random.default_rng(seed).normal(size=128)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def looks(person, distance=0.2, seed=50):
    return SCALE.held(unit(person) + distance * unit(seed))


class Room:
    """Two persons, 1 on the left and 2 on the right, tracked but not yet encoded."""

    def __init__(self, **settings):
        self.tracker, self.now = Tracker(), 0.0
        self.maps = FeatureMaps(Gallery(), model_id=MODEL, scale=SCALE, rate=1e-4)
        self.persons = Reidentifier(self.tracker, self.maps, rule=Rule(SCALE), **settings)
        for _ in range(3):
            self.show(100, 500)

    def show(self, *lefts, after=0.1):
        self.now += after
        self.tracker.predict(self.now)
        boxes = np.array([[x, 100, x + 90, 190] for x in lefts], dtype=np.float32).reshape(-1, 4)
        self.persons.forget_tracks(self.tracker.update(boxes, np.ones(len(boxes)), self.now))

    def chosen(self, quality=0.5):
        seen = {track.box_id: quality for track in self.tracker.tracks if track.detected}
        return [track.box_id for track in self.persons.choose(seen, self.now)]

    def take(self, box_id, embedding, quality=0.5):
        self.persons.take(self.tracker.get(box_id), View(embedding, quality, self.now))

    def seek(self, person, object_id=7):
        self.maps.add(object_id, unit(person), MODEL)
        self.persons.object_learned()

    def carriers(self):
        return self.persons.carriers(self.tracker.tracks)


def test_everyone_is_encoded_once():
    room = Room()
    assert room.chosen() == [1, 2]
    room.take(1, looks(1))
    assert room.chosen() == [2]
    room.take(2, looks(2))
    assert room.chosen() == []


def test_a_useless_view_is_not_encoded():
    assert Room().chosen(quality=0.05) == []


def test_the_best_of_several_first_views_is_encoded_first():
    room = Room(per_frame=1)
    assert [track.box_id for track in room.persons.choose({1: 0.3, 2: 0.6}, room.now)] == [2]


def test_a_candidate_goes_before_newcomers():
    room = Room(per_frame=1)
    room.seek(1)
    room.take(1, looks(1, distance=0.65))
    assert room.chosen() == [1]


def test_only_a_clearly_better_view_is_encoded_again_and_not_at_once():
    room = Room()
    room.take(1, looks(1), quality=0.5)
    room.take(2, looks(2), quality=0.5)
    assert room.chosen(quality=0.55) == room.chosen(quality=0.9) == []
    room.show(100, 500, after=1.0)
    assert room.chosen(quality=0.55) == []
    assert room.chosen(quality=0.9) == [1, 2]


def test_vain_tries_become_rarer_but_never_end():
    room, tries = Room(), []
    room.seek(9)
    for _ in range(600):
        room.show(100)
        if 1 in room.chosen():
            room.take(1, looks(1))
            tries.append(room.now)
    pauses = np.diff(tries)
    assert pauses[:3].max() <= 0.51, "the first views are gathered quickly"
    assert pauses[-1] == pytest.approx(8.0, abs=0.11)


def test_who_crossed_another_carries_nothing_until_verified():
    room = Room()
    room.seek(1)
    room.take(1, looks(1))
    room.take(1, looks(1, seed=51))
    assert room.carriers() == {1: 7}
    room.tracker.get(1).doubt()
    assert room.carriers() == {}
    assert room.chosen()[0] == 1
    room.take(1, looks(1, seed=52))
    assert room.carriers() == {1: 7}


def test_a_swap_is_undone_by_one_encoding():
    room = Room()
    room.take(1, looks(1))
    room.take(2, looks(2))
    for box_id in (1, 2):
        room.tracker.get(box_id).doubt()
    room.take(1, looks(2, seed=51))
    assert room.tracker.get(2).box[0] == pytest.approx(100, abs=1)
    assert not room.tracker.get(2).doubtful
    assert room.tracker.get(1).doubtful


def test_someone_else_on_a_doubtful_track_gets_an_id_of_their_own():
    room = Room()
    room.take(1, looks(1))
    room.tracker.get(1).doubt()
    room.take(1, looks(3))
    assert room.tracker.get(1).state is TrackState.LOST
    assert room.tracker.get(3).detected
    assert room.persons.identity(room.tracker.get(3)).likeness(looks(3), SCALE) < 0.01


def test_an_unclear_view_of_a_doubtful_track_is_tried_three_times_before_it_is_someone_else():
    room = Room()
    room.take(1, looks(1, distance=0.0))
    room.tracker.get(1).doubt()
    for seed in (51, 52):
        room.take(1, looks(1, distance=0.6, seed=seed))
        assert room.tracker.get(1).doubtful
        assert room.tracker.get(1).detected
    room.take(1, looks(1, distance=0.6, seed=53))
    assert room.tracker.get(1).state is TrackState.LOST


def test_someone_else_is_noticed_even_where_nothing_raised_a_doubt():
    room = Room()
    room.take(1, looks(1))
    room.take(1, looks(3))
    assert room.tracker.get(1).state is TrackState.LOST


def test_a_newcomer_who_looks_like_a_lost_track_resumes_it():
    room = Room()
    room.take(1, looks(1))
    for _ in range(3):
        room.show(500, after=1.0)
    room.show(300, 500)
    room.take(3, looks(1, seed=51))
    assert room.tracker.get(3) is None
    assert room.tracker.get(1).box[0] == pytest.approx(300, abs=1)


def test_of_two_with_one_object_the_nearer_keeps_it_and_the_other_starts_anew():
    room = Room()
    room.seek(1)
    for seed in (51, 52):
        room.take(1, looks(1, distance=0.2, seed=seed))
        room.take(2, looks(1, distance=0.4, seed=seed + 10))
    assert room.carriers() == {1: 7}
    assert room.persons.identity(room.tracker.get(2)).object_id is None


def test_what_is_known_of_a_track_ends_with_it():
    room = Room()
    room.take(1, looks(1))
    track = room.tracker.get(1)
    assert list(room.persons.forget_tracks([track])) == [1]
    assert room.persons.forget_tracks([track]) == {}


def test_a_view_for_a_track_that_ended_is_passed_over():
    room = Room()
    track = room.tracker.get(1)
    track.end()
    room.persons.take(track, View(looks(1), 0.5, room.now))
    assert room.persons.identity(track).best is None
