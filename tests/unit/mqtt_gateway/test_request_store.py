"""What the gateway keeps in a real Redis: each request once, turns in rotation, answers bounded."""

import pytest

from backbone.redis_settings import RedisKeys
from backbone.wire.offload import OffloadTask
from mqtt_gateway.domain.open_request import Address, OpenRequest
from mqtt_gateway.request_store import Bounds, Outcome, RequestStore

BOUNDS = Bounds(running=2, waiting=3, answers=3, answer_bytes=1_000, seconds=60)


@pytest.fixture
async def store(redis_server):
    made = RequestStore.from_url(redis_server.url, BOUNDS, keys=RedisKeys())
    yield made
    await made.aclose()


def request(task: str, *, client: str = "a", request_id: str | None = None, digest: str = "d") -> OpenRequest:
    return OpenRequest(OffloadTask(task, "replies", client), Address(f"result/{client}", request_id), digest)


async def take(store, task: str, *, packet: int | None = None, again: bool = False, **more) -> Outcome:
    return (await store.take(request(task, **more), packet=packet, again=again))[0]


async def test_a_text_message_that_was_sent_again_is_known_and_an_equal_one_is_not(store):
    assert await take(store, "t1", packet=7) is Outcome.RUN
    assert await take(store, "t2", packet=7, again=True) is Outcome.KNOWN
    assert await take(store, "t3", packet=8) is Outcome.RUN, "equal, sent on purpose"
    assert await take(store, "t4", packet=8, again=True, digest="other") is Outcome.WAITS, "never kept before"
    assert await take(store, "t5", packet=9, again=True) is Outcome.WAITS, "lost on its first way"


async def test_a_request_with_an_id_is_known_by_it_however_it_comes(store):
    assert await take(store, "t1", request_id="r", packet=7) is Outcome.RUN
    outcome, record = await store.take(request("t2", request_id="r"), packet=8, again=False)
    assert outcome is Outcome.KNOWN
    assert (record.digest, record.answer) == ("d", None)
    await store.answered(request("t1", request_id="r"), b"done")
    assert (await store.take(request("t3", request_id="r"), packet=9, again=False))[1].answer == "ZG9uZQ=="
    assert await take(store, "t4", request_id="r", client="b") is Outcome.RUN, "another client's id is its own"


async def test_clients_take_turns_and_none_has_more_running_than_it_may(store):
    for number in range(5):
        await take(store, f"a{number}")
    for number in range(4):
        await take(store, f"b{number}", client="b")
    assert await store.counts() == (5, 9)
    assert await store.next() is None, "both have two running"
    for done in ("a0", "b0", "a1", "b1"):
        await store.answered(request(done, client=done[0]), b"")
    order = [(await store.next()).task_id for _ in range(4)]
    assert order == ["a2", "b2", "a3", "b3"]
    assert await store.next() is None
    await store.answered(request("a2"), b"")
    assert (await store.next()).task_id == "a4"
    assert await store.next() is None
    assert await store.counts() == (0, 9)


async def test_a_client_with_too_many_waiting_is_told_so_and_nothing_is_kept(store):
    outcomes = [await take(store, f"a{number}", packet=number, request_id=f"r{number}") for number in range(6)]
    assert outcomes == [Outcome.RUN] * 2 + [Outcome.WAITS] * 3 + [Outcome.FULL]
    assert await store.opened("a5") is None
    await store.answered(request("a0", request_id="r0"), b"")
    await store.next()
    assert await take(store, "a6", request_id="r5") is Outcome.WAITS, "it may ask again"


async def test_after_a_start_turns_go_on_and_what_was_running_is_told(store, redis_server):
    for number in range(4):
        await take(store, f"a{number}")
    await take(store, "b0", client="b")
    narrow = RequestStore.from_url(redis_server.url, Bounds(running=3, waiting=3), keys=RedisKeys())
    assert sorted(found.task_id for found in await narrow.load()) == ["a0", "a1", "b0"]
    assert (await narrow.next()).task_id == "a2", "there is more room now"
    assert await narrow.next() is None
    await narrow.aclose()


async def test_an_answer_is_noted_once_however_often_its_result_comes(store):
    for number in range(3):
        await take(store, f"a{number}")
    for _ in range(3):
        await store.answered(request("a0"), b"")
    assert (await store.next()).task_id == "a2"
    assert await store.next() is None


async def test_answers_are_kept_within_bounds_of_number_and_bytes(store):
    async def answered(number: int, payload: bytes) -> None:
        assert await take(store, f"t{number}", request_id=f"r{number}") is Outcome.RUN
        await store.answered(request(f"t{number}", request_id=f"r{number}"), payload)

    for number in range(4):
        await answered(number, b"x")
    assert await take(store, "again", request_id="r1") is Outcome.KNOWN
    assert await take(store, "again", request_id="r0") is Outcome.RUN, "the oldest of four is forgotten"
    await answered(4, b"y" * 900)
    assert await take(store, "again", request_id="r4") is Outcome.KNOWN
    assert await take(store, "again3", request_id="r3") is Outcome.RUN, "a large one takes the place of the others"


async def test_two_installations_on_one_redis_keep_their_requests_apart(store, redis_server):
    north = RequestStore.from_url(redis_server.url, BOUNDS, keys=RedisKeys("north"))
    for number in range(3):
        await take(north, f"n{number}", request_id=f"r{number}")
    assert await take(store, "a0", request_id="r0") is Outcome.RUN, "known to the other one only"
    assert (await store.counts(), await north.counts()) == ((0, 1), (1, 3))
    await north.answered(request("n0", request_id="r0"), b"done")
    assert await store.next() is None
    assert sorted(found.task_id for found in await north.load()) == ["n1"]
    assert (await north.next()).task_id == "n2"
    await north.aclose()
