"""Sightings on their way to the store: kept while it is away, told only once they are stored."""

import asyncio

import pytest

from backbone.errors import Unavailable
from backbone.pictures import PictureCleaner
from backbone.wire.values import Box
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.tracking import sighting_writer as writer_module
from processor_orchestrator.tracking.sighting_writer import SightingWriter
from processor_orchestrator.tracking.sightings import SightingBook

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

    async def save_sightings(self, changes):
        self.saving += 1
        await self.gate.wait()
        await self.check()
        await super().save_sightings(changes)


@pytest.fixture
def book():
    return SightingBook()


@pytest.fixture
def store():
    return MoodyStore()


@pytest.fixture
def told():
    return []


@pytest.fixture
def writer(book, store, metrics, told):
    return SightingWriter(book=book, store=store, cleaner=PictureCleaner(), metrics=metrics, tell=told.append)


def see(book, at=NOW, crop=None):
    box = Box(box_id=1, rect=(0.0, 0.0, 1.0, 1.0), object_id=1)
    return book.observe(1, "door", box, frame_id=at, crop=crop, now=at)


async def test_a_sighting_is_told_after_it_was_stored(writer, book, store, told, registry):
    store.gate.clear()
    seen = see(book)
    flushing = asyncio.ensure_future(writer.flush())
    while not store.saving:
        await asyncio.sleep(0)
    assert told == []
    store.gate.set()
    assert await flushing
    assert [(sighting.sighting_id, sighting.frames) for sighting in told] == [(seen.sighting_id, 1)]
    assert await store.sightings(limit=1) == [seen]
    assert registry.get_sample_value("orchestrator_sightings_stored_total") == 1


async def test_with_nothing_new_the_store_is_left_alone(writer, store):
    assert await writer.flush()
    assert store.asked == 0


async def test_while_the_store_is_away_everything_is_kept_and_nothing_told(writer, book, store, told, registry):
    store.away = True
    see(book)
    assert not await writer.flush()
    see(book, NOW + 1)
    assert not await writer.flush()
    assert told == []
    assert registry.get_sample_value("orchestrator_store_failures_total") == 2
    store.away = False
    assert await writer.flush()
    assert [sighting.frames for sighting in told] == [2]
    assert [row.second for row in await store.timeline(1)] == [int(NOW), int(NOW) + 1]


async def test_it_tries_again_by_itself_until_the_store_is_back(writer, book, store, told, monkeypatch):
    monkeypatch.setattr(writer_module, "RETRY_SECONDS", 0.0)
    store.away = True
    see(book)
    running = asyncio.ensure_future(writer.run())
    async with asyncio.timeout(40):
        while store.asked < 3:
            await asyncio.sleep(0)
        store.away = False
        while not told:
            await asyncio.sleep(0)
    running.cancel()
    assert len(told) == 1


async def test_a_stop_in_the_midst_of_a_write_loses_nothing(writer, book, store, told):
    store.gate.clear()
    see(book)
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


async def test_a_store_that_goes_away_in_the_midst_loses_nothing(writer, book, store, told):
    store.gate.clear()
    see(book)
    flushing = asyncio.ensure_future(writer.flush())
    while not store.saving:
        await asyncio.sleep(0)
    store.away = True
    store.gate.set()
    assert not await flushing
    store.away = False
    assert await writer.flush()
    assert len(told) == 1


async def test_no_crop_is_decoded_while_the_store_is_away(book, store, metrics, jpeg):
    class CountingCleaner(PictureCleaner):
        cleaned = 0

        async def clean(self, raw):
            self.cleaned += 1
            return await super().clean(raw)

    cleaner = CountingCleaner()
    writer = SightingWriter(book=book, store=store, cleaner=cleaner, metrics=metrics, tell=lambda _: None)
    see(book, crop=jpeg)
    store.away = True
    for _ in range(5):
        await writer.flush()
    assert cleaner.cleaned == 0
    store.away = False
    await writer.flush()
    assert cleaner.cleaned == 1


async def test_what_is_no_picture_is_left_out_and_the_rest_is_stored(writer, book, store, jpeg):
    good = see(book, crop=jpeg)
    bad = see(book, NOW + 100, crop=b"no picture")
    assert await writer.flush()
    assert await store.crop(good.sighting_id)
    assert await store.crop(bad.sighting_id) is None
    found = {sighting.sighting_id: sighting.has_crop for sighting in await store.sightings(limit=10)}
    assert found == {good.sighting_id: True, bad.sighting_id: False}
    assert not see(book, NOW + 101).has_crop


async def test_what_was_dropped_is_counted(writer, book, store, registry, monkeypatch):
    monkeypatch.setattr("processor_orchestrator.tracking.sightings.MAX_WAITING_TIMELINE", 1)
    monkeypatch.setattr("processor_orchestrator.tracking.sightings.MAX_WAITING_SIGHTINGS", 1)
    store.away = True
    see(book)
    see(book, NOW + 100)
    await writer.flush()
    assert registry.get_sample_value("orchestrator_dropped_timeline_entries") == 1
    assert registry.get_sample_value("orchestrator_dropped_sightings") == 1
