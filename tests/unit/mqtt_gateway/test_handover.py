"""Requests reach the workers in their turn, each once, also when Redis was away in between."""

import asyncio
import contextlib

import pytest

from backbone.wire.offload import OffloadTask
from mqtt_gateway.domain.open_request import Address, OpenRequest
from mqtt_gateway.handover import Handover
from tests.fakes.waiting import until
from tests.unit.mqtt_gateway.fakes import FakeQueue, FakeStore, no_pause


@pytest.fixture
def store():
    return FakeStore(running=2)


@pytest.fixture
def queue():
    return FakeQueue()


@contextlib.asynccontextmanager
async def handing_over(store, queue):
    handover = Handover(store=store, queue=queue, pause=no_pause)
    running = asyncio.create_task(handover.run())
    await handover.resume()
    await until(lambda: handover.works)
    yield handover
    running.cancel()
    await asyncio.wait([running])


def request(task_id: str) -> OpenRequest:
    return OpenRequest(OffloadTask(task_id, "replies", "a"), Address("result/a"), "d")


async def kept(store, *task_ids: str) -> list[OpenRequest]:
    requests = [request(task_id) for task_id in task_ids]
    for each in requests:
        await store.take(each, packet=None, again=False)
    return requests


async def test_nothing_is_handed_over_before_it_is_told_to_begin(store, queue):
    await kept(store, "t1")
    handover = Handover(store=store, queue=queue, pause=no_pause)
    running = asyncio.create_task(handover.run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert (handover.works, queue.tasks) == (False, {})
    await handover.resume()
    await until(lambda: "t1" in queue.tasks)
    running.cancel()
    await asyncio.wait([running])


async def test_after_a_start_what_was_with_the_workers_is_handed_over_again(store, queue):
    await kept(store, "t1", "t2", "t3")
    async with handing_over(store, queue):
        await until(lambda: queue.tasks.keys() == {"t1", "t2"})


async def test_a_request_that_waits_is_handed_over_when_there_is_room(store, queue):
    async with handing_over(store, queue) as handover:
        requests = await kept(store, "t1", "t2", "t3")
        for each in requests[:2]:
            handover.begin(each)
        handover.look()
        await until(lambda: queue.tasks.keys() == {"t1", "t2"})
        await store.answered(requests[0], b"")
        handover.look()
        await until(lambda: "t3" in queue.tasks)


async def test_a_request_that_the_queue_could_not_take_is_handed_over_once_it_can(store, queue):
    async with handing_over(store, queue) as handover:
        (only,) = await kept(store, "t1")
        queue.away = {"enqueue": 3}
        handover.begin(only)
        await until(lambda: "t1" in queue.tasks)
        assert queue.asked == 4
        await until(lambda: handover.works)


async def test_while_redis_is_away_it_is_asked_again_and_says_so(store, queue):
    async with handing_over(store, queue) as handover:
        await kept(store, "t1", "t2", "t3")
        store.away = {"next": 1, "load": 2}
        handover.look()
        await until(lambda: handover.works and queue.tasks.keys() == {"t1", "t2"})
        assert store.away == {"next": 0, "load": 0}
        assert handover.last_error.startswith("load: ")
