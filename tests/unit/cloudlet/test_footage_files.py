"""What a server gets of footage."""

import base64

import pytest

from backbone.errors import BadInput
from backbone.wire.jobs import FaceMatch
from cloudlet.batches import Batch
from cloudlet.footage_files import GAP_SECONDS, appearances, as_photos, check_path

CROP = base64.b64encode(b"a face").decode()


def face(at: float, distance: float, crop: str | None = CROP) -> FaceMatch:
    return FaceMatch(0, "anna", (0.1, 0.1, 0.2, 0.2), distance, at, crop=crop)


def test_one_face_stands_for_each_appearance_and_it_is_the_nearest():
    here, there = [face(10.0, 0.4), face(11.0, 0.2), face(12.0, 0.3)], [face(12.1 + GAP_SECONDS, 0.5)]
    assert appearances(here + there) == [here[1], there[0]]
    assert appearances([]) == []


def test_crops_are_told_as_photos_and_what_has_none_is_left_out():
    batch = Batch("b", 50.0, (), device="station 7", footage="station7/yard.v2.mp4")
    named, faces, photos = as_photos(batch, [face(10.0, 0.4, None), face(11.5, 0.2), face(90.0, 0.3)])
    assert photos == {0: b"a face", 1: b"a face"}
    assert [photo.name for photo in named.photos] == ["yard.v2-11.5.jpg", "yard.v2-90.0.jpg"]
    assert [(one.photo, one.rect, one.taken_at) for one in faces] == [
        (0, (0.0, 0.0, 1.0, 1.0), 11.5),
        (1, (0.0, 0.0, 1.0, 1.0), 90.0),
    ]


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../a.mp4", "a/../../b.mp4", "a\n.mp4", "x" * 501])
def test_a_path_that_leads_elsewhere_is_refused(path):
    with pytest.raises(BadInput, match="below the footage folder"):
        check_path(path)


def test_a_path_stays_as_it_came():
    assert check_path("station7/yard.v2.mp4") == "station7/yard.v2.mp4"
