"""Jobs and batches on their way."""

import json

import pytest

from backbone.errors import Unavailable
from backbone.wire.jobs import Encoded, FaceMatch, Failed, Matched, Photo, Reference
from cloudlet import jobs as jobs_module
from cloudlet.batches import Batch, Batches
from cloudlet.jobs import Job, Jobs, JobState
from cloudlet.match_files import MOST_PHOTO_BYTES, by_job, match_id_of, match_zip, portions
from tests.fakes.legacy_peers import photos_in

ROW = (0.5,) * 128
RECT = (0.0, 0.0, 1.0, 1.0)


def job(name: str = "anna", state: JobState = JobState.ENCODING, task: str = "t") -> Job:
    return Job(name, "digest", state, 0.6, task, (("blob:1", "a.jpg"),), embeddings=(ROW,))


def encoded(model: str = "m", rows=(ROW,)) -> Encoded:
    return Encoded("t", "anna", model, tuple(Reference("a.jpg", RECT, row, "") for row in rows))


def face(photo: int, name: str = "anna") -> FaceMatch:
    return FaceMatch(photo, name, RECT, 0.3)


@pytest.mark.parametrize(
    ("result", "state", "reason"),
    [
        (encoded(), JobState.OPEN, ""),
        (encoded(rows=()), JobState.UNUSABLE, "no photo shows a face"),
        (encoded(model="other"), JobState.UNUSABLE, "expected the model m, got other"),
        (Failed("t", "anna", "crashed", "gave up"), JobState.UNUSABLE, "crashed: gave up"),
    ],
)
def test_a_job_becomes_what_its_encoding_tells(result, state, reason):
    after = Jobs("m").after(job(), result)
    assert (after.state, after.reason, after.photos) == (state, reason, ())


def test_only_open_jobs_are_sought():
    known = Jobs("m")
    known.load([job("a", JobState.OPEN), job("b"), job("c", JobState.UNUSABLE)])
    assert [sought.name for sought in known.sought()] == ["a"]
    assert known.of_task("t") == job("b")


def test_there_is_room_for_so_many_jobs(monkeypatch):
    monkeypatch.setattr(jobs_module, "MAX_JOBS", 1)
    known = Jobs("m")
    known.put(job("a"))
    known.check_room("a")
    with pytest.raises(Unavailable):
        known.check_room("b")


def test_a_batch_waits_for_the_encodings_that_were_under_way():
    batches = Batches(2)
    batches.put(Batch("1", 0.0, (Photo("blob:1", "a", 0.0),), waits_for=("t",)))
    batches.put(Batch("2", 0.0, (), begun=True))
    assert batches.ready({"t", "other"}) == []
    assert [batch.batch_id for batch in batches.ready({"other"})] == ["1"]
    with pytest.raises(Unavailable):
        batches.check_room()


def test_matches_are_told_by_job_without_those_that_are_gone():
    result = Matched("1", "1", "m", (face(1), face(0), face(0, "gone")))
    assert by_job(result, lambda name: name == "anna") == {"anna": [face(0), face(1)]}


def test_faces_of_one_photo_stay_in_one_zip_and_lost_photos_are_left_out():
    faces = [face(0), face(1), face(1), face(2)]
    half = MOST_PHOTO_BYTES // 2 + 1
    assert list(portions(faces, {0: half, 1: half})) == [[face(0)], [face(1), face(1)]]
    assert list(portions(faces, {})) == []


def test_a_match_has_the_same_name_each_time():
    assert match_id_of("b", "anna", 0) == match_id_of("b", "anna", 0)
    assert len({match_id_of("b", "anna", 0), match_id_of("b", "anna", 1), match_id_of("b", "boris", 0)}) == 3


def test_photos_keep_their_names_in_a_match_unless_these_will_not_do():
    told = ["match.json", "IMG_1.jpg", "photo-1.jpg", "x" * 101]
    batch = Batch("b", 0.0, tuple(Photo(f"blob:{number}", name, 0.0) for number, name in enumerate(told)))
    photos = {number: b"\xff\xd8\xff" + bytes([number]) for number in range(len(told))}
    faces = [face(number) for number in photos]
    packed = match_zip(batch, "anna", faces, photos, match_id="m", cloudlet="c:1", epoch="e", model_id="m")
    files = photos_in(packed)
    manifest = json.loads(files.pop("match.json"))
    assert [one["photo"] for one in manifest["matches"]] == [
        "another-photo-1.jpg", "IMG_1.jpg", "photo-1.jpg", "photo-4.jpg",
    ]  # fmt: skip
    assert [files[one["photo"]] for one in manifest["matches"]] == list(photos.values())
