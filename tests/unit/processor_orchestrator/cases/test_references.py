"""Photos to the workers, references back: whatever fails in between, nothing is lost and nothing happens twice."""

import asyncio
import base64
from dataclasses import replace

import pytest

from backbone.errors import Conflict, NotFound, Unavailable
from backbone.jobs.result_consumer import ResultConsumer
from backbone.wire.jobs import ENCODE, Encoded, EncodeTask, Failed, Matched, Reference, Refused
from processor_orchestrator.cases import references as references_module
from processor_orchestrator.cases.form import CaseForm, UploadedPhoto
from processor_orchestrator.cases.models_in_use import ModelsInUse
from processor_orchestrator.cases.references import ReferenceService
from processor_orchestrator.domain import open_cases as open_cases_module
from processor_orchestrator.domain.case import CaseState, Kind
from processor_orchestrator.domain.case_events import SightingRejected
from processor_orchestrator.domain.events import CameraModelsChanged
from processor_orchestrator.domain.sighting import Changes, Sighting
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.stores.registry_memory import MemoryRegistry
from tests.fakes.waiting import until
from tests.unit.processor_orchestrator.services import Services

NOW = 1_700_000_000.0
FORM = CaseForm("Anna", 0.45, None, NOW + 3600)
PHOTOS = [UploadedPhoto("a.jpg", b"one"), UploadedPhoto("b.jpg", b"two")]
ROW = tuple(number / 128 for number in range(128))
CHIP = base64.b64encode(b"\xff\xd8 chip").decode()


async def _at_once(_seconds):
    await asyncio.sleep(0)


class Queue:
    """Workers that answer what a test wants."""

    def __init__(self):
        self.blobs, self.tasks, self.away = {}, {}, False
        self.waiting, self.acknowledged = asyncio.Queue(), []

    async def put_blobs(self, blobs):
        self.blobs.update(blobs)

    async def drop_blobs(self, keys):
        for key in keys:
            self.blobs.pop(key, None)

    async def enqueue(self, queue, task):
        if self.away:
            raise Unavailable("away")
        assert queue == ENCODE
        self.tasks[task.task_id] = task

    async def open_results(self, stream, group):
        pass

    async def deliveries(self, stream, group, entry_id):
        return 1

    async def read_results(self, stream, group, consumer, **_more):
        while True:
            yield await self.waiting.get()

    async def ack(self, stream, group, entry_id):
        self.acknowledged.append(entry_id)


class Store(MemoryStore):
    """A store that can be away for some writes."""

    fails = 0
    asked = False

    async def open_case(self, case_id):
        self.asked = True
        return await super().open_case(case_id)

    async def save(self, event):
        if self.fails:
            self.fails -= 1
            raise Unavailable("away")
        await super().save(event)


class Bench:
    def __init__(self, metrics):
        self.now = NOW
        self.store, self.queue = Store(), Queue()
        self.services = Services(self.store, metrics, now=lambda: self.now)
        self.cases = self.services.cases
        self.models = ModelsInUse(bus=self.services.bus, registry=MemoryRegistry(), queue=None, heartbeat=5.0)
        self.desk = self.another()

    def another(self, **changed):
        parts = {"registry": MemoryRegistry(), "queue": self.queue, "now": lambda: self.now}
        return ReferenceService(
            cases=self.cases,
            store=self.store,
            bus=self.services.bus,
            models=self.models,
            results="searchlight:results",
            **(parts | changed),
        )

    async def learn_rejected(self, sighting):
        await self.desk.learn_rejected(SightingRejected(sighting.case_id, sighting.sighting_id), self.queue)

    async def results(self, *results):
        """Let the desk take results and return when all are acknowledged."""
        before = len(self.queue.acknowledged)
        for number, result in enumerate(results):
            await self.queue.waiting.put((f"{before + number}-0", result))
        consumer = ResultConsumer(
            queue=self.queue, stream="searchlight:results", group="g", take=self.desk.take, pause=_at_once
        )
        task = asyncio.create_task(consumer.run())
        try:
            await until(lambda: len(self.queue.acknowledged) == before + len(results))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def known(self, case_id=1):
        return self.cases.get(case_id)


@pytest.fixture
async def bench(metrics):
    made = Bench(metrics)
    await made.cases.load()
    return made


def encoded(tag="1", chip=CHIP):
    return Encoded(f"case-{tag}", tag, "m", (Reference("a.jpg", (0.0, 0.0, 1.0, 1.0), ROW, chip),))


async def test_a_case_is_stored_and_its_photos_are_with_the_workers(bench):
    opened = await bench.desk.open(FORM, PHOTOS)
    assert (opened.state, opened.kind, opened.threshold) == (CaseState.ENCODING, Kind.CASE, 0.45)
    assert await bench.store.open_cases() == [opened]
    (task,) = bench.queue.tasks.values()
    assert task == EncodeTask("case-1", "searchlight:results", "1", opened.photos)
    assert [bench.queue.blobs[photo.key] for photo in task.photos] == [b"one", b"two"]


async def test_references_open_the_case_with_their_chips(bench):
    await bench.desk.open(FORM, PHOTOS)
    await bench.results(encoded(), encoded())
    assert (bench.known().state, bench.known().likenesses[0].references) == (CaseState.OPEN, (ROW,))
    assert await bench.store.chips(1) == [b"\xff\xd8 chip"]


def of(photo, row, chip=""):
    return Reference(photo, (0.0, 0.0, 1.0, 1.0), row, chip)


async def test_photos_are_encoded_by_every_model_in_use(bench):
    bench.services.bus.publish(CameraModelsChanged(frozenset({"s", "", "m"})))
    await bench.desk.open(FORM, PHOTOS)
    (task,) = bench.queue.tasks.values()
    assert task.models == ("m", "s"), "a legacy processor makes its own"
    other = tuple(-number for number in ROW)
    others = {"s": (of("a.jpg", other), of("b.jpg", ROW, CHIP)), "t": ()}
    await bench.results(Encoded("case-1", "1", "m", (of("a.jpg", ROW, CHIP),), others=others))
    assert bench.known().likeness("m").references == (ROW,)
    assert bench.known().likeness("s").references == (other, ROW)
    assert (bench.known().unmade, len(await bench.store.chips(1))) == (("t",), 2)


async def test_a_case_is_open_when_any_model_finds_a_face(bench):
    await bench.desk.open(FORM, PHOTOS)
    await bench.results(Encoded("case-1", "1", "m", (), others={"s": (of("a.jpg", ROW, CHIP),)}))
    assert (bench.known().state, bench.known().model_id, bench.known().unmade) == (CaseState.OPEN, "s", ("m",))


async def test_a_rejected_face_is_learned_by_each_model(bench):
    await bench.desk.open(FORM, PHOTOS)
    await bench.results(Encoded("case-1", "1", "m", (of("a", ROW, CHIP),), others={"s": (of("a", ROW),)}))
    other = tuple(-number for number in ROW)
    told = {"s": (of("crop", other),), "t": ()}
    await bench.results(Encoded("rejected-1-5-ab", "rejected-1", "m", (of("crop", ROW),), others=told))
    assert {one.model: one.negatives for one in bench.known().likenesses} == {"m": (ROW,), "s": (other,)}


async def test_a_rejected_face_is_made_out_of_its_picture_once(bench):
    await bench.desk.open(FORM, PHOTOS)
    await bench.results(encoded())
    seen = Sighting("1-5-ab", 1, "door", 5.0, 5.0, 1, (0.0, 0.0, 1.0, 1.0), has_crop=True)
    await bench.learn_rejected(seen)
    assert "rejected-1-5-ab" not in bench.queue.tasks, "there is no picture of it"
    await bench.store.save_sightings(Changes((seen,), {"1-5-ab": b"crop"}, ()))
    for _ in range(2):
        await bench.learn_rejected(seen)
    task = bench.queue.tasks["rejected-1-5-ab"]
    assert bench.queue.blobs[task.photos[0].key] == b"crop"
    other = tuple(-number for number in ROW)
    told = Encoded(task.task_id, task.tag, "m", (Reference("crop", (0.0, 0.0, 1.0, 1.0), other, CHIP),))
    await bench.results(told, told, Encoded(task.task_id, task.tag, "m", ()))
    assert (bench.known().negatives, bench.known().likenesses[0].references) == ((other,), (ROW,))
    bench.queue.away = True
    with pytest.raises(Unavailable):
        await bench.learn_rejected(seen)


async def test_a_task_that_was_given_up_is_told_for_each_photo(bench):
    await bench.desk.open(FORM, PHOTOS)
    await bench.results(Failed("case-1", "1", "too_slow", "expected to end, got nothing"))
    assert bench.known().state is CaseState.UNUSABLE
    assert bench.known().refused == tuple(
        Refused(photo, "too_slow", "expected to end, got nothing") for photo in ("a.jpg", "b.jpg")
    )


async def test_results_that_nobody_waits_for_are_passed_over(bench):
    await bench.desk.open(FORM, PHOTOS)
    await bench.results(encoded("2"), encoded("x"), Matched("m", "9", "m", ()), encoded(chip="no base64"))
    assert bench.known().state is CaseState.ENCODING


async def test_a_result_waits_until_the_store_is_back(bench):
    await bench.desk.open(FORM, PHOTOS)
    bench.store.fails = 2
    await bench.results(encoded())
    assert bench.known().state is CaseState.OPEN


async def test_when_the_workers_cannot_be_reached_nothing_is_open(bench):
    bench.queue.away = True
    with pytest.raises(Unavailable):
        await bench.desk.open(FORM, PHOTOS)
    assert await bench.store.open_cases() == []
    assert bench.known() is None


async def test_photos_that_were_never_handed_over_are_handed_over_later(bench):
    await bench.desk.open(FORM, PHOTOS)
    bench.queue.tasks.clear()  # the process ended before it came to that
    await bench.desk.hand_over_late(bench.queue)
    assert bench.queue.tasks == {}, "they may still be on their way"
    bench.now += references_module.OVERDUE_SECONDS + 1
    await bench.desk.hand_over_late(bench.queue)
    assert list(bench.queue.tasks) == ["case-1"]
    bench.queue.away = True
    await bench.desk.hand_over_late(bench.queue)


async def test_closing_takes_the_photos_along(bench):
    await bench.desk.open(FORM, PHOTOS)
    with pytest.raises(NotFound):
        await bench.desk.close(1, only=Kind.JOB)
    await bench.desk.close(1)
    assert bench.queue.blobs == {}
    with pytest.raises(NotFound):
        await bench.desk.close(1)
    await bench.results(encoded())
    assert await bench.store.chips(1) == []


async def test_a_job_is_one_case_however_often_it_is_sent(bench):
    first = await bench.desk.open_job(FORM, PHOTOS, "digest")
    again = await bench.desk.open_job(FORM, PHOTOS, "digest")
    assert (first.case_id, again.case_id, first.kind, first.job_name) == (1, 1, Kind.JOB, "Anna")
    with pytest.raises(Conflict):
        await bench.desk.open_job(FORM, PHOTOS, "another")
    await bench.desk.close(1)
    assert (await bench.desk.open_job(FORM, PHOTOS, "another")).case_id == 2


async def test_a_job_that_another_server_opens_now_waits(bench):
    class Taken(MemoryRegistry):
        async def claim(self, key, owner, *, seconds):
            return False

    desk = bench.another(registry=Taken())
    with pytest.raises(Unavailable, match="try again"):
        await desk.open_job(FORM, PHOTOS, "digest")


async def test_without_workers_photos_are_refused_and_the_rest_goes_on(bench):
    desk = bench.another(queue=None)
    with pytest.raises(Unavailable, match="redis-url") as refusal:
        await desk.open(FORM, PHOTOS)
    assert refusal.value.code == "no_workers"
    await desk.run()


async def test_the_number_of_cases_is_bounded(bench, monkeypatch):
    monkeypatch.setattr(open_cases_module, "MOST_CASES", 1)
    await bench.desk.open(FORM, PHOTOS)
    with pytest.raises(Unavailable, match="at most 1 open"):
        await bench.desk.open(FORM, PHOTOS)


async def test_what_another_orchestrator_opened_is_waited_for(bench, monkeypatch):
    opened = await bench.desk.open(FORM, PHOTOS)
    bench.services.open_cases.replace_all([])  # this process has not heard of it yet
    waiting = asyncio.create_task(bench.results(encoded()))
    await until(lambda: bench.store.asked, what="the desk to look for it in the store")
    bench.services.open_cases.replace_all([opened])
    await waiting
    assert replace(bench.known(), feature_map=None).state is CaseState.OPEN
