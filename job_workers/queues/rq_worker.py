"""rq's worker without a fork and without freedom: one function, JSON only (adapter of rq). Looks at no picture.

rq imports and calls whatever function a job names. Here a job may name one, and that one is not imported but given:
whoever can write to Redis can hand over tasks, and nothing else.
"""

import time
from collections.abc import Callable, Sequence

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from backbone.errors import NotAllowed
from backbone.wire.jobs import RUN_TASK, Task
from job_workers.queues.task_text import Progress, decoded

MONITOR_SECONDS = 5
MAINTENANCE_SECONDS = 3_600
"""The supervisor brings jobs of dead workers back; rq's own way is only for what it left."""
RESULT_SECONDS = 3_600
RETRIES = 5

BEAT_SECONDS = 30
WORKER_SECONDS = 60
"""rq keeps a worker's entry a minute longer than this, and wakes it within this time to beat."""

Run = Callable[[Task, Progress], None]
Begun = Callable[[str | None, float], None]


def connection(url: str) -> Redis:
    """Return a connection that lives through a restart of Redis."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_connect_timeout=5,
        retry=Retry(ExponentialBackoff(cap=5, base=0.2), RETRIES),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


class QuietWorker(SimpleWorker):
    """rq's worker, which says to Redis only what has changed: for short jobs its words cost more than the work.

    A Redis that syncs each write makes each of them wait for the disk.
    """

    _beaten_for = 0
    _beaten_at = 0.0

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Tell whether this works, where that is news."""
        if state != self._state or pipeline is not None:
            super().set_state(state, pipeline)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Tell that this lives, for so many seconds from now, unless the same was told a moment ago."""
        seconds, now = timeout or self.worker_ttl + 60, time.monotonic()
        if pipeline is None and seconds == self._beaten_for and now - self._beaten_at < BEAT_SECONDS:
            return
        super().heartbeat(seconds, pipeline)
        self._beaten_for, self._beaten_at = seconds, now

    def check_for_suspension(self, burst: bool) -> None:
        """Ask nobody: nothing here suspends workers."""


def work(url: str, queues: Sequence[str], *, name: str, run: Run, tell: Begun) -> None:
    """Take jobs until SIGTERM; the one at hand is finished.

    Args:
        name: of this worker, no other one's.
        run: runs a task and tells its progress.
        tell: called with a job's id and its deadline in seconds before it, with None after it.
    """
    redis = connection(url)

    class TaskJob(Job):
        """A job that can do one thing."""

        def perform(self) -> None:
            """Run the task that the job carries.

            Raises:
                NotAllowed: it names another function, or carries other things than one text.
                BadInput: the text is no task.
            """
            one_text = len(self.args) == 1 and isinstance(self.args[0], str) and not self.kwargs
            if self.func_name != RUN_TASK or not one_text:
                raise NotAllowed(f"expected {RUN_TASK} with one text, got {str(self.func_name)[:100]!r}")
            tell(self.id, float(self.timeout or 0))
            try:
                run(decoded(self.args[0]), self._note)
            finally:
                tell(None, 0.0)

        def _note(self, done: int, total: int) -> None:
            self.meta |= {"done": done, "total": total}
            self.save_meta()  # type: ignore[no-untyped-call] # rq's

    served = [Queue(queue, connection=redis, serializer=JSONSerializer, job_class=TaskJob) for queue in queues]
    worker = QuietWorker(
        served,
        name=name,
        connection=redis,
        job_class=TaskJob,
        serializer=JSONSerializer,
        default_result_ttl=RESULT_SECONDS,
        worker_ttl=WORKER_SECONDS,
        job_monitoring_interval=MONITOR_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING", with_scheduler=False)
