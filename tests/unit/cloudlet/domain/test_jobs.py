"""Who is sought, and how far each job is."""

import json
from dataclasses import replace

import msgspec
import pytest

from backbone.errors import Unavailable
from backbone.face_models.names import DLIB, SFACE
from backbone.wire.jobs import Encoded, Failed, Reference, Sought
from cloudlet.domain import jobs as jobs_module
from cloudlet.domain.jobs import Job, Jobs, JobState

ROW = (0.5,) * 128
RECT = (0.0, 0.0, 1.0, 1.0)


def job(name: str = "anna", state: JobState = JobState.ENCODING, task: str = "t") -> Job:
    return Job(name, "digest", state, 0.6, task, (("blob:1", "a.jpg"),), embeddings=(ROW,), model_id="m")


def encoded(model: str = "m", rows=(ROW,)) -> Encoded:
    return Encoded("t", "anna", model, tuple(Reference("a.jpg", RECT, row, "") for row in rows))


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


def test_of_what_several_models_made_a_job_takes_its_own():
    result = Encoded("t", "anna", "other", (), others={"m": (Reference("a.jpg", RECT, ROW, ""),)})
    after = Jobs("m").after(job(), result)
    assert (after.state, after.embeddings, after.model_id) == (JobState.OPEN, (ROW,), "m")


def test_a_job_whose_embeddings_are_of_another_model_is_never_compared_and_has_to_come_again():
    known = Jobs("m")
    known.load([replace(job("a", JobState.OPEN), model_id="other"), job("b", JobState.OPEN)])
    assert [one.name for one in known.sought()] == ["b"]
    assert (known.get("a").state, known.get("a").embeddings) == (JobState.UNUSABLE, ())
    assert known.get("a").reason == "expected embeddings of the model m, got other: it has to be sent again"
    known.put(replace(job("c", JobState.OPEN), model_id="other"))
    assert [one.name for one in known.sought()] == ["b"]


def test_a_job_that_was_kept_before_jobs_named_their_model_is_dlibs():
    kept = json.loads(msgspec.json.encode(job("a", JobState.OPEN)))
    del kept["model_id"]
    old = msgspec.convert(kept, Job)
    for model, state in ((DLIB, JobState.OPEN), (SFACE, JobState.UNUSABLE)):
        known = Jobs(model)
        known.load([old])
        assert known.get("a").state is state


def test_only_open_jobs_are_sought():
    known = Jobs("m")
    known.load([job("a", JobState.OPEN), job("b"), job("c", JobState.UNUSABLE)])
    assert known.sought() == (Sought("a", 0.6, (ROW,)),)
    assert known.of_task("t") == job("b")
    assert [known.count(state) for state in JobState] == [1, 1, 1]


def test_a_job_opened_later_under_the_name_of_a_deleted_one_is_another():
    known = Jobs("m")
    assert not known.is_sought_since("anna", 5.0)
    known.put(replace(job(), sought_since=5.0))
    assert known.is_sought_since("anna", 5.0)
    assert not known.is_sought_since("anna", 4.0)
    known.drop("anna")
    assert not known.is_sought_since("anna", 5.0)


def test_there_is_room_for_so_many_jobs(monkeypatch):
    monkeypatch.setattr(jobs_module, "MAX_JOBS", 1)
    known = Jobs("m")
    known.put(job("a"))
    known.check_room("a")
    with pytest.raises(Unavailable):
        known.check_room("b")
