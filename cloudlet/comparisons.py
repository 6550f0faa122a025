"""The comparison of each batch of photos: begun with who is sought at that moment, ended with nothing left behind.

Does not take turns with other changes; the service does.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from backbone.errors import Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.wire.jobs import MATCH, GalleryFile, MatchTask
from cloudlet.domain.batches import Batch, Batches
from cloudlet.domain.jobs import Jobs
from cloudlet.job_store import JobStore


class Comparisons:
    """Every method but `begin_or_wait` raises `Unavailable` when Redis is away; it may be called again.

    Args:
        cloudlet: "ip:port"; the galleries are named by it.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        batches: Batches,
        store: JobStore,
        queue: JobQueue,
        cloudlet: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._store = store
        self._queue = queue
        self._cloudlet = cloudlet
        self._clock = clock

    async def keep(self, batch: Batch) -> Batch:
        """Keep a batch as it is now, and return it."""
        await self._store.put_batch(batch)
        self._batches.put(batch)
        return batch

    async def begin_or_wait(self, batch: Batch) -> None:
        """Begin a batch; it is kept already, so when the queue is away it begins later."""
        try:
            await self._begin(batch)
        except Unavailable as fault:
            structlog.get_logger().warning("batch_waits", reason=fault.message)

    async def begin_ready(self) -> None:
        """Begin the batches that wait for nothing."""
        for batch in self._batches.ready({job.task_id for job in self._jobs.encoding()}):
            await self._begin(batch)

    async def _begin(self, batch: Batch) -> None:
        """Hand a batch over with who is sought now; who is sought later has no part in it."""
        if not batch.gallery:
            sought = self._jobs.sought()
            if not sought:
                await self.end(batch)
                return
            gallery = await self._queue.put_gallery(GalleryFile(self._jobs.model_id, sought), owner=self._cloudlet)
            batch = await self.keep(replace(batch, begun_at=self._clock(), gallery=gallery))
        task = MatchTask(batch.batch_id, self._store.replies, batch.batch_id, batch.photos, batch.gallery)
        await self._queue.enqueue(MATCH, task)
        await self.keep(replace(batch, begun=True))

    async def forget(self, name: str) -> None:
        """Take a job's references away from the comparisons that no worker has begun yet."""
        for gallery in self._batches.galleries():
            await self._queue.take_from_gallery(gallery, name)

    async def end(self, batch: Batch) -> None:
        """Forget a batch, its photos, and its gallery when no other one needs it."""
        await self._queue.drop_blobs([photo.key for photo in batch.photos])
        await self._store.drop_batch(batch.batch_id)
        self._batches.drop(batch.batch_id)
        if batch.gallery and batch.gallery not in self._batches.galleries():
            await self._queue.drop_blobs([batch.gallery])
