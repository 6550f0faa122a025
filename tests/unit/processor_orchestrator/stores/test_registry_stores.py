"""The contract of a registry's store, kept by both; and what only the shared one can show."""

import asyncio
from functools import partial

import pytest
import redis

from backbone.errors import Unavailable
from processor_orchestrator.domain import cloudlet as cloudlets
from processor_orchestrator.domain.cloudlet import Caller, Cloudlet, JobNote
from processor_orchestrator.stores.registry_memory import MemoryRegistry
from processor_orchestrator.stores.registry_redis import RedisRegistry

A, B = Caller("10.0.0.1", 8100), Caller("fd00::2", 8100, "run-1")
NOTE = JobNote("Anna \u00e4", 7, has=False)


@pytest.fixture(params=["memory", "redis"])
async def registry(request):
    if request.param == "memory":
        yield MemoryRegistry()
        return
    server = request.getfixturevalue("shared_redis")
    with redis.Redis(port=server.port) as direct:
        direct.flushall()
    made = RedisRegistry.from_url(server.url)
    yield made
    await made.aclose()


def joining(caller, now=1.5):
    return partial(cloudlets.joined, caller=caller, now=now)


async def test_cloudlets_come_back_as_they_went(registry):
    assert await registry.cloudlets() == []
    for caller in (A, B):
        stored = await registry.change(joining(caller))
        assert stored == [Cloudlet(caller.ip, caller.port, 1.5, 1.5, epoch=caller.epoch)]
    assert [known.key for known in await registry.cloudlets()] == ["10.0.0.1:8100", "[fd00::2]:8100"]


async def test_phones_that_join_at_once_are_each_counted(registry):
    for caller in (A, B):
        await registry.change(joining(caller))
    phone = partial(cloudlets.phone_joined, now=1.5, heartbeat=5.0)
    await asyncio.gather(*(registry.change(phone) for _ in range(20)))
    assert [known.phones for known in await registry.cloudlets()] == [10, 10]


async def test_a_forgotten_cloudlet_takes_its_jobs_along(registry):
    await registry.change(joining(A))
    await registry.note_job(A.key, NOTE)
    await registry.change(partial(cloudlets.forgotten, now=1e9))
    assert await registry.cloudlets() == []
    assert await registry.jobs_of(A.key) == {}


async def test_jobs_are_noted_by_name_for_each_cloudlet(registry):
    await registry.note_job(A.key, NOTE)
    later = JobNote(NOTE.job, 8, has=True)
    await registry.note_job(A.key, later)
    await registry.note_job(B.key, NOTE)
    assert await registry.jobs_of(A.key) == {NOTE.job: later}
    await registry.drop_job(A.key, NOTE.job)
    await registry.drop_job(A.key, "never")
    assert await registry.jobs_of(A.key) == {}
    assert await registry.jobs_of(B.key) == {NOTE.job: NOTE}


async def test_who_has_a_claim_may_renew_it(registry):
    assert await registry.claim(A.key, "me", seconds=20)
    assert await registry.claim(A.key, "me", seconds=20)
    await registry.release(A.key, "me")
    assert await registry.claim(A.key, "me", seconds=20)


@pytest.fixture
async def two(shared_redis):
    with redis.Redis(port=shared_redis.port) as direct:
        direct.flushall()
    made = [RedisRegistry.from_url(shared_redis.url) for _ in range(2)]
    yield made
    for registry in made:
        await registry.aclose()


async def test_two_servers_never_count_a_phone_twice_or_not_at_all(two):
    for caller in (A, B):
        await two[0].change(joining(caller))
    phone = partial(cloudlets.phone_joined, now=1.5, heartbeat=5.0)
    await asyncio.gather(*(registry.change(phone) for registry in two for _ in range(30)))
    assert [known.phones for known in await two[0].cloudlets()] == [30, 30]


async def test_one_server_alone_holds_a_claim(two):
    assert await two[0].claim(A.key, "first", seconds=20)
    assert not await two[1].claim(A.key, "second", seconds=20)
    await two[1].release(A.key, "second")
    assert not await two[1].claim(A.key, "second", seconds=20)
    await two[0].release(A.key, "first")
    assert await two[1].claim(A.key, "second", seconds=20)


async def test_a_redis_that_is_away_is_told(redis_server):
    registry = RedisRegistry.from_url(redis_server.url)
    redis_server.kill()
    for attempt in (
        registry.change(joining(A)),
        registry.cloudlets(),
        registry.jobs_of(A.key),
        registry.note_job(A.key, NOTE),
        registry.drop_job(A.key, "x"),
        registry.claim(A.key, "me", seconds=1),
        registry.release(A.key, "me"),
    ):
        with pytest.raises(Unavailable, match="Redis"):
            await attempt
    await registry.aclose()
