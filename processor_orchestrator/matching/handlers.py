"""`/api/jobs`: what the workers do. Reads only."""

from typing import Any

from backbone.jobs.job_queue import JobQueue, JobView
from backbone.web.http import BaseHandler, Route


def routes(*, queue: JobQueue | None) -> list[Route]:
    """Return the path of the workers' jobs; None: there are no workers."""
    return [Route("/api/jobs", JobsHandler, {"queue": queue})]


class JobsHandler(BaseHandler):
    """What the workers do."""

    def initialize(self, queue: JobQueue | None) -> None:
        """Take the queue; None: there are no workers."""
        self._queue = queue

    async def get(self) -> None:
        """Answer the jobs that wait, run or failed, with progress and the seconds likely left; and the workers."""
        jobs = [] if self._queue is None else await self._queue.jobs()
        workers = 0 if self._queue is None else await self._queue.workers()
        self.write_json({"data": [job_view(job) for job in jobs], "workers": workers})


def job_view(job: JobView) -> dict[str, Any]:
    """Return what is shown of a job. Any: JSON values."""
    return {
        "id": job.id,
        "queue": job.queue,
        "state": job.state,
        "tag": job.tag,
        "done": job.done,
        "total": job.total,
        "etaSeconds": job.eta_seconds,
        "error": job.error,
    }
