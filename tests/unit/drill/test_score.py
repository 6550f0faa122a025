"""The score counts what an operator would count: found, missed, and named wrongly."""

import pytest

from drill.scenario import SOUGHT
from drill.score import OBJECT_ID, Passage, camera_score, sought_scores, track_scores
from drill.truth import TrueFace, Truth

LEFT, RIGHT = (100.0, 100.0, 200.0, 200.0), (500.0, 100.0, 600.0, 200.0)


def passage(*frames):
    """Make a passage of (faces, boxes) pairs."""
    truth = Truth("camera-1", 10.0, 960, 540, {SOUGHT: "a.jpg"}, tuple(tuple(faces) for faces, _ in frames))
    return Passage(truth, tuple(tuple(boxes) for _, boxes in frames), 0)


def face(person, box, *, detectable=True):
    return TrueFace(person, box, 1.0, detectable)


def test_a_box_on_the_sought_face_with_the_object_is_right():
    score = camera_score(passage(([face(SOUGHT, LEFT)], [(LEFT, 1, OBJECT_ID)])))
    assert (score.detectable, score.right, score.strangers) == (1, 1, 0)
    assert score.reached


def test_a_box_without_the_object_is_a_miss():
    score = camera_score(passage(([face(SOUGHT, LEFT)], [(LEFT, 1, None)])))
    assert (score.right, score.strangers) == (0, 0)
    assert not score.reached


def test_the_object_on_a_stranger_or_on_nobody_is_counted_against_it():
    people = [face(SOUGHT, LEFT), face("stranger-1", RIGHT)]
    seen = [(LEFT, 1, OBJECT_ID), (RIGHT, 2, OBJECT_ID)]
    score = camera_score(passage((people, seen), ([], [(RIGHT, 2, OBJECT_ID)])))
    assert (score.detectable, score.right, score.strangers) == (1, 1, 2)
    assert not score.reached


def test_a_face_that_cannot_be_detected_is_not_asked_for():
    hidden = passage(([face(SOUGHT, LEFT, detectable=False)], []))
    assert camera_score(hidden).detectable == 0
    assert camera_score(hidden).share_right == 1.0
    assert sought_scores([hidden]).false_negatives == 0


def test_cameras_add_up():
    found = camera_score(passage(([face(SOUGHT, LEFT)], [(LEFT, 1, OBJECT_ID)])))
    missed = camera_score(passage(([face(SOUGHT, LEFT)], [])))
    assert (found + missed).share_right == 0.5


def test_a_new_box_id_halfway_costs_the_tracks_but_not_the_sought_person():
    people = [face(SOUGHT, LEFT)]
    run = passage((people, [(LEFT, 1, OBJECT_ID)]), (people, [(LEFT, 2, OBJECT_ID)]))
    assert sought_scores([run]).idf1 == 1.0
    assert track_scores([run]).idf1 == 0.5


def test_a_first_sighting_is_timed_from_when_the_face_could_be_detected():
    unseen = ([face(SOUGHT, LEFT, detectable=False)], [])
    missed, found = ([face(SOUGHT, LEFT)], []), ([face(SOUGHT, LEFT)], [(LEFT, 1, OBJECT_ID)])
    assert camera_score(passage(unseen, missed, missed, missed, found)).waits == (pytest.approx(0.3),)
    early = ([face(SOUGHT, LEFT, detectable=False)], [(LEFT, 1, OBJECT_ID)])
    assert camera_score(passage(early, found)).waits == (0.0,)
    assert camera_score(passage(missed)).waits == (float("inf"),)
    assert camera_score(passage(unseen)).waits == ()
