"""Brings the matches of a batch into the outbox, a zip for each job. Does not compare, and does not send them."""

import asyncio

from backbone.jobs.job_queue import JobQueue
from backbone.wire.jobs import FaceMatch, Matched
from backbone.zips.writer import write_zip
from cloudlet.domain.batches import Batch
from cloudlet.domain.jobs import Jobs
from cloudlet.domain.match_files import Match, Sender, by_job, match_files, match_id_of, portions
from cloudlet.metrics import CloudletMetrics
from cloudlet.outbox import DeliveryOutbox, OutboxItem


class Matches:
    """Names each match by its batch and job, so that a result that comes again adds nothing.

    Args:
        sender: what servers are told of who found them.
    """

    def __init__(
        self, *, jobs: Jobs, queue: JobQueue, outbox: DeliveryOutbox, metrics: CloudletMetrics, sender: Sender
    ) -> None:
        self._jobs = jobs
        self._queue = queue
        self._outbox = outbox
        self._metrics = metrics
        self._sender = sender

    async def keep(self, batch: Batch, result: Matched) -> None:
        """Keep what a batch's comparison found of the jobs that are still there.

        Raises:
            Unavailable: not all of it could be kept; doing it again adds what is missing.
        """
        faces = by_job(result, lambda name: self._jobs.is_sought_since(name, batch.begun_at))
        sizes = await self._sizes(batch, faces)
        for job, found in faces.items():
            known = self._jobs.get(job)
            for number, portion in enumerate(portions(found, sizes)):
                match = Match(
                    match_id=match_id_of(batch.batch_id, job, number),
                    job=job,
                    model_id=result.model_id,
                    faces=portion,
                    object_id=None if known is None else known.object_id,
                )
                await self._put(match, batch)

    async def _sizes(self, batch: Batch, faces: dict[str, list[FaceMatch]]) -> dict[int, int]:
        """Return the bytes of the photos that matched and are still there, by index in the batch."""
        wanted = sorted({face.photo for found in faces.values() for face in found if face.photo < len(batch.photos)})
        sizes: dict[int, int] = {}
        for index in wanted:
            blob = await self._queue.get_blob(batch.photos[index].key)
            if blob is not None:
                sizes[index] = len(blob)
        self._metrics.lost_photos.inc(len(wanted) - len(sizes))
        return sizes

    async def _put(self, match: Match, batch: Batch) -> None:
        photos = {face.photo: await self._queue.get_blob(batch.photos[face.photo].key) or b"" for face in match.faces}
        content = await asyncio.to_thread(lambda: write_zip(match_files(match, batch, photos, self._sender)))
        if await self._outbox.put(OutboxItem(match.match_id, "match", match.job, content)):
            self._metrics.matches.labels("found").inc()
