"""Brings back the jobs of workers that died, and ends those that cannot work (adapter of rq). Starts no worker.

rq notices a dead worker when its job's deadline is over and a minute more; here a supervisor keeps a key alive for each
of its workers, and any supervisor takes up what belongs to nobody alive. A job may run twice for that; its result is
written once.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

import structlog
from rq import Queue
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from backbone.errors import BadInput
from backbone.redis_settings import RedisKeys
from backbone.wire.jobs import ALIVE, OPEN_TASKS, UNTOLD, Failed
from job_workers.queues.results import ResultStore
from job_workers.queues.rq_worker import connection
from job_workers.queues.task_text import decoded

ALIVE_SECONDS = 20
LOST_SECONDS = 15
"""A task that is in no list for so long was taken by a worker that died before it could say so."""
MOST = 1_000


class Recovery:
    """What one supervisor does for all workers of an installation.

    Every method raises `redis.RedisError` when Redis is away.
    """

    def __init__(self, url: str, queues: Sequence[str], *, keys: RedisKeys) -> None:
        self._redis = connection(url)
        self._keys = keys
        self._results = ResultStore(self._redis, keys)
        self._queues = [Queue(keys.key(name), connection=self._redis, serializer=JSONSerializer) for name in queues]

    def beat(self, workers: Mapping[str, Sequence[str]]) -> None:
        """Say which workers are alive, each with the models that it has; once before each starts.

        Then it has to be said more often than `ALIVE_SECONDS`.
        """
        with self._redis.pipeline(transaction=False) as batch:
            for name, models in workers.items():
                batch.set(self._alive(name), " ".join(models) or UNTOLD, ex=ALIVE_SECONDS)
            batch.execute()

    def bury(self, worker: str) -> None:
        """Say that a worker is dead, so that its job comes back at once."""
        self._redis.delete(self._alive(worker))

    def recover(self) -> int:
        """Hand out again what belongs to nobody alive, tell what was given up, and return how many came back."""
        back = sum(self._recover_started(queue) + self._recover_lost(queue) for queue in self._queues)
        for queue in self._queues:
            self._tell_failed(queue)
        return back

    def give_up(self, job_id: str, code: Literal["too_slow", "too_big"], message: str) -> None:
        """End a job that would only fail again, and say so on its stream."""
        with suppress(NoSuchJobError, BadInput):
            job = self._job(job_id)
            self._tell(job, code, message)
            job.retries_left = 0
            job.save()

    def _recover_started(self, queue: Queue) -> int:
        registry = StartedJobRegistry(queue=queue, serializer=JSONSerializer)
        orphans = 0
        for job_id, execution_id in registry.get_job_and_execution_ids(cleanup=False)[:MOST]:
            with suppress(NoSuchJobError):
                worker = self._job(job_id).worker_name
                if worker is None or not self._redis.exists(self._alive(worker)):
                    self._redis.zadd(registry.key, {f"{job_id}:{execution_id}": 1}, xx=True)
                    structlog.get_logger().warning("job_orphaned", job=job_id, worker=worker)
                    orphans += 1
        if orphans:
            registry.cleanup()
        return orphans

    def _recover_lost(self, queue: Queue) -> int:
        """Hand out again what a worker took from the list and had not begun when it died."""
        key, back = self._keys.key(f"{OPEN_TASKS}:{self._keys.name(queue.name)}"), 0
        for raw in self._redis.zrangebyscore(key, 0, time.time() - LOST_SECONDS, start=0, num=MOST):
            job_id = raw.decode() if isinstance(raw, bytes) else str(raw)
            if self._results.is_done(self._keys.task_id(job_id)):
                self._redis.zrem(key, job_id)
                continue
            try:
                job = self._job(job_id)
            except NoSuchJobError:
                self._redis.zrem(key, job_id)
                continue
            waits = self._redis.lpos(queue.key, job_id) is not None
            if job.get_status(refresh=False) is JobStatus.QUEUED and not waits:
                structlog.get_logger().warning("job_lost", job=job_id)
                queue.push_job_id(job_id)
                back += 1
        return back

    def _tell_failed(self, queue: Queue) -> None:
        for job_id in FailedJobRegistry(queue=queue, serializer=JSONSerializer).get_job_ids(end=MOST):
            if not self._results.is_done(self._keys.task_id(job_id)):
                with suppress(NoSuchJobError, BadInput):
                    self._tell(self._job(job_id), "crashed", "the task ended its worker, or failed, again and again")

    def _tell(self, job: Job, code: Literal["crashed", "too_slow", "too_big"], message: str) -> None:
        task = decoded(_text_of(job))
        self._results.write(task.reply, Failed(task_id=task.task_id, tag=task.tag, code=code, message=message))

    def _job(self, job_id: str) -> Job:
        return Job.fetch(job_id, connection=self._redis, serializer=JSONSerializer)

    def _alive(self, worker: str) -> str:
        return self._keys.key(f"{ALIVE}{worker}")


def _text_of(job: Job) -> str:
    """Return the task that a job carries.

    Raises:
        BadInput: the job is in another format than ours; whoever may write to Redis can leave such a one.
    """
    try:
        return str(job.args[0]) if job.args else ""
    except DeserializationError as fault:
        raise BadInput(f"expected a job in JSON, got another: {fault.__cause__}", code="bad_task") from None
