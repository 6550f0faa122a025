import numpy as np
import pytest

from drill.scenario import ACTS, FPS, FRAMES, SOUGHT, WIDTH

CAMERA_1, CAMERA_2 = ACTS


def seconds_in_picture(act, person):
    walk = next(walk for walk in act.walks if walk.person == person)
    poses = ((index / FPS, walk.pose_at(index / FPS)) for index in range(FRAMES))
    return [second for second, pose in poses if pose and 0 <= pose.x < WIDTH]


def test_the_sought_person_leaves_camera_1_before_coming_back_on_camera_2():
    assert 15 < max(seconds_in_picture(CAMERA_1, SOUGHT)) < 18.6
    assert min(seconds_in_picture(CAMERA_2, SOUGHT)) > 20


@pytest.mark.parametrize("person", ["stranger-1", "stranger-2"])
def test_no_stranger_is_in_two_places_at_once(person):
    assert not set(seconds_in_picture(CAMERA_1, person)) & set(seconds_in_picture(CAMERA_2, person))


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.camera)
def test_the_sought_person_crosses_a_stranger(act):
    sought, stranger = (next(walk for walk in act.walks if walk.person == name) for name in (SOUGHT, "stranger-1"))
    both = [(sought.pose_at(i / FPS), stranger.pose_at(i / FPS)) for i in range(FRAMES)]
    ahead = [a.x > b.x for a, b in both if a and b]
    assert any(ahead)
    assert not all(ahead)


@pytest.mark.parametrize("walk", [walk for act in ACTS for walk in act.walks], ids=lambda walk: walk.portrait)
def test_people_move_smoothly_and_stay_large_enough_for_the_detector(walk):
    poses = [pose for i in range(FRAMES) if (pose := walk.pose_at(i / FPS))]
    steps = np.diff([pose.x for pose in poses])
    assert np.abs(np.diff(steps)).max() < 4
    assert np.abs(steps).max() < 30
    assert all(80 <= pose.face_px <= 140 and abs(pose.degrees) < 5 for pose in poses)
    assert walk.pose_at(0) is walk.pose_at((FRAMES - 1) / FPS) is None
