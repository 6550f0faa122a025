"""Has the workers look through old footage, and makes sightings of what they find. Decides no match.

Every step may be repeated: what was found is stored once by what it is, and acknowledged then.
"""

import time
import uuid
from collections.abc import Callable

import structlog

from backbone.errors import Conflict, Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.wire import jobs
from backbone.wire.jobs import Failed, FootageTask, Matched, Result
from processor_orchestrator.footage.form import FootageForm
from processor_orchestrator.footage.visits import FOOTAGE, found_of, once_of, visits_of
from processor_orchestrator.matching.galleries import Galleries
from processor_orchestrator.matching.match_crop import crop_of
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.sightings.service import SightingService

MOST_WAITING = 100
"""Footage that waits or is looked through at once."""


class FootageService:
    """Between whoever has footage and the job workers.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        results: name of the stream on which workers answer.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        queue: JobQueue | None,
        galleries: Galleries,
        sightings: SightingService,
        metrics: OrchestratorMetrics,
        results: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._queue = queue
        self._galleries = galleries
        self._sightings = sightings
        self._metrics = metrics
        self._results = results
        self._now = now

    async def look_through(self, form: FootageForm) -> list[str]:
        """Hand footage to the workers and return the ids of their jobs.

        Raises:
            Conflict: nobody is sought whom the workers could find.
            Unavailable: there are no workers, the store is away, or too much footage waits.
        """
        if self._queue is None:
            text = "expected --redis-url with a Redis and face workers on it to look through footage, got memory://"
            raise Unavailable(text, code="no_workers")
        waiting = sum(job.queue == jobs.FOOTAGE and job.error is None for job in await self._queue.jobs())
        if waiting >= MOST_WAITING:
            raise Unavailable(f"expected at most {MOST_WAITING} jobs with footage at once, got one more")
        key = await self._galleries.put()
        if key is None:
            raise Conflict("expected an open case with a reference, got none: there is nobody to look for")
        task = FootageTask(
            task_id=f"{FOOTAGE}-{uuid.uuid4()}",
            reply=self._results,
            tag=f"{FOOTAGE} {form.camera}",
            path=form.path,
            gallery=key,
            began_at=form.began_at,
            every_seconds=form.every_seconds,
        )
        await self._queue.enqueue(jobs.FOOTAGE, task)
        structlog.get_logger().info("footage_handed_over", path=form.path, camera=form.camera)
        return [task.task_id]

    async def take(self, result: Result) -> None:
        """Store what workers found.

        Raises:
            Unavailable: it has had no effect yet.
        """
        source, _, camera = result.tag.partition(" ")
        if isinstance(result, Failed):
            structlog.get_logger().warning("footage_failed", task=result.task_id, reason=result.message)
            if self._queue is not None:
                await self._queue.note_error(result.task_id, result.message)
        elif isinstance(result, Matched) and source == FOOTAGE and camera:
            for name in sorted({match.name for match in result.matches}):
                await self._keep(camera, name, result)
            for bad in result.refused:
                structlog.get_logger().warning("footage_damaged", task=result.task_id, file=bad.photo, code=bad.code)
            if result.last:
                self._metrics.passed_over.labels(FOOTAGE).inc(result.passed_over)
                structlog.get_logger().info(
                    "footage_done",
                    task=result.task_id,
                    refused=len(result.refused),
                    passed_over=result.passed_over,
                )
        else:
            structlog.get_logger().warning("footage_result_passed_over", task=result.task_id, tag=result.tag[:200])

    async def _keep(self, camera: str, name: str, result: Matched) -> None:
        faces = [match for match in result.matches if match.name == name]
        case_id = await self._galleries.case_of(name)
        if case_id is None:
            return
        found = [
            found_of(
                visit,
                crop_of(visit.best),
                case_id=case_id,
                camera=camera,
                model_id=result.model_id,
                now=self._now(),
            )
            for visit in visits_of(faces)
        ]
        if await self._sightings.add(found, once=once_of(camera, case_id, faces)):
            structlog.get_logger().info("footage_matched", camera=camera, object=case_id, faces=len(faces))
