"""Two installations on one real Redis: neither sees, takes or loses anything of the other."""

import pytest
from redis import Redis

from backbone.jobs.job_queue import JobQueue
from backbone.jobs.worker_models import WorkerModels
from backbone.wire.jobs import ALIVE, MATCH, OPEN_TASKS, UNTOLD, GalleryFile, MatchTask, Sought
from backbone.wire.offload import OFFLOAD, OffloadTask

TOLD = b'{"type":"failed","taskId":"%s","tag":"","code":"failed","message":""}'


@pytest.fixture
async def north(redis_server):
    made = JobQueue.from_url(redis_server.url, prefix="north")
    yield made
    await made.aclose()


@pytest.fixture
async def plain(redis_server):
    made = JobQueue.from_url(redis_server.url)
    yield made
    await made.aclose()


def task(task_id: str) -> OffloadTask:
    return OffloadTask(task_id, "results", "client", name="p")


async def test_a_task_of_the_same_name_is_a_job_of_each(north, plain):
    await north.enqueue(OFFLOAD, task("one"))
    assert await plain.jobs() == []
    await plain.enqueue(OFFLOAD, task("one"))
    for queue in (north, plain):
        await queue.enqueue(OFFLOAD, task("one"))
        assert [(job.id, job.queue, job.state) for job in await queue.jobs()] == [("one", OFFLOAD, "queued")]
    await north.note_error("one", "it failed")
    assert [job.error for queue in (north, plain) for job in await queue.jobs()] == ["it failed", None]


async def test_pictures_galleries_and_results_are_each_ones_own(north, plain, redis_server):
    redis = Redis.from_url(redis_server.url)
    await north.put_blobs({"blob:1": b"picture"})
    assert await plain.get_blob("blob:1") is None
    await plain.drop_blobs(["blob:1"])
    assert await north.get_blob("blob:1") == b"picture"
    gallery = GalleryFile("model", (Sought("anna", 0.6, ()),))
    key = await north.put_gallery(gallery, owner="o")
    assert await north.galleries("o") == {key: ("anna",)}
    assert await plain.galleries("o") == {}
    await north.take_from_gallery(key, "anna")
    assert await north.galleries("o") == {key: ()}
    redis.xadd("north:results", {"result": TOLD % b"of-north"})
    redis.xadd("results", {"result": TOLD % b"plain"})
    for queue, name in ((north, "of-north"), (plain, "plain")):
        results = queue.read_results("results", "readers", "reader")
        entry, result = await anext(results)
        assert result.task_id == name
        assert await queue.deliveries("results", "readers", entry) == 1
        await queue.ack("results", "readers", entry)
        await results.aclose()
    assert redis.xlen("north:results") == redis.xlen("results") == 0


async def test_under_the_default_prefix_the_keys_are_those_of_old_and_under_another_none_of_them_is_used(
    north, plain, redis_server
):
    redis = Redis.from_url(redis_server.url)
    await plain.enqueue(MATCH, MatchTask("one", "r", "t", (), "g"))
    assert redis.zrange(f"{OPEN_TASKS}:{MATCH}", 0, -1) == [b"one"]
    assert redis.exists("rq:job:one", "rq:queue:match") == 2
    redis.flushdb()
    await north.enqueue(MATCH, MatchTask("one", "r", "t", (), "g"))
    await north.put_blobs({"blob:1": b"picture"})
    ours = {key for key in redis.scan_iter() if not key.startswith(b"rq:")}
    assert ours == {b"north:tasks:match", b"north:blob:1"}
    assert redis.exists("rq:queue:north:match") == 1
    assert redis.exists("rq:job:one", "rq:queue:match") == 0


async def test_workers_tell_their_models_those_of_the_version_before_do_not(north, plain, redis_server):
    nobody = WorkerModels(frozenset(), frozenset())
    assert await plain.models() == nobody
    with Redis.from_url(redis_server.url) as direct:
        for number, told in enumerate(("dlib sface", "dlib", UNTOLD)):
            direct.set(f"{ALIVE}worker-{number}", told)
    assert await plain.models() == WorkerModels(own=frozenset({"dlib"}), every=frozenset({"dlib", "sface"}))
    assert await north.models() == nobody


async def test_a_person_is_taken_out_of_every_models_part_of_a_gallery(plain, redis_server):
    anna, boris = (Sought(name=name, tolerance=0.6, embeddings=((0.5,) * 128,)) for name in ("anna", "boris"))
    key = await plain.put_gallery(GalleryFile("m", (anna, boris), (GalleryFile("s", (anna,)),)), owner="o")
    assert await plain.galleries("o") == {key: ("anna", "boris")}
    await plain.take_from_gallery(key, "anna")
    assert await plain.galleries("o") == {key: ("boris",)}


async def test_workers_are_counted_by_installation(north, plain, redis_server):
    redis = Redis.from_url(redis_server.url)
    redis.set("north:job_workers:alive:w", 1)
    assert (await north.workers(), await plain.workers()) == (1, 0)
