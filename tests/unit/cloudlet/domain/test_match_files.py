"""What a server gets of a batch: names, portions, the manifest."""

import json

import pytest

from backbone.wire.jobs import FaceMatch, Matched, Photo, Place
from cloudlet.domain.batches import Batch
from cloudlet.domain.match_files import (
    MOST_PHOTO_BYTES,
    Match,
    Sender,
    by_job,
    match_files,
    match_id_of,
    portions,
)

RECT = (0.0, 0.0, 1.0, 1.0)
SENDER = Sender(cloudlet="c:1", epoch="e")
JPEG = b"\xff\xd8\xff"


def face(photo: int, name: str = "anna") -> FaceMatch:
    return FaceMatch(photo, name, RECT, 0.3)


def batch_of(*names: str, device: str = "") -> Batch:
    photos = tuple(Photo(f"blob:{number}", name, 0.0) for number, name in enumerate(names))
    return Batch("b", 7.0, photos, device=device)


def told_of(*faces: FaceMatch, batch: Batch, object_id: int | None = None) -> dict:
    photos = {face.photo: JPEG for face in faces}
    files = match_files(Match("m-1", "anna", "model", faces, object_id), batch, photos, SENDER)
    return json.loads(files[0][1])


def test_matches_are_told_by_job_without_those_that_are_gone():
    result = Matched("1", "1", "m", (face(1), face(0), face(0, "gone")))
    assert by_job(result, lambda name: name == "anna") == {"anna": [face(0), face(1)]}


def test_faces_of_one_photo_stay_in_one_zip_and_lost_photos_are_left_out():
    faces = [face(0), face(1), face(1), face(2)]
    half = MOST_PHOTO_BYTES // 2 + 1
    assert list(portions(faces, {0: half, 1: half})) == [(face(0),), (face(1), face(1))]
    assert list(portions(faces, {})) == []


def test_a_match_has_the_same_name_each_time():
    assert match_id_of("b", "anna", 0) == match_id_of("b", "anna", 0)
    assert len({match_id_of("b", "anna", 0), match_id_of("b", "anna", 1), match_id_of("b", "boris", 0)}) == 3


def test_the_name_of_a_match_is_that_of_older_versions():
    """What an older version put into its spool, and a newer one finds again, must not be told twice."""
    assert match_id_of("b", "anna", 0) == "ee94041d-f96b-56f7-8ffd-5500624e8b6a"
    assert match_id_of("b", "anna", 1) == "fae021eb-73f2-50b7-a734-07d514074847"


def test_a_server_is_told_who_found_what_and_when():
    assert told_of(face(0), batch=batch_of("a.jpg")) == {
        "matchId": "m-1",
        "jobName": "anna",
        "cloudlet": "c:1",
        "cloudletId": "e",
        "receivedAt": 7.0,
        "matches": [{"photo": "a.jpg", "rect": list(RECT), "distance": 0.3, "modelId": "model"}],
    }


def test_a_server_is_told_the_device_the_time_the_place_and_its_own_name_where_they_are_known():
    told = told_of(
        FaceMatch(0, "anna", RECT, 0.3, taken_at=5.0, place=Place(1.0, 2.0)),
        batch=batch_of("a.jpg", device="station 7"),
        object_id=9,
    )
    assert (told["device"], told["objectId"]) == ("station 7", 9)
    assert told["matches"][0]["takenAt"] == 5.0
    assert told["matches"][0]["place"] == {"latitude": 1.0, "longitude": 2.0}


def test_photos_keep_their_names_in_a_match_unless_these_will_not_do():
    batch = batch_of("match.json", "IMG_1.jpg", "photo-1.jpg", "x" * 101)
    photos = {number: JPEG + bytes([number]) for number in range(4)}
    match = Match("m-1", "anna", "model", tuple(face(number) for number in photos))
    (manifest_name, manifest), *files = match_files(match, batch, photos, SENDER)
    assert manifest_name == "match.json"
    names = ["another-photo-1.jpg", "IMG_1.jpg", "photo-1.jpg", "photo-4.jpg"]
    assert [one["photo"] for one in json.loads(manifest)["matches"]] == names
    assert files == list(zip(names, photos.values(), strict=True))


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(JPEG, "jpg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"BM", "bmp"), (b"GIF89", "gif"), (b"?", "jpg")],
)
def test_a_photo_without_a_name_is_named_by_what_it_holds(content, suffix):
    match = Match("m-1", "anna", "model", (face(0),))
    assert match_files(match, batch_of(""), {0: content}, SENDER)[1] == (f"photo-1.{suffix}", content)
