"""Turns what the workers found into matches for a server, each in the spool once. Ends no comparison."""

import asyncio
from collections.abc import Callable

from backbone.job_queue import JobQueue
from backbone.wire.jobs import FaceMatch, Matched
from cloudlet.batches import Batch
from cloudlet.figures import CloudletFigures
from cloudlet.footage_files import appearances, as_photos
from cloudlet.jobs import Jobs
from cloudlet.match_files import by_job, match_id_of, match_zip, portions
from cloudlet.spool import Parcel, Spool


class Findings:
    """Where results of comparisons go.

    Args:
        cloudlet: "ip:port", as servers know this cloudlet.
        epoch: names this run of the cloudlet.
        spooled: called when something waits for a server.
    """

    def __init__(
        self, *, jobs: Jobs, queue: JobQueue, spool: Spool, figures: CloudletFigures, cloudlet: str, epoch: str,
        spooled: Callable[[], None],
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self._queue = queue
        self._spool = spool
        self._figures = figures
        self._cloudlet = cloudlet
        self._epoch = epoch
        self._spooled = spooled

    async def take(self, batch: Batch, result: Matched) -> None:
        """Spool what was found for jobs that are still there; doing so again changes nothing.

        Raises:
            Unavailable: it could not be kept; the result has to come again.
        """
        await (self._take_footage if batch.footage else self._take_photos)(batch, result)

    async def _take_footage(self, batch: Batch, result: Matched) -> None:
        """Have a server told who was seen in a part of footage; a part that comes again makes the same matches."""
        faces = by_job(result, lambda name: self._jobs.is_sought_since(name, batch.begun_at))
        for job, found in faces.items():
            named, told, photos = as_photos(batch, appearances(found))
            if told:
                match_id = match_id_of(f"{batch.batch_id}\n{told[0].taken_at}", job, 0)
                await self._spool_match(named, job, told, photos, match_id=match_id, model_id=result.model_id)

    async def _take_photos(self, batch: Batch, result: Matched) -> None:
        faces = by_job(result, lambda name: self._jobs.is_sought_since(name, batch.begun_at))
        wanted = sorted({face.photo for found in faces.values() for face in found if face.photo < len(batch.photos)})
        sizes: dict[int, int] = {}
        for index in wanted:
            blob = await self._queue.get_blob(batch.photos[index].key)
            if blob is not None:
                sizes[index] = len(blob)
        self._figures.lost_photos.inc(len(wanted) - len(sizes))
        for job, found in faces.items():
            for number, portion in enumerate(portions(found, sizes)):
                photos = {
                    face.photo: await self._queue.get_blob(batch.photos[face.photo].key) or b"" for face in portion
                }
                match_id = match_id_of(batch.batch_id, job, number)
                await self._spool_match(batch, job, portion, photos, match_id=match_id, model_id=result.model_id)

    async def _spool_match(
        self, batch: Batch, job: str, faces: list[FaceMatch], photos: dict[int, bytes], *, match_id: str, model_id: str
    ) -> None:
        known = self._jobs.get(job)
        content = await asyncio.to_thread(
            match_zip, batch, job, faces, photos,
            match_id=match_id, cloudlet=self._cloudlet, epoch=self._epoch, model_id=model_id,
            object_id=None if known is None else known.object_id,
        )  # fmt: skip
        if await self._spool.put(Parcel(match_id, "match", job, content)):
            self._figures.matches.labels("found").inc()
        self._spooled()
