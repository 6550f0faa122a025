"""Jobs of dead workers come back whichever queue they are of, on a real Redis and with rq's own records."""

import time

import msgspec
import pytest
from rq import Queue
from rq.executions import Execution
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from backbone.jobs.job_queue import JobQueue
from backbone.redis_settings import RedisKeys
from backbone.wire.jobs import ALIVE, ENCODE, FOOTAGE, MATCH, OPEN_TASKS, Failed, MatchTask, Result
from backbone.wire.offload import OFFLOAD, OffloadTask
from job_workers.queues.recovery import LOST_SECONDS, Recovery
from job_workers.queues.rq_worker import connection

QUEUES = (ENCODE, MATCH, FOOTAGE, OFFLOAD)


@pytest.fixture
def redis(redis_server):
    return connection(redis_server.url)


@pytest.fixture
async def queue(redis_server):
    made = JobQueue.from_url(redis_server.url)
    yield made
    await made.aclose()


@pytest.fixture
def recovery(redis_server):
    return Recovery(redis_server.url, QUEUES, keys=RedisKeys())


async def hand_over(queue, name):
    task = OffloadTask("one", "r", "t", name="p") if name == OFFLOAD else MatchTask("one", "r", "t", (), "g")
    await queue.enqueue(name, task)


def begun(redis, name, worker):
    """Take the next job from the list as a worker of rq does."""
    listed = Queue(name, connection=redis, serializer=JSONSerializer)
    job = Job.fetch(listed.pop_job_id(), connection=redis, serializer=JSONSerializer)
    with redis.pipeline() as batch:
        Execution.create(job, ttl=600, pipeline=batch, worker_name=worker)
        job.prepare_for_execution(worker, pipeline=batch)
        batch.execute()


def waiting(redis, name):
    return Queue(name, connection=redis, serializer=JSONSerializer).job_ids


@pytest.mark.parametrize("name", QUEUES)
async def test_what_a_worker_took_and_did_not_begin_comes_back(redis, queue, recovery, name):
    await hand_over(queue, name)
    assert Queue(name, connection=redis, serializer=JSONSerializer).pop_job_id() == "one"
    assert recovery.recover() == 0, "a worker may be about to begin it"
    redis.zadd(f"{OPEN_TASKS}:{name}", {"one": time.time() - LOST_SECONDS - 1})
    assert recovery.recover() == 1
    assert waiting(redis, name) == ["one"]
    assert recovery.recover() == 0


async def test_a_task_whose_result_was_told_does_not_come_back(redis, queue, recovery):
    await hand_over(queue, MATCH)
    Queue(MATCH, connection=redis, serializer=JSONSerializer).pop_job_id()
    redis.zadd(f"{OPEN_TASKS}:{MATCH}", {"one": 1.0})
    redis.set("done:one", "1")
    assert recovery.recover() == 0
    assert redis.zcard(f"{OPEN_TASKS}:{MATCH}") == 0


async def test_a_job_in_another_format_holds_up_no_other_queue(redis, queue, recovery):
    for name in QUEUES:
        foreign = Queue(name, connection=redis).enqueue_call("os.getcwd", args=(name,))
        Queue(name, connection=redis).remove(foreign.id)
        redis.zadd(FailedJobRegistry(name, connection=redis).key, {foreign.id: 9e9})
    await hand_over(queue, MATCH)
    Queue(MATCH, connection=redis, serializer=JSONSerializer).pop_job_id()
    redis.zadd(f"{OPEN_TASKS}:{MATCH}", {"one": 1.0})
    assert recovery.recover() == 1
    assert waiting(redis, MATCH) == ["one"]


@pytest.mark.parametrize("name", QUEUES)
async def test_a_job_that_was_given_up_is_told_once(redis, queue, recovery, name):
    await hand_over(queue, name)
    job = Job.fetch("one", connection=redis, serializer=JSONSerializer)
    Queue(name, connection=redis, serializer=JSONSerializer).remove("one")
    job.set_status(JobStatus.FAILED)
    redis.zadd(FailedJobRegistry(name, connection=redis).key, {"one": 9e9})
    for _ in range(2):
        recovery.recover()
    ((_, entry),) = redis.xrange("r")
    told = msgspec.json.decode(entry[b"result"], type=Result)
    assert (isinstance(told, Failed), told.task_id, told.code) == (True, "one", "crashed")


@pytest.mark.parametrize("name", QUEUES)
async def test_a_dead_workers_job_comes_back_and_a_living_ones_stays(redis, queue, recovery, name):
    await hand_over(queue, name)
    begun(redis, name, "worker-1")
    redis.set(f"{ALIVE}worker-1", "1")
    assert recovery.recover() == 0
    recovery.bury("worker-1")
    assert recovery.recover() == 1
    assert waiting(redis, name) == ["one"]


@pytest.mark.parametrize("name", QUEUES)
async def test_what_another_installation_lost_is_left_to_it(redis, redis_server, queue, recovery, name):
    north = JobQueue.from_url(redis_server.url, prefix="north")
    keys = RedisKeys("north")
    its_own = Recovery(redis_server.url, QUEUES, keys=keys)
    await hand_over(north, name)
    await hand_over(queue, name)
    begun(redis, keys.key(name), "worker-1")
    begun(redis, name, "worker-2")
    recovery.beat({"worker-2": ()})
    assert recovery.recover() == 0
    assert its_own.recover() == 1
    assert waiting(redis, keys.key(name)) == [keys.job_id("one")]
    assert waiting(redis, name) == []
    await north.aclose()


async def test_a_task_of_another_installation_is_given_up_on_its_own_stream(redis, redis_server):
    north = JobQueue.from_url(redis_server.url, prefix="north")
    await hand_over(north, OFFLOAD)
    keys = RedisKeys("north")
    Recovery(redis_server.url, QUEUES, keys=keys).give_up(keys.job_id("one"), "too_slow", "it took too long")
    ((_, entry),) = redis.xrange("north:r")
    assert msgspec.json.decode(entry[b"result"], type=Result).task_id == "one"
    assert redis.exists("north:done:one") == 1
    await north.aclose()
