"""Has the workers look through old footage, and makes sightings of what they find. Decides no match.

Every step may be repeated: what was found is stored once by what it is, and acknowledged then.
"""

import asyncio
import time
import uuid
from collections.abc import Callable

import structlog

from backbone.errors import Conflict, Unavailable
from backbone.job_queue import JobQueue
from backbone.pictures import PictureCleaner
from backbone.wire import jobs, to_client
from backbone.wire.jobs import FaceMatch, Failed, FootageTask, Matched, Result
from processor_orchestrator.cases.found_crops import crop_of
from processor_orchestrator.cases.galleries import Galleries
from processor_orchestrator.footage.form import FootageForm
from processor_orchestrator.footage.visits import FOOTAGE, changes_of, once_of, visits_of
from processor_orchestrator.stores import Store
from processor_orchestrator.tracking.sighting_writer import told
from processor_orchestrator.tracking.sightings import Changes

RESULTS = "searchlight:footage_results"
GROUP = "orchestrators"
RETRY_SECONDS = 1.0
MOST_WAITING = 100
"""Footage that waits or is looked through at once."""


class FootageDesk:
    """Between whoever has footage and the job workers.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        tell: hands a stored sighting to the clients, here and elsewhere.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        queue: JobQueue | None,
        store: Store,
        galleries: Galleries,
        cleaner: PictureCleaner,
        tell: Callable[[to_client.Sighting], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._queue = queue
        self._store = store
        self._galleries = galleries
        self._cleaner = cleaner
        self._tell = tell
        self._now = now
        self._name = uuid.uuid4().hex

    async def look_through(self, form: FootageForm) -> list[str]:
        """Hand footage to the workers and return the ids of their jobs, one a model of references.

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
        keys = await self._galleries.put()
        if not keys:
            raise Conflict("expected an open case with a reference, got none: there is nobody to look for")
        ids = []
        for key in keys:
            task = FootageTask(
                task_id=f"{FOOTAGE}-{uuid.uuid4()}",
                reply=RESULTS,
                tag=f"{FOOTAGE} {form.camera}",
                path=form.path,
                gallery=key,
                began_at=form.began_at,
                every_seconds=form.every_seconds,
            )
            await self._queue.enqueue(jobs.FOOTAGE, task)
            ids.append(task.task_id)
        structlog.get_logger().info("footage_handed_over", path=form.path, camera=form.camera, jobs=len(ids))
        return ids

    async def run(self) -> None:
        """Store what workers answer, until cancelled."""
        while self._queue is not None:
            try:
                async for entry_id, result in self._queue.read_results(RESULTS, GROUP, self._name):
                    await self._take(result, self._queue)
                    await self._queue.ack(RESULTS, GROUP, entry_id)
            except Unavailable as fault:
                structlog.get_logger().warning("footage_results_wait", reason=fault.message)
            await asyncio.sleep(RETRY_SECONDS)

    async def _take(self, result: Result, queue: JobQueue) -> None:
        source, _, camera = result.tag.partition(" ")
        if isinstance(result, Failed):
            structlog.get_logger().warning("footage_failed", task=result.task_id, reason=result.message)
            await queue.note_error(result.task_id, result.message)
        elif isinstance(result, Matched) and source == FOOTAGE and camera:
            for name in sorted({match.name for match in result.matches}):
                await self._keep(camera, name, [match for match in result.matches if match.name == name])
            for bad in result.refused:
                structlog.get_logger().warning("footage_damaged", task=result.task_id, file=bad.photo, code=bad.code)
            if result.last:
                structlog.get_logger().info("footage_done", task=result.task_id, refused=len(result.refused))
        else:
            structlog.get_logger().warning("footage_result_passed_over", task=result.task_id, tag=result.tag[:200])

    async def _keep(self, camera: str, name: str, faces: list[FaceMatch]) -> None:
        object_id = await self._galleries.case_of(name)
        if object_id is None:
            return
        parts = [
            changes_of(
                visit, await crop_of(visit.best, self._cleaner), object_id=object_id, camera=camera, now=self._now()
            )
            for visit in visits_of(faces)
        ]
        changes = Changes(
            sightings=tuple(known for part in parts for known in part.sightings),
            crops={key: crop for part in parts for key, crop in part.crops.items()},
            timeline=tuple(entry for part in parts for entry in part.timeline),
        )
        if await self._store.save_sightings(changes, once=once_of(camera, object_id, faces)):
            for sighting in changes.sightings:
                self._tell(told(sighting))
            structlog.get_logger().info("footage_matched", camera=camera, object=object_id, faces=len(faces))
