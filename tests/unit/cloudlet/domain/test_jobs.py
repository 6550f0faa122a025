"""Who is sought, and how far each job is."""

from dataclasses import replace

import pytest

from backbone.errors import Unavailable
from backbone.wire.jobs import Encoded, Failed, Reference, Sought
from cloudlet.domain import jobs as jobs_module
from cloudlet.domain.jobs import Job, Jobs, JobState

ROW = (0.5,) * 128
RECT = (0.0, 0.0, 1.0, 1.0)


def job(name: str = "anna", state: JobState = JobState.ENCODING, task: str = "t") -> Job:
    return Job(name, "digest", state, 0.6, task, (("blob:1", "a.jpg"),), embeddings=(ROW,))


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
