"""Sightings on their way to the store: kept while it is away, told only once they are stored."""

import asyncio
import time
from dataclasses import replace

import pytest

from backbone.errors import NotFound, Unavailable
from backbone.face_models.names import DLIB
from backbone.pictures.cleaner import PictureCleaner
from backbone.wire.values import Box
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.case_events import CaseOpened
from processor_orchestrator.domain.events import SightingsStored
from processor_orchestrator.domain.sighting import Found
from processor_orchestrator.sightings import service as service_module
from processor_orchestrator.stores.memory import MemoryStore
from tests.unit.processor_orchestrator.services import Services

NOW = 1_700_000_000.0


class MoodyStore(MemoryStore):
    """A store that can be away, or take its time."""

    def __init__(self):
        super().__init__()
        self.away = False
        self.asked = self.saving = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def check(self):
        self.asked += 1
        if self.away:
            raise Unavailable("away")

    async def save_sightings(self, changes, *, once=None):
        self.saving += 1
        await self.gate.wait()
        await self.check()
        return await super().save_sightings(changes, once=once)


@pytest.fixture
def store():
    return MoodyStore()


@pytest.fixture
def house(store, metrics):
    return Services(store, metrics)


@pytest.fixture
def told(house):
    heard = []
    house.bus.subscribe(SightingsStored, lambda event: heard.extend(event.sightings))
    return heard


@pytest.fixture
def writer(house):
    return house.sightings


def see(writer, at=NOW, crop=None):
    box = Box(box_id=1, rect=(0.0, 0.0, 1.0, 1.0), object_id=1)
    writer._now = lambda: at
    writer.observe(1, "door", box, frame_id=at, crop=crop)


async def test_a_sighting_is_told_after_it_was_stored(writer, store, told, registry):
    store.gate.clear()
    see(writer)
    flushing = asyncio.ensure_future(writer.flush())
    while not store.saving:
        await asyncio.sleep(0)
    assert told == []
    store.gate.set()
    assert await flushing
    assert [sighting.frames for sighting in told] == [1]
    assert await store.sightings(limit=1) == told
    assert registry.get_sample_value("orchestrator_sightings_stored_total") == 1


async def test_with_nothing_new_the_store_is_left_alone(writer, store):
    assert await writer.flush()
    assert store.asked == 0


async def test_while_the_store_is_away_everything_is_kept_and_nothing_told(writer, store, told, registry):
    store.away = True
    see(writer)
    assert not await writer.flush()
    see(writer, NOW + 1)
    assert not await writer.flush()
    assert told == []
    assert registry.get_sample_value("orchestrator_store_failures_total") == 2
    store.away = False
    assert await writer.flush()
    assert [sighting.frames for sighting in told] == [2]
    assert [row.second for row in await store.timeline(1)] == [int(NOW), int(NOW) + 1]


async def test_it_tries_again_by_itself_until_the_store_is_back(writer, store, told, monkeypatch):
    monkeypatch.setattr(service_module, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(service_module, "GATHER_SECONDS", 0.0)
    store.away = True
    see(writer)
    running = asyncio.ensure_future(writer.run())
    async with asyncio.timeout(40):
        while store.asked < 3:
            await asyncio.sleep(0)
        store.away = False
        while not told:
            await asyncio.sleep(0)
    running.cancel()
    assert len(told) == 1


async def test_a_stop_in_the_midst_of_a_write_loses_nothing(writer, store, told):
    store.gate.clear()
    see(writer)
    running = asyncio.ensure_future(writer.run())
    async with asyncio.timeout(40):
        while not store.saving:
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    store.gate.set()
    await writer.flush()
    assert len(await store.sightings(limit=10)) == 1
    assert len(told) == 1


async def test_a_store_that_goes_away_in_the_midst_loses_nothing(writer, store, told):
    store.gate.clear()
    see(writer)
    flushing = asyncio.ensure_future(writer.flush())
    while not store.saving:
        await asyncio.sleep(0)
    store.away = True
    store.gate.set()
    assert not await flushing
    store.away = False
    assert await writer.flush()
    assert len(told) == 1


async def test_no_crop_is_decoded_while_the_store_is_away(store, metrics, jpeg):
    class CountingCleaner(PictureCleaner):
        cleaned = 0

        async def clean(self, raw):
            self.cleaned += 1
            return await super().clean(raw)

    cleaner = CountingCleaner()
    writer = Services(store, metrics, cleaner=cleaner).sightings
    see(writer, crop=jpeg)
    store.away = True
    for _ in range(5):
        await writer.flush()
    assert cleaner.cleaned == 0
    store.away = False
    await writer.flush()
    assert cleaner.cleaned == 1


async def test_what_is_no_picture_is_left_out_and_the_rest_is_stored(writer, store, jpeg):
    see(writer, crop=jpeg)
    see(writer, NOW + 100, crop=b"no picture")
    assert await writer.flush()
    bad, good = await store.sightings(limit=10)
    assert (good.has_crop, bad.has_crop) == (True, False)
    assert await store.crop(good.sighting_id)
    assert await store.crop(bad.sighting_id) is None
    see(writer, NOW + 101)
    assert await writer.flush()
    assert not (await store.sightings(limit=1))[0].has_crop


async def test_forty_sightings_at_once_are_all_visible(writer, store, jpeg, capsys):
    box = Box(box_id=1, rect=(0.0, 0.0, 1.0, 1.0), object_id=1)
    for camera in range(40):
        writer.observe(1, camera, box, frame_id=NOW, crop=jpeg)
    began = time.perf_counter()
    assert await writer.flush()
    with capsys.disabled():
        print(f"\n40 simultaneous sightings: all listed after {time.perf_counter() - began:.2f} s")  # noqa: T201
    assert len(await store.sightings(limit=100)) == 40
    assert all(seen.has_crop for seen in await store.sightings(limit=100))


# What was found in pictures.

FOUND = Found(1, "snap-1", "task\n0", "snap", NOW, NOW, (0.0, 0.0, 1.0, 1.0), (int(NOW),), distance=0.4)


async def test_what_was_found_is_stored_and_told_once(writer, store, told, jpeg):
    found = [replace(FOUND, crop=jpeg), replace(FOUND, made_of="task\n1", crop=b"no picture")]
    assert await writer.add(found, once="task")
    assert not await writer.add(found, once="task")
    assert sorted(seen.has_crop for seen in told) == [False, True]
    assert [row.second for row in await store.timeline(1)] == [int(NOW)] * 2
    assert await store.crop(found[0].sighting_id) != jpeg, "it was made safe"


async def test_a_clean_crop_is_stored_as_it_is(writer, store):
    await writer.add([replace(FOUND, crop=b"clean", crop_is_clean=True)], once="task")
    assert await store.crop(FOUND.sighting_id) == b"clean"


async def test_what_cannot_be_stored_is_told_to_nobody_and_may_come_again(writer, store, told):
    store.away = True
    with pytest.raises(Unavailable):
        await writer.add([FOUND], once="task")
    store.away = False
    assert told == []
    assert await writer.add([FOUND], once="task")


async def test_nothing_found_is_nothing_stored(writer, store):
    assert not await writer.add([], once="task")
    assert not await store.was_stored("task")


async def test_a_rejected_sighting_is_marked_and_told(writer, store, told):
    await writer.add([FOUND], once="task")
    with pytest.raises(NotFound):
        await writer.reject(FOUND.sighting_id, case_id=2)
    with pytest.raises(NotFound):
        await writer.reject("1-0-0")
    await writer.reject(FOUND.sighting_id, case_id=1)
    assert [seen.rejected for seen in told] == [False, True]
    assert (await store.sighting(FOUND.sighting_id)).rejected


async def test_what_was_dropped_is_counted(writer, store, registry, monkeypatch):
    monkeypatch.setattr("processor_orchestrator.domain.sighting_book.MAX_WAITING_TIMELINE", 1)
    monkeypatch.setattr("processor_orchestrator.domain.sighting_book.MAX_WAITING_SIGHTINGS", 1)
    store.away = True
    see(writer)
    see(writer, NOW + 100)
    await writer.flush()
    assert registry.get_sample_value("orchestrator_dropped_timeline_entries") == 1
    assert registry.get_sample_value("orchestrator_dropped_sightings") == 1


async def test_what_was_found_in_pictures_says_what_its_distance_is_worth(house, told):
    sought = Case(1, 0.0, 2e9, feature_map=[[0.5] * 128], model_id=DLIB)
    await house.cases.happen(CaseOpened(sought))
    await house.sightings.add([replace(FOUND, model_id=DLIB)], once="task")
    await house.sightings.add([replace(FOUND, made_of="other")], once="other")
    worth = house.thresholds.strangers_among(FOUND.distance, 1, DLIB)
    assert [(one.model_id, one.strangers_among) for one in told] == [(DLIB, worth), (None, None)]
    assert worth > 2
