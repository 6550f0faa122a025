"""The real workers on a real Redis: references, matches, footage; and jobs that survive kill -9."""

import asyncio
import io
import os
import random
import signal
import time
from pathlib import Path

import pytest
import requests
from PIL import Image
from rq import Queue
from rq.serializers import JSONSerializer

from backbone.wire.jobs import (
    ENCODE,
    FOOTAGE,
    MATCH,
    Encoded,
    EncodeTask,
    Failed,
    FootageTask,
    GalleryFile,
    Matched,
    MatchTask,
    Photo,
    Sought,
)
from drill.phone_photos import make_phone_photos
from faces import load_engine
from job_workers.queues.rq_worker import connection
from tests.e2e.conftest import two_workers
from tests.fakes.photo_worker import MODEL
from tests.jobs_under_fire import NOBODY, Fire
from tests.processes import ANSWER_SECONDS, role, wait_until

PATIENCE = 60.0
STREAM = "results"


@pytest.fixture(scope="module")
def photos(footage, tmp_path_factory):
    return make_phone_photos(footage, tmp_path_factory.mktemp("phone"), taken_at=1_700_000_000.0)


@pytest.fixture
def workers(redis_server, footage, tmp_path):
    folder = str(footage.clips[0].video.parent)
    with two_workers(redis_server.url, "--detector", "hog", "--footage-folder", folder) as running:
        yield running


async def results_of(queue, count):
    """Return so many results, the last parts of tasks counted."""
    told, last = [], 0
    async with asyncio.timeout(PATIENCE):
        async for entry, result in queue.read_results(STREAM, "test", "reader"):
            told.append(result)
            await queue.ack(STREAM, "test", entry)
            last += getattr(result, "last", True)
            if last == count:
                break
    return told


async def encoded(queue, footage):
    photo = Photo(key="blob:case", name="case.jpg", received_at=1.0)
    await queue.put_blobs({photo.key: footage.case_photo.read_bytes()})
    await queue.enqueue(ENCODE, EncodeTask("encode-1", STREAM, "case 1", (photo,)))
    (told,) = await results_of(queue, 1)
    assert isinstance(told, Encoded)
    return told


async def sought_in(queue, told):
    person = Sought(name="sought", tolerance=0.6, embeddings=tuple(one.embedding for one in told.references))
    return await queue.put_gallery(GalleryFile(model_id=told.model_id, sought=(person,)))


async def test_a_reference_finds_its_person_in_phone_photos_and_in_old_footage(workers, queue, footage, photos):
    told = await encoded(queue, footage)
    assert len(told.references) == 1
    assert await queue.get_blob("blob:case") is None, "a reference photo is kept no longer than needed"
    gallery = await sought_in(queue, told)
    await queue.put_blobs({f"blob:{photo.path.name}": photo.path.read_bytes() for photo in photos})
    sent = tuple(Photo(f"blob:{p.path.name}", p.path.name, 1.0, with_location=n == 0) for n, p in enumerate(photos))
    await queue.enqueue(MATCH, MatchTask("match-1", STREAM, "batch", sent, gallery))
    (matched,) = await results_of(queue, 1)
    assert isinstance(matched, Matched)
    assert {match.photo for match in matched.matches} == {n for n, photo in enumerate(photos) if photo.shows_sought}
    assert all(match.taken_at == 1_700_000_000.0 for match in matched.matches)
    assert [match.place is not None for match in matched.matches] == [match.photo == 0 for match in matched.matches]
    clip = footage.clips[0].video.name
    await queue.enqueue(FOOTAGE, FootageTask("footage-1", STREAM, "card", clip, gallery, 5_000.0, 1.0))
    found = [match for part in await results_of(queue, 1) for match in part.matches]
    assert found
    assert all(5_000.0 <= match.taken_at <= 5_030.0 for match in found)


async def test_a_task_handed_over_twice_has_one_result(workers, queue, footage):
    told = await encoded(queue, footage)
    gallery = await sought_in(queue, told)
    for _ in range(2):
        await queue.enqueue(MATCH, MatchTask("match-1", STREAM, "batch", (), gallery))
    await queue.enqueue(MATCH, MatchTask("match-2", STREAM, "batch", (), gallery))
    assert sorted(result.task_id for result in await results_of(queue, 2)) == ["match-1", "match-2"]


async def test_a_job_that_names_another_function_runs_nothing(workers, queue, redis_server, tmp_path):
    proof = tmp_path / "proof"
    strange = Queue(MATCH, connection=connection(redis_server.url), serializer=JSONSerializer)
    job = strange.enqueue_call("os.mkdir", args=(str(proof),))
    wait_until(lambda: job.get_status() == "failed", "the job's refusal")
    assert not proof.exists()


async def test_a_job_in_another_format_harms_no_other(workers, queue, redis_server):
    foreign = Queue(MATCH, connection=connection(redis_server.url))  # rq's own format: pickle
    job = foreign.enqueue_call("os.getcwd")
    wait_until(lambda: job.get_status() == "failed", "the job's refusal")
    gallery = await queue.put_gallery(GalleryFile(model_id="m", sought=()))
    os.kill(int(children_of(workers)[0]), signal.SIGKILL)
    wait_until(lambda: len(workers.events("worker_ready")) == 3, "another worker")
    await queue.enqueue(MATCH, MatchTask("match-1", STREAM, "batch", (), gallery))
    assert [result.task_id for result in await results_of(queue, 1)] == ["match-1"]
    assert requests.get(f"{workers.url}/readyz", timeout=ANSWER_SECONDS).status_code == 200


def children_of(workers):
    return Path(f"/proc/{workers.process.pid}/task/{workers.process.pid}/children").read_text().split()


async def test_a_worker_over_its_deadline_is_ended_and_the_task_told_as_too_slow(redis_server, queue, footage):
    clip = footage.clips[0].video
    arguments = ("--redis-url", redis_server.url, "--port", "0", "--processes", "1", "--grace", "0.5")
    with role("job_workers", *arguments, "--detector", "cnn", "--footage-folder", str(clip.parent)) as running:
        wait_until(lambda: running.events("worker_ready"), "the worker")
        gallery = await queue.put_gallery(GalleryFile(model_id=MODEL, sought=(NOBODY,)))
        task = FootageTask("slow", STREAM, "card", clip.name, gallery, 0.0, 0.04)
        await queue.enqueue(FOOTAGE, task, deadline=1)
        pid = int(children_of(running)[0])
        wait_until(lambda: running.metric("job_workers_jobs_begun_total") == 1, "the job's begin")
        os.kill(pid, signal.SIGSTOP)
        (told,) = await results_of(queue, 1)
        assert isinstance(told, Failed)
        assert told.code == "too_slow"
        wait_until(lambda: len(running.events("worker_ready")) == 2, "another worker")


async def test_a_picture_that_takes_too_much_memory_costs_one_job(redis_server, queue, footage):
    arguments = ("--redis-url", redis_server.url, "--port", "0", "--processes", "1", "--detector", "hog")
    with role("job_workers", *arguments, "--longest-side", "10000", "--memory-limit", "300") as running:
        wait_until(lambda: running.events("worker_ready"), "the worker")
        huge = io.BytesIO()
        Image.new("RGB", (6_300, 6_300)).save(huge, "JPEG")  # takes 800 MB to look through
        await queue.put_blobs({"blob:huge": huge.getvalue()})
        await queue.enqueue(ENCODE, EncodeTask("huge", STREAM, "case 2", (Photo("blob:huge", "huge.jpg", 1.0),)))
        (told,) = await results_of(queue, 1)
        assert (isinstance(told, Failed), told.code) == (True, "too_big")
        assert len((await encoded(queue, footage)).references) == 1, "the next one has a worker"


async def test_jobs_survive_killed_workers_and_a_killed_redis(workers, redis_server, footage):
    seed = random.SystemRandom().getrandbits(32)
    fire = Fire(redis_server, workers, seed=seed, longest=300)
    model_id = load_engine("hog").model_id
    took = await fire.run(jobs=100, photo=footage.case_photo, model_id=model_id, worker_kills=3, redis_kills=1)
    print(f"100 jobs, 3 workers and 1 Redis killed, seed {seed}: {took:.1f} s, {len(fire.failed)} given up")  # noqa: T201
    assert set(fire.results.values()) == {1}
    assert len(fire.results) == 100
    assert fire.failed == []


def test_readiness_tells_of_redis_and_of_the_workers(workers, redis_server):
    assert requests.get(f"{workers.url}/readyz", timeout=ANSWER_SECONDS).status_code == 200
    redis_server.kill()
    began = time.monotonic()
    wait_until(
        lambda: requests.get(f"{workers.url}/readyz", timeout=ANSWER_SECONDS).status_code == 503,
        "the truth about Redis",
    )
    assert time.monotonic() - began < 60
    redis_server.start()
    wait_until(lambda: requests.get(f"{workers.url}/readyz", timeout=ANSWER_SECONDS).status_code == 200, "Redis again")


def test_workers_end_with_their_parent(workers):
    children = children_of(workers)
    assert len(children) == 2
    workers.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in children), "the workers' end")
