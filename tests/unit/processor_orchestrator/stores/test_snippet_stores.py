"""Both stores of devices' pictures keep one contract."""

import pytest
from redis.asyncio import Redis

from backbone.errors import Conflict, Unavailable
from processor_orchestrator.domain.snippet import Snippet
from processor_orchestrator.stores import snippets_memory, snippets_redis
from processor_orchestrator.stores.snippets_memory import MemorySnippets
from processor_orchestrator.stores.snippets_redis import RedisSnippets

KEEP = 1_000.0


class Clock:
    """The wall clock of a test."""

    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["memory", "redis"])
async def store(request, clock):
    if request.param == "memory":
        yield MemorySnippets(keep_seconds=KEEP, now=clock)
        return
    server = request.getfixturevalue("redis_server")
    made = RedisSnippets(Redis(port=server.port, protocol=2), keep_seconds=KEEP, now=clock)
    yield made
    await made.aclose()


def snippet(name="door", number=1, *, at=1_000_000.0, subject=None, size=3):
    return Snippet(name, f"{number:064x}", size, 64, 48, at, subject)


async def numbers(store, name=None):
    return [int(known.sha256, 16) for known in await store.newest(limit=100, snippet_id=name)]


async def test_pictures_are_found_by_id_and_digest_newest_first(store):
    for number, name in ((1, "door"), (2, "roof"), (3, "door")):
        assert await store.put(snippet(name, number, at=1_000_000.0 + number), b"%d" % number)
    assert await numbers(store) == [3, 2, 1]
    assert await numbers(store, "door") == [3, 1]
    newest = await store.find("door")
    assert (newest, await store.jpeg(newest)) == (snippet("door", 3, at=1_000_003.0), b"3")
    older = await store.find("door", f"{1:064x}")
    assert await store.jpeg(older) == b"1"
    assert await store.find("door", f"{2:064x}") is None
    assert await store.find("attic") is None
    assert await store.jpeg(snippet("attic")) is None


async def test_the_same_picture_again_is_the_newest_and_no_other(store):
    for at, number in ((1, 1), (2, 2), (3, 1)):
        assert await store.put(snippet(number=number, at=1_000_000.0 + at), b"jpg") is (at != 3)
    assert await numbers(store) == [1, 2]


async def test_an_id_is_its_subjects_for_as_long_as_a_picture_is_kept(store, clock):
    await store.put(snippet(subject="s"), b"jpg")
    for other in ("t", None):
        with pytest.raises(Conflict):
            await store.put(snippet(number=2, subject=other), b"jpg")
    assert await numbers(store) == [1]
    clock.now += KEEP + 1
    await store.sweep()
    assert await store.put(snippet(number=2, subject="t", at=clock.now), b"jpg")


async def test_an_id_without_a_subject_may_be_taken_by_one(store):
    await store.put(snippet(), b"jpg")
    await store.put(snippet(number=2, subject="s"), b"jpg")
    with pytest.raises(Conflict):
        await store.put(snippet(number=3), b"jpg")


async def test_what_is_too_old_is_gone(store, clock):
    await store.put(snippet(number=1), b"jpg")
    await store.put(snippet(number=2, at=1_000_900.0), b"jpg")
    clock.now += KEEP + 1
    await store.sweep()
    assert await numbers(store) == [2]


@pytest.mark.parametrize(("bound", "most"), [("MAX_HISTORY", 2), ("MAX_SNIPPETS", 2), ("MAX_SNIPPET_BYTES", 2_500)])
async def test_the_oldest_go_when_there_are_too_many(store, monkeypatch, bound, most):
    for module in (snippets_memory, snippets_redis):
        monkeypatch.setattr(module, bound, most)
    for number in range(1, 5):
        jpeg = bytes(1_000)
        await store.put(snippet(number=number, at=1_000_000.0 + number, size=len(jpeg)), jpeg)
    assert await numbers(store) == [4, 3]
    assert await store.jpeg(snippet(number=1)) is None


async def test_redis_holds_nothing_of_a_picture_that_is_gone(redis_server, clock):
    redis = Redis(port=redis_server.port, protocol=2)
    store = RedisSnippets(redis, keep_seconds=KEEP, now=clock)
    await store.put(snippet(subject="s"), b"jpg")
    await store.put(snippet(subject="s"), b"jpeg")
    assert await redis.get("searchlight:snippets:bytes") == b"4"
    clock.now += KEEP + 1
    await store.sweep()
    assert await redis.keys("*") == [b"searchlight:snippets:bytes"]
    assert await redis.get("searchlight:snippets:bytes") == b"0"
    redis_server.kill()
    with pytest.raises(Unavailable):
        await store.find("door")
    await store.aclose()
