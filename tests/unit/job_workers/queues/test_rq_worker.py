"""What a worker says to Redis between jobs, on a real one."""

import os
import signal

import msgspec
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from backbone.wire.jobs import RUN_TASK
from backbone.wire.offload import OffloadTask
from job_workers.queues.rq_worker import WORKER_SECONDS, work

JOBS = 20


@pytest.fixture
def worked(redis_server):
    """Have a worker do some jobs; return what was run, the worker's entry's seconds after each, and Redis' counts."""
    redis = Redis.from_url(redis_server.url)
    queue = Queue("offload", connection=redis, serializer=JSONSerializer)
    for number in range(JOBS):
        task = OffloadTask(f"task {number}", "replies", "pi", program="p")
        queue.enqueue_call(RUN_TASK, args=(msgspec.json.encode(task).decode(),), timeout=60)
    ran, seconds = [], []

    def run(task, _progress):
        ran.append(task.task_id)
        seconds.append(redis.ttl("rq:worker:one"))
        if len(ran) == JOBS:
            os.kill(os.getpid(), signal.SIGTERM)

    redis.config_resetstat()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        work(redis_server.url, ["offload"], name="one", run=run, tell=lambda _job, _deadline: None)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    counts = {name.removeprefix("cmdstat_"): told["calls"] for name, told in redis.info("commandstats").items()}
    return ran, seconds, counts


def test_a_worker_says_only_news_and_its_entry_stays(worked):
    ran, seconds, counts = worked
    assert ran == [f"task {number}" for number in range(JOBS)]
    assert min(seconds) > WORKER_SECONDS
    # rq's own worker: 16 and 11 of them for each job, most of them to say again that it is idle and lives.
    assert counts["hset"] <= 12 * JOBS, counts
    assert counts["expire"] <= 8 * JOBS, counts
