"""What a cloudlet does with jobs, photos and the workers' results: each change is kept before it counts. No HTTP."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog

from backbone.archives import Archive
from backbone.errors import BadInput, NotFound, Unavailable
from backbone.job_queue import JobQueue
from backbone.wire.jobs import (
    ENCODE,
    Encoded,
    EncodeTask,
    Failed,
    Matched,
    Photo,
    Result,
)
from cloudlet.batches import Batch, Batches, Sent
from cloudlet.comparisons import Comparisons
from cloudlet.job_store import JobStore
from cloudlet.jobs import Job, Jobs, JobState
from cloudlet.match_files import by_job, match_id_of, match_zip, portions
from cloudlet.metrics import CloudletMetrics
from cloudlet.photo_blobs import put_photos
from cloudlet.references import REFERENCES, read_references
from cloudlet.spool import Parcel, Spool

_BATCHES = uuid.UUID("2b7b8a57-0f0d-4c38-90f3-0b1d4d7a7a55")


class Desk:
    """One change at a time.

    Args:
        cloudlet: "ip:port", as servers know this cloudlet.
        epoch: names this run of the cloudlet.
        spooled: called when something waits for a server.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        batches: Batches,
        comparisons: Comparisons,
        store: JobStore,
        queue: JobQueue,
        spool: Spool,
        metrics: CloudletMetrics,
        tolerance: float,
        cloudlet: str,
        epoch: str,
        spooled: Callable[[], None],
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._store = store
        self._queue = queue
        self._spool = spool
        self._metrics = metrics
        self._tolerance = tolerance
        self._cloudlet = cloudlet
        self._epoch = epoch
        self._spooled = spooled
        self._comparisons = comparisons
        self._turn = asyncio.Lock()
        self.loaded = False

    async def load(self) -> None:
        """Take up what an earlier run left, and hand over again what may not have reached the workers.

        Raises:
            Unavailable: Redis is away.
        """
        async with self._turn:
            self._jobs.load(await self._store.jobs())
            self._batches.load(await self._store.batches())
            self.loaded = True
        await self.hand_over_again()

    async def hand_over_again(self) -> None:
        """Hand over what may not have reached the workers; what reached them is not done twice.

        Raises:
            Unavailable: Redis is away.
        """
        async with self._turn:
            for job in self._jobs.encoding():
                await self._hand_over(job)
            await self._comparisons.begin_ready()
        self._show()

    async def begin_what_waits(self) -> None:
        """Begin the batches that were kept while the queue could not take them.

        Raises:
            Unavailable: it still cannot.
        """
        async with self._turn:
            await self._comparisons.begin_ready()

    async def new_job(self, name: str, archive: Archive, raw: bytes) -> Job:
        """Keep a job and have it encoded where it brings no references of the workers' model.

        Raises:
            BadInput: there is nothing in the zip that says who is sought.
            Unavailable: it could not be kept.
        """
        self._require_loaded()
        digest = await asyncio.to_thread(lambda: hashlib.sha256(raw).hexdigest())
        async with self._turn:
            self._jobs.check_room(name)
            known = self._jobs.get(name)
            if known is not None and known.digest == digest and known.state is not JobState.UNUSABLE:
                if known.state is JobState.ENCODING:
                    await self._hand_over(known)
                return known
            job = await self._made(name, digest, archive)
            if known is not None and known.object_id == job.object_id:
                job = replace(job, sought_since=known.sought_since)
            await self._store.put_job(job)
            self._jobs.put(job)
            if job.state is JobState.ENCODING:
                await self._hand_over(job)
            if known is not None:
                await self._queue.drop_blobs([key for key, _ in known.photos])
            await self._comparisons.begin_ready()
        self._show()
        return job

    async def _made(self, name: str, digest: str, archive: Archive) -> Job:
        photos = [entry for entry in archive.entries if entry.name != REFERENCES]
        told = next((archive.read(entry) for entry in archive.entries if entry.name == REFERENCES), None)
        references = None if told is None else read_references(told)
        tolerance = references.threshold if references and references.threshold is not None else self._tolerance
        task_id, now = str(uuid.uuid4()), time.time()
        if references is not None and references.model_id == self._jobs.model_id and references.references:
            embeddings = tuple(reference.embedding for reference in references.references)
            return Job(
                name, digest, JobState.OPEN, tolerance, task_id,
                received_at=now, embeddings=embeddings, negatives=references.negatives, sought_since=now,
                object_id=references.object_id,
            )  # fmt: skip
        if not photos:
            raise BadInput("newJob: expected photos of the sought person in the zip, got none that can be used")
        kept = await put_photos(self._queue, archive, photos)
        return Job(name, digest, JobState.ENCODING, tolerance, task_id, tuple(kept), now, sought_since=now)

    async def delete_job(self, name: str) -> None:
        """Forget a job, what waits for its server, and its references in the comparisons under way.

        Raises:
            NotFound: it is not known.
            Unavailable: it could not be forgotten.
        """
        self._require_loaded()
        async with self._turn:
            job = self._jobs.get(name)
            if job is None:
                raise NotFound(f"jobName: expected a job that is here, got {name[:100]!r}")
            # The job itself goes last: when something before it fails, the server asks again.
            dropped = await self._spool.drop_job(name)
            self._metrics.matches.labels("deleted").inc(dropped)
            await self._queue.drop_blobs([key for key, _ in job.photos])
            await self._comparisons.forget(name)
            await self._store.drop_job(name)
            self._jobs.drop(name)
            await self._comparisons.begin_ready()
        self._show()

    async def new_photos(self, archive: Archive, raw: bytes, sent: Sent) -> str:
        """Keep a batch, have it compared, and return its id.

        Raises:
            BadInput: there are no photos.
            Unavailable: it could not be kept.
        """
        self._require_loaded()
        if not archive.entries:
            raise BadInput("newPhotos: expected photos in the zip, got none")
        digest = await asyncio.to_thread(lambda: hashlib.sha256(raw).hexdigest())
        batch_id = str(uuid.uuid4() if sent.named is None else uuid.uuid5(_BATCHES, f"{sent.named}\n{digest}"))
        if sent.named is not None and (self._batches.get(batch_id) or await self._store.was_seen(batch_id)):
            return batch_id
        self._batches.check_room()
        self._metrics.photos.inc(len(archive.entries))
        if not self._jobs.sought() and not self._jobs.encoding():
            return batch_id
        now = min(sent.received_at or time.time(), time.time())
        kept = await put_photos(self._queue, archive, archive.entries)
        photos = tuple(Photo(key, name, now, sent.with_location) for key, name in kept)
        async with self._turn:
            waits_for = tuple(job.task_id for job in self._jobs.encoding())
            batch = Batch(batch_id, now, photos, waits_for, device=sent.device)
            await self._comparisons.keep(batch)
            if not waits_for:
                await self._comparisons.begin_or_wait(batch)
        self._show()
        return batch_id

    async def leave(self) -> None:
        """Have a server told that a phone left."""
        await self._spool.put(Parcel(str(uuid.uuid4()), "phoneLeaveReq", "", b""))
        self._spooled()

    async def take(self, result: Result) -> None:
        """Let a result have its effect; doing so again changes nothing.

        Raises:
            Unavailable: it could not be kept; the result has to come again.
        """
        async with self._turn:
            job = self._jobs.of_task(result.task_id)
            if job is not None and isinstance(result, Encoded | Failed):
                await self._take_references(job, result)
            batch = self._batches.get(result.task_id)
            if batch is not None:
                if isinstance(result, Matched):
                    await self._take_matches(batch, result)
                await self._comparisons.end(batch)
        self._metrics.results.labels(type(result).__name__.lower()).inc()
        self._show()

    async def _take_references(self, job: Job, result: Encoded | Failed) -> None:
        changed = self._jobs.after(job, result)
        await self._store.put_job(changed)
        self._jobs.put(changed)
        if changed.reason:
            structlog.get_logger().warning("job_unusable", reason=changed.reason)
        await self._queue.drop_blobs([key for key, _ in job.photos])
        await self._comparisons.begin_ready()

    async def _take_matches(self, batch: Batch, result: Matched) -> None:
        faces = by_job(result, lambda name: self._jobs.is_sought_since(name, batch.begun_at))
        wanted = sorted({face.photo for found in faces.values() for face in found if face.photo < len(batch.photos)})
        sizes: dict[int, int] = {}
        for index in wanted:
            blob = await self._queue.get_blob(batch.photos[index].key)
            if blob is not None:
                sizes[index] = len(blob)
        self._metrics.lost_photos.inc(len(wanted) - len(sizes))
        for job, found in faces.items():
            for number, portion in enumerate(portions(found, sizes)):
                photos = {
                    face.photo: await self._queue.get_blob(batch.photos[face.photo].key) or b"" for face in portion
                }
                match_id, known = match_id_of(batch.batch_id, job, number), self._jobs.get(job)
                content = await asyncio.to_thread(
                    match_zip, batch, job, portion, photos,
                    match_id=match_id, cloudlet=self._cloudlet, epoch=self._epoch, model_id=result.model_id,
                    object_id=None if known is None else known.object_id,
                )  # fmt: skip
                if await self._spool.put(Parcel(match_id, "match", job, content)):
                    self._metrics.matches.labels("found").inc()
                self._spooled()

    async def _hand_over(self, job: Job) -> None:
        photos = tuple(Photo(key, name, job.received_at) for key, name in job.photos)
        await self._queue.enqueue(ENCODE, EncodeTask(job.task_id, self._store.replies, job.name, photos))

    def _require_loaded(self) -> None:
        if not self.loaded:
            raise Unavailable("expected the jobs to be read from Redis first; try again", code="store_unavailable")

    def _show(self) -> None:
        for state in JobState:
            self._metrics.jobs.labels(state.value).set(self._jobs.count(state))
        self._metrics.batches.set(len(self._batches))
        self._metrics.spooled.set(self._spool.bytes)
