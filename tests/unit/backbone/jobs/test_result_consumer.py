"""One policy for results: what works is acknowledged, what may work later comes again, what never will is given up."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from redis import Redis

from backbone.errors import BadInput, Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.jobs.result_consumer import MOST_DELIVERIES, ResultConsumer
from backbone.wire.jobs import Failed
from tests.fakes.waiting import until


def result(task_id: str) -> Failed:
    return Failed(task_id=task_id, tag="", code="failed", message="")


class FakeQueue:
    """A stream in memory: delivers what was put and is not acknowledged, again once everything was delivered."""

    def __init__(self, *task_ids: str) -> None:
        self.entries = {f"{number}-0": result(task_id) for number, task_id in enumerate(task_ids)}
        self.delivered = dict.fromkeys(self.entries, 0)
        self.acked: list[str] = []
        self.away = 0
        """So many calls from now on are not answered."""
        self.changed = asyncio.Event()

    def _answer(self) -> None:
        if self.away > 0:
            self.away -= 1
            raise Unavailable("the queue is away")

    async def open_results(self, stream, group):
        self._answer()

    async def read_results(self, stream, group, consumer, *, idle_ms, in_hand, poisoned):
        while True:
            self._answer()
            for entry_id, found in list(self.entries.items()):
                if entry_id not in in_hand and entry_id in self.entries:
                    self.delivered[entry_id] += 1
                    yield entry_id, found
            await asyncio.sleep(0)

    async def ack(self, stream, group, entry_id):
        self._answer()
        self.acked.append(self.entries.pop(entry_id).task_id)
        self.changed.set()

    async def deliveries(self, stream, group, entry_id):
        return self.delivered[entry_id]


class Waits:
    """Waits for nothing and remembers how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


class Taker:
    """Fails with what it is told, then works; remembers each call."""

    def __init__(self, **faults: list[Exception]) -> None:
        self._faults = faults
        self.calls: list[str] = []

    async def __call__(self, taken) -> None:
        self.calls.append(taken.task_id)
        left = self._faults.get(taken.task_id, [])
        if left:
            raise left.pop(0)


@asynccontextmanager
async def consuming(queue, take, **more):
    consumer = ResultConsumer(queue=queue, stream="results", group="readers", take=take, **more)
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        running.cancel()
        await asyncio.wait({running})


async def all_acked(queue: FakeQueue) -> None:
    async with asyncio.timeout(10):
        while queue.entries:
            queue.changed.clear()
            await queue.changed.wait()


async def test_results_are_taken_in_order_and_acknowledged():
    queue, take = FakeQueue("a", "b", "c"), Taker()
    async with consuming(queue, take) as consumer:
        await all_acked(queue)
        assert consumer.works
    assert (take.calls, queue.acked) == (["a", "b", "c"], ["a", "b", "c"])


async def test_a_store_that_is_away_for_a_moment_delays_a_result():
    queue, take, waits = FakeQueue("a", "b"), Taker(a=[Unavailable("away")] * 3), Waits()
    async with consuming(queue, take, pause=waits):
        await all_acked(queue)
    assert take.calls == ["a"] * 4 + ["b"]
    assert waits.seconds == [0.5, 1.0, 2.0]
    assert queue.delivered["0-0"] == 1


async def test_a_store_that_stays_away_leaves_the_result_for_later_and_the_loop_goes_on():
    queue, take, waits, given_up = FakeQueue("a", "b"), Taker(a=[Unavailable("away")] * 5), Waits(), []
    async with consuming(queue, take, pause=waits, poisoned=lambda: given_up.append(1)):
        await all_acked(queue)
    assert take.calls == ["a"] * 5 + ["b", "a"]
    assert waits.seconds == [0.5, 1.0, 2.0, 4.0, 1.0]
    assert given_up == []


async def test_a_result_that_never_will_work_is_given_up_at_once():
    queue, take, given_up = FakeQueue("a", "b"), Taker(a=[BadInput("expected a face")]), []
    async with consuming(queue, take, poisoned=lambda: given_up.append(1)):
        await all_acked(queue)
    assert (take.calls, queue.acked, given_up) == (["a", "b"], ["a", "b"], [1])


async def test_a_fault_of_ours_lets_others_by_and_ends_after_some_deliveries():
    queue, take, given_up = FakeQueue("a", "b"), Taker(a=[ValueError("a bug") for _ in range(99)]), []
    async with consuming(queue, take, poisoned=lambda: given_up.append(1)):
        await all_acked(queue)
    assert take.calls == ["a", "b"] + ["a"] * (MOST_DELIVERIES - 1)
    assert (queue.acked, given_up) == (["b", "a"], [1])


async def test_a_fault_that_passes_loses_nothing():
    queue, take, given_up = FakeQueue("a"), Taker(a=[ValueError("a bug")]), []
    async with consuming(queue, take, poisoned=lambda: given_up.append(1)):
        await all_acked(queue)
    assert (take.calls, given_up) == (["a", "a"], [])


async def test_a_queue_that_is_away_is_told_and_asked_again_and_what_resumes_is_called():
    queue, take, waits, resumed = FakeQueue("a"), Taker(), Waits(), []
    queue.away = 3

    async def resume() -> None:
        resumed.append(len(waits.seconds))

    async with consuming(queue, take, pause=waits, resumed=resume) as consumer:
        assert (consumer.works, consumer.last_error) == (False, "not read yet")
        await all_acked(queue)
        assert (consumer.works, consumer.last_error) == (True, "the queue is away")
        queue.away = 1
        await until(lambda: len(resumed) == 2)
    assert resumed == [3, 4]


async def test_an_acknowledgement_that_is_lost_has_the_result_taken_again():
    queue = FakeQueue("a")
    calls = []

    async def take(taken) -> None:
        calls.append(taken.task_id)
        queue.away = 1 if len(calls) == 1 else 0

    async with consuming(queue, take, pause=Waits()):
        await all_acked(queue)
    assert calls == ["a", "a"]


async def test_several_at_once_are_taken_together_and_none_twice():
    queue, both, now = FakeQueue("a", "b", "c"), asyncio.Barrier(2), []

    async def take(taken) -> None:
        now.append(taken.task_id)
        if taken.task_id != "c":
            await both.wait()

    async with consuming(queue, take, at_once=2):
        await all_acked(queue)
    assert now == ["a", "b", "c"]


@pytest.fixture
async def queue(redis_server):
    made = JobQueue.from_url(redis_server.url)
    yield made
    await made.aclose()


async def test_on_a_real_redis_a_fault_and_a_bad_entry_are_given_up_and_the_rest_is_taken(queue, redis_server):
    redis, given_up = Redis.from_url(redis_server.url), []
    told = b'{"type":"failed","taskId":"%s","tag":"","code":"failed","message":""}'
    for content in (b"no json", told % b"broken", told % b"good"):
        redis.xadd("results", {"result": content})
    take = Taker(broken=[ValueError("a bug") for _ in range(99)])
    async with consuming(queue, take, idle_ms=20, poisoned=lambda: given_up.append(1)):
        await until(lambda: redis.xlen("results") == 0)
    assert sorted(take.calls) == ["broken"] * MOST_DELIVERIES + ["good"]
    assert len(given_up) == 2
