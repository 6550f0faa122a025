"""Every living cloudlet has what is sought and nothing else, whatever it refuses and whoever sends."""

import asyncio
import io
import json
import zipfile
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from backbone.errors import Unavailable
from backbone.face_models.names import SFACE
from processor_orchestrator.bus import EventBus
from processor_orchestrator.domain import cloudlet as cloudlets
from processor_orchestrator.domain.budget import distance_of
from processor_orchestrator.domain.case import Case, Kind
from processor_orchestrator.domain.case_events import CaseClosed, CaseOpened, Reason
from processor_orchestrator.domain.events import CloudletHeard
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.registry.cloudlet_client import REFUSED
from processor_orchestrator.registry.job_pusher import JobPusher
from processor_orchestrator.registry.job_zip import job_zip
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.stores.registry_memory import MemoryRegistry
from tests.fakes.waiting import until

ROW = tuple(number / 128 for number in range(128))
NOW = 1_700_000_000.0
CASE = Case(
    case_id=1,
    opened_at=NOW,
    expires_at=NOW + 99,
    name="Anna",
    threshold=0.45,
    kind=Kind.CASE,
    feature_map=[list(ROW)],
    model_id="m",
)
JOB = replace(CASE, case_id=2, kind=Kind.JOB, job="bert")
OURS = cloudlets.Caller("10.0.0.1", 8100, "run-1")
LEGACY = cloudlets.Caller("10.0.0.2", 8100)


class Client:
    """Cloudlets that keep what they are sent."""

    def __init__(self):
        self.jobs, self.sent, self.fails = {}, [], {}

    async def new_job(self, cloudlet, job, content):
        self.sent.append((cloudlet.key, "newJob", job))
        self._may_fail(cloudlet, job)
        self.jobs[cloudlet.key, job] = content

    async def delete_job(self, cloudlet, job):
        self.sent.append((cloudlet.key, "deleteJob", job))
        self._may_fail(cloudlet, job)
        self.jobs.pop((cloudlet.key, job), None)

    def _may_fail(self, cloudlet, job):
        fault = self.fails.get((cloudlet.key, job))
        if fault is not None:
            raise fault


class Cases:
    """What is sought, as a test wants it."""

    def __init__(self):
        self.by_id, self.loaded = {}, True

    def open(self):
        return list(self.by_id.values())


class Bench:
    def __init__(self):
        self.store, self.registry, self.client = MemoryStore(), MemoryRegistry(), Client()
        self.cases, self.bus, self.sought = Cases(), EventBus(), OpenCases()
        self.objects = self.cases.by_id
        self.pusher = self.another()

    def another(self):
        return JobPusher(
            registry=self.registry,
            store=self.store,
            client=self.client,
            cases=self.cases,
            thresholds=Thresholds(self.sought, faces_per_day=10_000.0),
            bus=self.bus,
            heartbeat=5.0,
            now=lambda: NOW,
        )

    async def open(self, case, chips=(b"\xff\xd8 chip",)):
        await self.store.save(CaseOpened(case))
        await self.store.save_chips(case, list(chips))
        self.objects[case.case_id] = case

    async def close(self, case):
        await self.store.save(CaseClosed(case.case_id, Reason.STOPPED, ""))
        del self.objects[case.case_id]

    async def joins(self, caller, now=NOW):
        await self.registry.change(lambda roster: cloudlets.joined(roster, caller, now=now))
        await self.registry.change(lambda roster: cloudlets.asked(roster, caller, now=now))

    async def turn(self):
        """Look at every cloudlet once."""
        self.pusher._look_at_all()
        async with asyncio.TaskGroup() as group:
            await self.pusher._turn(group)


@pytest.fixture
def bench():
    return Bench()


def names(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


async def test_each_living_cloudlet_gets_each_case_once(bench):
    await bench.open(CASE)
    await bench.open(JOB)
    for caller in (OURS, LEGACY):
        await bench.joins(caller)
    for _ in range(3):
        await bench.turn()
    assert sorted(bench.client.sent) == sorted(
        (caller.key, "newJob", job) for caller in (OURS, LEGACY) for job in ("case-1", "bert")
    )
    assert names(bench.client.jobs[OURS.key, "case-1"]) == ["references.json", "reference-1.jpg"]
    assert names(bench.client.jobs[LEGACY.key, "case-1"]) == ["reference-1.jpg"], "legacy takes every file for a photo"


async def test_a_cloudlet_of_ours_gets_a_case_anew_when_a_face_was_rejected(bench):
    await bench.open(CASE)
    for caller in (OURS, LEGACY):
        await bench.joins(caller)
    await bench.turn()
    bench.objects[1] = replace(CASE, negatives=(ROW,))
    for _ in range(3):
        await bench.turn()
    assert bench.client.sent.count((OURS.key, "newJob", "case-1")) == 2
    assert bench.client.sent.count((LEGACY.key, "newJob", "case-1")) == 1
    with zipfile.ZipFile(io.BytesIO(bench.client.jobs[OURS.key, "case-1"])) as archive:
        assert json.loads(archive.read("references.json"))["negatives"] == [list(ROW)]


def told(bench, caller):
    with zipfile.ZipFile(io.BytesIO(bench.client.jobs[caller.key, "case-1"])) as archive:
        return json.loads(archive.read("references.json"))


async def test_a_cloudlet_of_another_model_gets_that_models_references_once_they_are_known(bench):
    other = replace(OURS, model_id="other")
    await bench.open(CASE)
    await bench.joins(other)
    await bench.turn()
    assert (told(bench, other)["modelId"], told(bench, other)["references"]) == ("other", []), "it encodes the pictures"
    assert told(bench, other)["threshold"] == 0.45
    row = tuple(-number for number in ROW)
    bench.objects[1] = replace(CASE, others=(Likeness("other", [list(row)], (ROW,)),))
    for _ in range(3):
        await bench.turn()
    assert [one["embedding"] for one in told(bench, other)["references"]] == [list(row)]
    assert (told(bench, other)["modelId"], told(bench, other)["negatives"]) == ("other", [list(ROW)])
    assert bench.client.sent.count((other.key, "newJob", "case-1")) == 2


async def test_a_cloudlet_is_told_the_distance_of_the_budget_anew_when_more_cases_share_it(bench):
    known = replace(CASE, threshold=None, model_id=SFACE)
    await bench.open(known)
    await bench.joins(replace(OURS, model_id=SFACE))
    bench.sought.replace_all([known])
    for _ in range(2):
        await bench.turn()
    assert told(bench, OURS)["threshold"] == distance_of(3e-4, SFACE, references=1)
    bench.sought.replace_all([known, JOB])
    for _ in range(2):
        await bench.turn()
    assert told(bench, OURS)["threshold"] == distance_of(1.5e-4, SFACE, references=1)
    assert bench.client.sent.count((OURS.key, "newJob", "case-1")) == 2


async def test_a_stated_distance_is_sent_once_however_many_cases_are_open(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    for cases in ([CASE], [CASE, JOB]):
        bench.sought.replace_all(cases)
        await bench.turn()
    assert bench.client.sent.count((OURS.key, "newJob", "case-1")) == 1


async def test_a_closed_case_is_taken_away(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    await bench.turn()
    await bench.close(CASE)
    await bench.turn()
    await bench.turn()
    assert bench.client.jobs == {}
    assert [said[1] for said in bench.client.sent] == ["newJob", "deleteJob"]


async def test_what_may_have_arrived_is_taken_away_as_well(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    bench.client.fails[OURS.key, "case-1"] = Unavailable("no answer")
    await bench.turn()
    await bench.close(CASE)
    bench.client.fails.clear()
    await bench.turn()
    assert [said[1] for said in bench.client.sent] == ["newJob", "deleteJob"]


async def test_a_job_that_is_refused_does_not_hold_up_the_others(bench):
    await bench.open(CASE)
    await bench.open(JOB)
    await bench.joins(OURS)
    bench.client.fails[OURS.key, "case-1"] = Unavailable("500", code=REFUSED)
    await bench.turn()
    assert list(bench.client.jobs) == [(OURS.key, "bert")]


async def test_a_cloudlet_that_is_silent_waits_and_is_asked_again(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    bench.client.fails[OURS.key, "case-1"] = Unavailable("no answer")
    later = []
    bench.pusher._look_later = lambda key, seconds: later.append((key, seconds))
    await bench.turn()
    assert [(key, seconds > 0) for key, seconds in later] == [(OURS.key, True)], "it is given time"
    bench.client.fails.clear()
    await bench.turn()
    assert list(bench.client.jobs) == [(OURS.key, "case-1")]


async def test_another_orchestrator_goes_on_where_one_ended(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    await bench.turn()
    bench.pusher = bench.another()
    await bench.open(JOB)
    await bench.turn()
    assert [said[2] for said in bench.client.sent] == ["case-1", "bert"]


async def test_a_name_that_comes_again_is_sent_again(bench):
    await bench.open(JOB)
    await bench.joins(LEGACY)
    await bench.turn()
    await bench.close(JOB)
    await bench.open(replace(JOB, case_id=3))
    await bench.turn()
    assert [said[1:] for said in bench.client.sent] == [("newJob", "bert"), ("deleteJob", "bert"), ("newJob", "bert")]


async def test_what_another_orchestrator_opened_just_now_is_not_taken_away(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    await bench.turn()
    del bench.objects[1]  # this process has not heard of it
    await bench.turn()
    assert [said[1] for said in bench.client.sent] == ["newJob"]


async def test_nothing_is_sent_before_what_is_sought_is_known(bench):
    await bench.open(CASE)
    await bench.joins(OURS)
    await bench.turn()
    bench.cases.loaded = False
    with pytest.raises(Unavailable):
        await bench.pusher._turn(None)
    assert len(bench.client.sent) == 1


async def test_the_dead_and_those_that_just_joined_are_sent_nothing(bench):
    await bench.open(CASE)
    await bench.joins(LEGACY, now=NOW - 16)
    await bench.registry.change(lambda roster: cloudlets.joined(roster, OURS, now=NOW))
    await bench.turn()
    assert bench.client.sent == []


async def test_an_object_without_a_picture_is_for_ours_only(bench):
    box = replace(CASE, kind=Kind.BOX)
    await bench.open(box, chips=())
    for caller in (OURS, LEGACY):
        await bench.joins(caller)
    await bench.turn()
    assert list(bench.client.jobs) == [(OURS.key, "case-1")]


@asynccontextmanager
async def running(pusher):
    task = asyncio.create_task(pusher.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_cloudlet_that_is_heard_and_a_case_that_changes_are_looked_at_soon(bench):
    async with running(bench.pusher):
        await bench.open(CASE)
        await bench.joins(OURS)
        bench.bus.publish(CloudletHeard(OURS.key))
        await until(lambda: bench.client.jobs)
        await bench.open(JOB)
        bench.bus.publish(CaseOpened(JOB))
        await until(lambda: len(bench.client.jobs) == 2)
        await bench.close(CASE)
        bench.bus.publish(CaseClosed(1, Reason.STOPPED, ""))
        await until(lambda: list(bench.client.jobs) == [(OURS.key, "bert")])


async def test_while_another_orchestrator_sends_it_is_looked_at_again_later(bench):
    async def taken(key, owner, *, seconds):
        return False

    bench.registry.claim = taken
    later = []
    bench.pusher._look_later = lambda key, seconds: later.append(key)
    await bench.open(CASE)
    await bench.joins(OURS)
    await bench.turn()
    assert (bench.client.sent, later) == ([], [OURS.key])


def test_the_same_case_makes_the_same_zip():
    made = job_zip(CASE, [b"1", b"2"], likeness=CASE.likenesses[0], threshold=0.45)
    assert made == job_zip(CASE, [b"1", b"2"], likeness=CASE.likenesses[0], threshold=0.45)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        told = json.loads(archive.read("references.json"))
    assert (told["modelId"], told["threshold"]) == ("m", 0.45)
    assert told["references"] == [{"photo": "reference-1.jpg", "embedding": list(ROW)}]
    assert job_zip(CASE, [], likeness=Likeness("m", {"any": 1}), threshold=None) is None
