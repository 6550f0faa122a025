"""Sample photos of phones: who is in them, and what they tell of themselves."""

from datetime import UTC, datetime

import numpy as np
from PIL import Image

from drill.clip_writer import write_clip
from drill.footage import Clip, Footage
from drill.phone_photos import choose, make_phone_photos
from drill.truth import TrueFace, Truth, dump_truth

EXIF, TAKEN, GPS = 0x8769, 0x9003, 0x8825
TOLD_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC).timestamp()


def face(person, size, *, detectable=True):
    return TrueFace(person, (10, 10, 10 + size, 10 + size), 1.0, detectable)


def truth(*faces):
    frames = [()] * 200
    for index, one in faces:
        frames[index] = (*frames[index], one)
    return Truth("camera-1", 10, 64, 48, {"sought": "a.jpg", "x": "b.jpg"}, tuple(frames))


STORY = truth((20, face("sought", 30)), (21, face("sought", 29)), (120, face("sought", 20)), (60, face("x", 18)))


def test_the_sought_person_is_chosen_where_largest_and_again_well_apart():
    assert choose(STORY) == {20: True, 120: True, 60: False}


def test_a_face_that_nobody_could_find_is_not_chosen():
    told = truth((20, face("sought", 30)), (120, face("sought", 20)), (190, face("sought", 40, detectable=False)))
    chosen = choose(told)
    assert {20, 120} <= chosen.keys()
    assert 190 not in chosen


def photos_of(tmp_path, *, taken_at):
    clip = Clip("camera-1", tmp_path / "camera-1.mp4", tmp_path / "camera-1.json")
    write_clip(clip.video, (np.full((48, 64, 3), index, np.uint8) for index in range(200)), fps=10, size=(64, 48))
    clip.truth.write_text(dump_truth(STORY), encoding="utf-8")
    return make_phone_photos(Footage((clip,), tmp_path / "case.jpg"), tmp_path / "phone", taken_at=taken_at)


def test_photos_are_those_frames_and_tell_their_time_and_place(tmp_path):
    photos = {photo.path.name: photo for photo in photos_of(tmp_path, taken_at=TOLD_AT)}
    assert {name: photo.shows_sought for name, photo in photos.items()} == {
        "camera-1-20.jpg": True,
        "camera-1-60.jpg": False,
        "camera-1-120.jpg": True,
    }
    for name, photo in photos.items():
        with Image.open(photo.path) as image:
            assert abs(np.asarray(image).mean() - int(name[9:-4])) < 12
            assert image.getexif().get_ifd(EXIF)[TAKEN] == "2026:03:04 05:06:07"
            assert image.getexif().get_ifd(GPS)[1] == "N"


def test_photos_may_keep_quiet_about_their_time(tmp_path):
    with Image.open(photos_of(tmp_path, taken_at=None)[0].path) as image:
        assert TAKEN not in image.getexif().get_ifd(EXIF)
