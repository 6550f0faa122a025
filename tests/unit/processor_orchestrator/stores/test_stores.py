"""The contract of a store, kept by both; and what only the one that survives can show."""

import asyncio
import contextlib
import os
import signal
from dataclasses import replace

import pytest
import redis
from redis.asyncio.connection import AbstractConnection

from backbone.errors import Unavailable
from processor_orchestrator import stores
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    FeatureMapLearned,
    LikenessUnmade,
    NegativesLearned,
    Reason,
)
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.sighting import Changes, Sighting, TimelineEntry
from processor_orchestrator.stores import TimelineRow, memory, redis_store
from processor_orchestrator.stores.redis_store import RedisStore

IMAGE = b"\xff\xd8 the picture of the sought person \x00\xff"
EMBEDDING = [0.123456789 + number / 128 for number in range(128)]
OBJECT = Case(
    case_id=1,
    opened_at=1_700_000_000.25,
    expires_at=1_700_086_400.25,
    name="Ann\u00e4 \U0001f600",
    camera="door",
    frame_id=1_700_000_000.125,
    box_id=7,
    image=IMAGE,
)
BARE = Case(case_id=2, opened_at=1.0, expires_at=2.0, frame_id=5)


def sighting(name, *, case_id=1, camera_id="door", last_seen=10.0, **more):
    return Sighting(name, case_id, camera_id, 1.0, last_seen, 3, (0.0, 0.25, 0.5, 1.0), **more)


def changes(*sightings, crops=None, timeline=()):
    return Changes(sightings, crops or {}, tuple(TimelineEntry(*entry) for entry in timeline))


async def test_ids_count_from_1_and_are_never_given_twice(store):
    given = [await store.next_case_id() for _ in range(5)]
    at_once = await asyncio.gather(*(store.next_case_id() for _ in range(20)))
    assert given == [1, 2, 3, 4, 5]
    assert sorted(at_once) == list(range(6, 26))


async def test_an_id_of_a_closed_object_is_not_given_again(store):
    used = await store.next_case_id()
    await store.save(CaseOpened(replace(OBJECT, case_id=used)))
    await store.save(CaseClosed(used, Reason.STOPPED, ""))
    assert await store.next_case_id() == used + 1
    assert await store.object_ids() == [used]


async def test_an_empty_store_answers_with_nothing(store):
    await store.check()
    assert await store.open_cases() == []
    assert await store.object_ids() == []
    assert await store.timeline(1) == []
    assert await store.sightings(limit=10) == []
    assert await store.sightings(limit=10, case_id=1) == []
    assert await store.image(1) is None
    assert await store.crop("1-a-b") is None


async def test_open_cases_come_back_as_they_went(store):
    for opened in (OBJECT, BARE):
        await store.save(CaseOpened(opened))
    assert await store.open_cases() == [OBJECT, BARE]
    assert await store.image(1) == IMAGE
    assert await store.image(2) is None
    assert isinstance((await store.open_cases())[1].frame_id, int)


@pytest.mark.parametrize("feature_map", [EMBEDDING, [EMBEDDING, EMBEDDING], {"any": ["JSON", None, 1, 1.5]}, "text", 0])
async def test_a_feature_map_of_any_form_is_kept(store, feature_map):
    await store.save(CaseOpened(OBJECT))
    await store.save(FeatureMapLearned(1, feature_map, "dlib"))
    assert await store.open_cases() == [replace(OBJECT, feature_map=feature_map, model_id="dlib")]


async def test_a_later_feature_map_replaces_the_earlier(store):
    await store.save(CaseOpened(OBJECT))
    await store.save(FeatureMapLearned(1, [1.0], "m"))
    await store.save(FeatureMapLearned(1, [2.0], "m"))
    assert await store.open_cases() == [replace(OBJECT, feature_map=[2.0], model_id="m")]


async def test_what_several_models_know_of_a_case_is_kept_side_by_side(store):
    await store.save(CaseOpened(OBJECT))
    await store.save(FeatureMapLearned(1, [1.0], "m"))
    await store.save(FeatureMapLearned(1, [2.0], None))
    await store.save(FeatureMapLearned(1, [[3.0]], "other"))
    await store.save(NegativesLearned(1, ((4.0,),), "other"))
    await store.save(LikenessUnmade(1, "third"))
    (kept,) = await store.open_cases()
    others = (Likeness(None, [2.0]), Likeness("other", [[3.0]], ((4.0,),)))
    assert kept == replace(OBJECT, feature_map=[1.0], model_id="m", others=others, unmade=("third",))
    await store.save(FeatureMapLearned(1, [5.0], "third"))
    (kept,) = await store.open_cases()
    assert (kept.unmade, kept.knows("third")) == ((), True)


async def test_a_closed_object_is_sought_no_more_but_its_id_is_remembered(store):
    for opened in (OBJECT, BARE):
        await store.save(CaseOpened(opened))
    await store.save(CaseClosed(1, Reason.EXPIRED, ""))
    assert await store.open_cases() == [BARE]
    assert await store.image(1) is None
    assert await store.object_ids() == [1, 2]


async def test_sightings_come_back_newest_first(store):
    kept = [sighting(f"1-{number}-a", last_seen=float(number)) for number in (3, 1, 2)]
    await store.save_sightings(changes(*kept))
    await store.save_sightings(changes(sighting("2-9-a", case_id=2, camera_id=7, last_seen=2.5, distance=0.4)))
    assert [found.last_seen for found in await store.sightings(limit=10)] == [3.0, 2.5, 2.0, 1.0]
    assert [found.last_seen for found in await store.sightings(limit=2)] == [3.0, 2.5]
    assert [found.last_seen for found in await store.sightings(limit=10, case_id=1)] == [3.0, 2.0, 1.0]
    assert await store.sightings(limit=10, case_id=2) == [
        sighting("2-9-a", case_id=2, camera_id=7, last_seen=2.5, distance=0.4)
    ]
    assert await store.sightings(limit=10, case_id=3) == []


async def test_a_sighting_that_is_stored_again_is_replaced(store):
    await store.save_sightings(changes(sighting("1-a-a", last_seen=1.0), sighting("1-b-a", last_seen=2.0)))
    longer = sighting("1-a-a", last_seen=5.0, has_crop=True, certainty=0.9)
    await store.save_sightings(changes(longer, crops={"1-a-a": b"JPEG"}))
    assert await store.sightings(limit=10) == [longer, sighting("1-b-a", last_seen=2.0)]
    assert await store.crop("1-a-a") == b"JPEG"
    assert await store.crop("1-b-a") is None


async def test_a_timeline_is_kept_in_order_for_each_object(store):
    await store.save_sightings(changes(timeline=[(1, "door", 10), (2, 7, 10), (1, "yard", 11)]))
    await store.save_sightings(changes(timeline=[(1, 7, 12)]))
    assert await store.timeline(1) == [TimelineRow(10, "door"), TimelineRow(11, "yard"), TimelineRow(12, 7)]
    assert await store.timeline(2) == [TimelineRow(10, 7)]


@pytest.fixture
def small(monkeypatch):
    for module in (stores, memory, redis_store):
        monkeypatch.setattr(module, "MAX_SIGHTINGS", 3)
        monkeypatch.setattr(module, "MAX_TIMELINE_ENTRIES", 4)


async def test_the_oldest_sightings_go_first_with_their_crops(store, small):
    kept = [
        sighting(f"{number % 2 + 1}-{number}-a", case_id=number % 2 + 1, last_seen=float(number)) for number in range(5)
    ]
    await store.save_sightings(changes(*kept, crops={known.sighting_id: b"JPEG" for known in kept}))
    await store.save_sightings(changes(sighting("1-9-a", last_seen=9.0)))
    assert [found.last_seen for found in await store.sightings(limit=10)] == [9.0, 4.0, 3.0]
    assert [found.last_seen for found in await store.sightings(limit=10, case_id=1)] == [9.0, 4.0]
    assert [known.sighting_id for known in kept if await store.crop(known.sighting_id)] == ["2-3-a", "1-4-a"]


async def test_the_oldest_timeline_entries_go_first(store, small):
    await store.save_sightings(changes(timeline=[(1, "door", second) for second in range(6)]))
    await store.save_sightings(changes(timeline=[(1, "door", 6)]))
    assert [row.second for row in await store.timeline(1)] == [3, 4, 5, 6]


# Redis only.


@pytest.fixture
async def redis_at(redis_server):
    made = RedisStore.from_url(redis_server.url)
    yield made
    await made.aclose()


async def filled(store):
    for opened in (OBJECT, BARE):
        assert await store.next_case_id() == opened.case_id
        await store.save(CaseOpened(opened))
    await store.save(FeatureMapLearned(1, EMBEDDING, "dlib"))
    seen = sighting("1-a-b", has_crop=True)
    await store.save_sightings(changes(seen, crops={"1-a-b": b"JPEG"}, timeline=[(1, "door", 10)]))


async def killed_and_back(server, store):
    server.kill()
    server.start()
    await until_it_answers(store)


async def until_it_answers(store):
    """Let the loop see that the old connection is gone; a role's loop sees it in its own time."""
    for _ in range(3):
        with contextlib.suppress(Unavailable):
            await store.check()


async def test_everything_that_was_acknowledged_survives_a_kill(redis_server, redis_at):
    await filled(redis_at)
    await killed_and_back(redis_server, redis_at)
    assert await redis_at.open_cases() == [replace(OBJECT, feature_map=EMBEDDING, model_id="dlib"), BARE]
    assert await redis_at.sightings(limit=10) == [sighting("1-a-b", has_crop=True)]
    assert await redis_at.crop("1-a-b") == b"JPEG"
    assert await redis_at.timeline(1) == [TimelineRow(10, "door")]
    assert await redis_at.object_ids() == [1, 2]
    assert await redis_at.next_case_id() == 3


def keyspace(port):
    """Return every key and value that Redis holds, as bytes."""
    with redis.Redis(port=port) as direct:
        reads = {
            b"string": direct.get,
            b"set": direct.smembers,
            b"list": lambda key: direct.lrange(key, 0, -1),
            b"zset": lambda key: direct.zrange(key, 0, -1, withscores=True),
            b"stream": direct.xrange,
        }
        held = [(key, reads[direct.type(key)](key)) for key in direct.scan_iter()]
    return b"\n".join(key + b" " + (value if isinstance(value, bytes) else repr(value).encode()) for key, value in held)


async def test_nothing_of_a_closed_object_is_left(redis_server, redis_at):
    traces = (IMAGE, str(EMBEDDING[0]).encode(), str(EMBEDDING[127]).encode(), OBJECT.name.encode())
    await filled(redis_at)
    held = keyspace(redis_server.port)
    assert all(trace in held for trace in traces)
    await redis_at.save(CaseClosed(1, Reason.STOPPED, ""))
    await killed_and_back(redis_server, redis_at)
    held = keyspace(redis_server.port)
    assert not [trace for trace in traces if trace in held]
    assert b"object:1" not in held
    assert b"image:1" not in held
    assert b"object:2" in held


async def test_while_redis_is_down_every_call_says_so_and_works_again_after(redis_server, redis_at):
    await filled(redis_at)
    redis_server.kill()
    for call in (
        redis_at.check,
        redis_at.next_case_id,
        redis_at.open_cases,
        redis_at.object_ids,
        lambda: redis_at.save(CaseClosed(1, Reason.STOPPED, "")),
        lambda: redis_at.save(FeatureMapLearned(1, [1.0], None)),
        lambda: redis_at.save_sightings(changes(sighting("1-c-d"), timeline=[(1, "door", 11)])),
        lambda: redis_at.timeline(1),
        lambda: redis_at.sightings(limit=1),
        lambda: redis_at.image(1),
        lambda: redis_at.crop("1-a-b"),
    ):
        with pytest.raises(Unavailable, match="expected Redis to answer, got:") as refusal:
            await call()
        assert refusal.value.code == "store_unavailable"
    redis_server.start()
    await redis_at.check()
    assert len(await redis_at.open_cases()) == 2
    assert await redis_at.timeline(1) == [TimelineRow(10, "door")]


async def test_a_redis_that_hangs_is_told_as_unavailable(redis_server, monkeypatch):
    monkeypatch.setattr(redis_store, "WAIT_SECONDS", 0.2)
    store = RedisStore.from_url(redis_server.url)
    await store.check()
    os.kill(redis_server._process.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(40):
            with pytest.raises(Unavailable):
                await store.check()
    finally:
        os.kill(redis_server._process.pid, signal.SIGCONT)
    await store.check()
    await store.aclose()


async def test_what_was_stored_is_acknowledged_even_when_the_trimming_after_it_fails(redis_server, redis_at):
    with redis.Redis(port=redis_server.port) as direct:
        direct.execute_command("ACL", "SETUSER", "default", "-zcard")
    await redis_at.save_sightings(changes(sighting("1-a-b"), timeline=[(1, "door", 10)]))
    assert await redis_at.timeline(1) == [TimelineRow(10, "door")]


async def test_a_full_redis_is_told_as_unavailable_and_nothing_is_half_stored(redis_server, redis_at):
    await filled(redis_at)
    with redis.Redis(port=redis_server.port) as direct:
        direct.config_set("maxmemory", 1)
    with pytest.raises(Unavailable, match="maxmemory"):
        await redis_at.save(CaseOpened(replace(OBJECT, case_id=3)))
    assert [known.case_id for known in await redis_at.open_cases()] == [1, 2]
    assert await redis_at.object_ids() == [1, 2]


async def test_when_200_cases_were_seen_last_is_one_round_trip(shared_redis, monkeypatch):
    sent = []
    plain = AbstractConnection.send_packed_command

    async def counted(self, command, check_health=True):
        sent.append(command)
        await plain(self, command, check_health)

    with redis.Redis(port=shared_redis.port) as direct:
        direct.flushall()
    store = RedisStore.from_url(shared_redis.url)
    try:
        for case_id in range(1, 201):
            await store.save(CaseOpened(Case(case_id, 0.0, 1e12)))
        seen = tuple(Sighting(f"{n}-1-a", n, "door", 1.0, 5.0 + n, 1, (0.0, 0.0, 1.0, 1.0)) for n in range(1, 200))
        await store.save_sightings(Changes(seen))
        monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
        found = await store.last_seen(list(range(1, 201)))
        print(f"200 cases: {len(sent)} round trip(s) to the store")  # noqa: T201 - the number is the point
        assert found == {n: 5.0 + n for n in range(1, 200)}
        assert len(sent) == 1
        sent.clear()
        assert len(await store.open_cases()) == 200
        assert len(sent) == 2
    finally:
        await store.aclose()
