"""A worker of the queue `offload` that runs nothing: answers each task once, as the contract has it.

The output is what a program would print that prints its arguments and its input; the first argument may ask for more:
`fail` ends with 3, `slow` is never answered, `big` prints 300,000 letters.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from backbone.redis_settings import RedisKeys
from backbone.wire.jobs import RUN_TASK
from backbone.wire.offload import OFFLOAD, Offloaded, OffloadTask
from job_workers.queues.results import ResultStore
from tests.fakes.background import repeated


class OffloadWorker:
    """Works through the queue of one Redis."""

    def __init__(self, port: int) -> None:
        retry = Retry(ExponentialBackoff(cap=1, base=0.05), 20)
        self.redis = redis.Redis(port=port, retry=retry, retry_on_error=[redis.exceptions.ConnectionError])
        self.tasks: list[OffloadTask] = []
        self.runs: Counter[str] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self._results = ResultStore(self.redis, RedisKeys())
        self._queue = Queue(OFFLOAD, connection=self.redis, serializer=JSONSerializer)

    def waiting(self) -> list[OffloadTask]:
        """Return what was handed over and is not done, in order."""
        return [self._task(job_id) for job_id in self._queue.job_ids]

    def _task(self, job_id: str) -> OffloadTask:
        job = Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer)
        assert job.func_name == RUN_TASK
        task: OffloadTask = msgspec.json.decode(job.args[0], type=OffloadTask)
        return task

    def work_once(self) -> bool:
        """Do the next task, if there is one."""
        for job_id in self._queue.job_ids[:1]:
            task = self._task(job_id)
            self.tasks.append(task)
            self.runs[task.task_id] += 1
            if task.args[:1] != ("slow",):
                self._results.write(task.reply, _result(task))
            self._queue.remove(job_id)
            return True
        return False


def _result(task: OffloadTask) -> Offloaded:
    if task.args[:1] == ("fail",):
        return Offloaded(
            task.task_id, task.tag, "runtime_error", "exit code 3", exit_code=3, stdout="half", stderr="no\nway"
        )
    body = "x" * 300_000 if task.args[:1] == ("big",) else " ".join(task.args) + task.stdin
    return Offloaded(
        task.task_id, task.tag, "ok", exit_code=0, stdout=body, wall_ms=1.0, cached=task.program is not None
    )


@contextmanager
def offload_worker(port: int) -> Iterator[OffloadWorker]:
    """Let a worker do whatever comes, for the length of a `with` block."""
    worker = OffloadWorker(port)
    with repeated(worker.work_once, pause=0.01):
        yield worker
