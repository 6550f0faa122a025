"""What one orchestrator stores, another takes up, in any order and after a gap; on a real Redis."""

import asyncio

import pytest
import redis

from backbone.pictures import PictureCleaner
from backbone.wire.values import Box
from processor_orchestrator.crossing.event_tail import EventTail
from processor_orchestrator.crossing.redis_channel import RedisChannel
from processor_orchestrator.stores.redis_store import EVENTS, RedisStore
from processor_orchestrator.tracking.events import (
    FeatureMapLearned,
    NegativesLearned,
    ObjectClosed,
    ObjectOpened,
    Reason,
    SightingRejected,
)
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.sightings import SightingBook
from processor_orchestrator.tracking.switchboard import Switchboard

OPENED = ObjectOpened(TrackedObject(object_id=1, opened_at=0.0, expires_at=1e12, feature_map={}))
LEARNED = FeatureMapLearned(1, [0.5], "m")
CLOSED = ObjectClosed(1, Reason.STOPPED, "")


@pytest.fixture
async def two(shared_redis, metrics):
    """A store that writes, and another orchestrator's switchboard with its tail."""
    with redis.Redis(port=shared_redis.port) as direct:
        direct.flushall()
    writer, store = RedisStore.from_url(shared_redis.url), RedisStore.from_url(shared_redis.url)
    channel = RedisChannel.from_url(shared_redis.url)
    switchboard = Switchboard(store=store, book=SightingBook(), timeout=60.0, cleaner=PictureCleaner(), metrics=metrics)
    yield writer, switchboard, EventTail(channel=channel, store=store, switchboard=switchboard)
    for held in (writer, store, channel):
        await held.aclose()


async def test_events_of_another_are_taken_up(two):
    writer, switchboard, tail = two
    await tail.take_up()
    for event in (OPENED, LEARNED):
        await writer.save(event)
        await tail.take_up()
    assert switchboard.tracking.objects[1].feature_map == [0.5]
    await writer.save(CLOSED)
    await writer.save(CLOSED)
    await tail.take_up()
    assert switchboard.tracking.objects == {}


async def test_rejections_of_another_are_taken_up_also_by_a_visit_that_goes_on(two):
    writer, switchboard, tail = two
    await writer.save(OPENED)
    await writer.save(LEARNED)
    await tail.take_up()
    box = Box(box_id=1, rect=(0.1, 0.1, 0.2, 0.2), object_id=1)
    seen = switchboard.book.observe(1, "door", box, frame_id=5.0, crop=None, now=5.0)
    await writer.save(SightingRejected(1, seen.sighting_id))
    await writer.save(NegativesLearned(1, ((0.5,) * 128,), "m"))
    await tail.take_up()
    assert switchboard.book.observe(1, "door", box, frame_id=6.0, crop=None, now=6.0).rejected
    assert switchboard.tracking.objects[1].negatives == ((0.5,) * 128,)


async def test_after_a_trimmed_stream_everything_is_compared(two, shared_redis):
    writer, switchboard, tail = two
    await writer.save(OPENED)
    await tail.take_up()
    assert set(switchboard.tracking.objects) == {1}
    await writer.save(CLOSED)
    with redis.Redis(port=shared_redis.port) as direct:
        direct.delete(EVENTS)
    await tail.take_up()
    assert switchboard.tracking.objects == {}


async def test_what_was_learned_of_a_closed_object_is_not_kept(two, shared_redis):
    writer, _, _ = two
    await writer.save(OPENED)
    await asyncio.gather(*(writer.save(event) for event in (LEARNED, CLOSED, LEARNED)))
    with redis.Redis(port=shared_redis.port) as direct:
        assert not direct.exists("searchlight:object:1")
