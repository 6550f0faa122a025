"""What one orchestrator stores, another takes up, in any order and after a gap; on a real Redis."""

import asyncio

import pytest
import redis

from backbone.wire.values import Box
from processor_orchestrator.cluster.case_tail import CaseTail
from processor_orchestrator.cluster.redis_channel import RedisChannel
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    FeatureMapLearned,
    NegativesLearned,
    Reason,
    SightingRejected,
)
from processor_orchestrator.stores.redis_store import EVENTS, PREFIX, RedisStore
from tests.unit.processor_orchestrator.services import Services

OPENED = CaseOpened(Case(case_id=1, opened_at=0.0, expires_at=1e12, feature_map={}))
LEARNED = FeatureMapLearned(1, [0.5], "m")
CLOSED = CaseClosed(1, Reason.STOPPED, "")


@pytest.fixture
async def two(shared_redis, metrics):
    """A store that writes, and another orchestrator's services with its tail."""
    with redis.Redis(port=shared_redis.port) as direct:
        direct.flushall()
    writer, store = RedisStore.from_url(shared_redis.url), RedisStore.from_url(shared_redis.url)
    channel = RedisChannel.from_url(shared_redis.url)
    house = Services(store, metrics, now=lambda: 5.0)
    yield writer, house, CaseTail(instance=store.instance, channel=channel, cases=house.cases, bus=house.bus)
    for held in (writer, store, channel):
        await held.aclose()


async def test_events_of_another_are_taken_up(two):
    writer, house, tail = two
    await tail.take_up()
    for event in (OPENED, LEARNED):
        await writer.save(event)
        await tail.take_up()
    assert house.cases.get(1).feature_map == [0.5]
    await writer.save(CLOSED)
    await writer.save(CLOSED)
    await tail.take_up()
    assert house.cases.open() == []


async def test_rejections_of_another_are_taken_up_also_by_a_visit_that_goes_on(two):
    writer, house, tail = two
    await writer.save(OPENED)
    await writer.save(LEARNED)
    await tail.take_up()
    box = Box(box_id=1, rect=(0.1, 0.1, 0.2, 0.2), object_id=1)
    house.sightings.observe(1, "door", box, frame_id=5.0, crop=None)
    await house.sightings.flush()
    (seen,) = await writer.sightings(limit=10)
    await writer.save(SightingRejected(1, seen.sighting_id))
    await writer.save(NegativesLearned(1, ((0.5,) * 128,), "m"))
    await tail.take_up()
    house.sightings.observe(1, "door", box, frame_id=6.0, crop=None)
    await house.sightings.flush()
    assert [(one.frames, one.rejected) for one in await writer.sightings(limit=10)] == [(2, True)]
    assert house.cases.get(1).negatives == ((0.5,) * 128,)


async def test_after_a_trimmed_stream_everything_is_compared(two, shared_redis):
    writer, house, tail = two
    await writer.save(OPENED)
    await tail.take_up()
    assert [case.case_id for case in house.cases.open()] == [1]
    await writer.save(CLOSED)
    with redis.Redis(port=shared_redis.port) as direct:
        direct.delete(PREFIX + EVENTS)
    await tail.take_up()
    assert house.cases.open() == []


async def test_what_was_learned_of_a_closed_object_is_not_kept(two, shared_redis):
    writer, _, _ = two
    await writer.save(OPENED)
    await asyncio.gather(*(writer.save(event) for event in (LEARNED, CLOSED, LEARNED)))
    with redis.Redis(port=shared_redis.port) as direct:
        assert not direct.exists("searchlight:object:1")
