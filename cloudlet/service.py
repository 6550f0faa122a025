"""What a cloudlet does with jobs, photos and the workers' results: each change is kept before it counts. No HTTP."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog

from backbone.errors import BadInput, NotFound, Unavailable
from backbone.face_models.laws import same_strangers
from backbone.jobs.job_queue import JobQueue
from backbone.wire.jobs import ENCODE, Encoded, EncodeTask, Failed, Matched, Photo, Result
from backbone.zips.archives import Archive
from cloudlet.comparisons import Comparisons
from cloudlet.domain.batches import Batch, Batches, Sent
from cloudlet.domain.jobs import Job, Jobs, JobState
from cloudlet.job_store import JobStore
from cloudlet.matches import Matches
from cloudlet.metrics import CloudletMetrics
from cloudlet.outbox import DeliveryOutbox, OutboxItem
from cloudlet.photo_blobs import put_photos
from cloudlet.references import REFERENCES, References, read_references

_BATCHES = uuid.UUID("2b7b8a57-0f0d-4c38-90f3-0b1d4d7a7a55")


class CloudletService:
    """One change at a time.

    Args:
        tolerance: distance at which a face matches, where a job names none.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        batches: Batches,
        comparisons: Comparisons,
        matches: Matches,
        store: JobStore,
        queue: JobQueue,
        outbox: DeliveryOutbox,
        metrics: CloudletMetrics,
        tolerance: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._comparisons = comparisons
        self._matches = matches
        self._store = store
        self._queue = queue
        self._outbox = outbox
        self._metrics = metrics
        self._tolerance = tolerance
        self._clock = clock
        self._turn = asyncio.Lock()
        self._loaded = False

    async def resume(self) -> None:
        """Take up what an earlier run left, at first; hand over what may not have reached the workers, each time.

        What reached them is not done twice.

        Raises:
            Unavailable: Redis is away.
        """
        async with self._turn:
            if not self._loaded:
                self._jobs.load(await self._store.jobs())
                self._batches.load(await self._store.batches())
                self._loaded = True
                structlog.get_logger().info("loaded", jobs=len(self._jobs), batches=len(self._batches))
            for job in self._jobs.encoding():
                await self._hand_over(job)
            await self._comparisons.begin_ready()
        self._show()

    async def begin_what_waits(self) -> None:
        """Begin the batches that were kept while the queue could not take them.

        Raises:
            Unavailable: it still cannot.
        """
        if self._loaded:
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
        told = next((archive.read(entry) for entry in archive.entries if entry.name == REFERENCES), None)
        references = None if told is None else read_references(told)
        now = self._clock()
        job = Job(
            name=name,
            digest=digest,
            state=JobState.ENCODING,
            tolerance=self._tolerance,
            task_id=str(uuid.uuid4()),
            received_at=now,
            sought_since=now,
            model_id=self._jobs.model_id,
        )
        if references is not None and references.threshold is not None:
            stated = same_strangers(references.threshold, of=references.model_id, to=job.model_id)
            job = replace(job, tolerance=stated)
        if references is not None and references.model_id == job.model_id and references.references:
            return _opened(job, references)
        photos = [entry for entry in archive.entries if entry.name != REFERENCES]
        if not photos:
            raise BadInput("newJob: expected photos of the sought person in the zip, got none that can be used")
        return replace(job, photos=tuple(await put_photos(self._queue, archive, photos)))

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
            dropped = await self._outbox.drop_job(name)
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
        now = min(sent.received_at or self._clock(), self._clock())
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
        await self._outbox.put(OutboxItem(str(uuid.uuid4()), "phoneLeaveReq"))

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
                    self._metrics.passed_over.inc(result.passed_over)
                    await self._matches.keep(batch, result)
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

    async def _hand_over(self, job: Job) -> None:
        photos = tuple(Photo(key, name, job.received_at) for key, name in job.photos)
        task = EncodeTask(job.task_id, self._store.replies, job.name, photos, models=(self._jobs.model_id,))
        await self._queue.enqueue(ENCODE, task)

    def _require_loaded(self) -> None:
        if not self._loaded:
            raise Unavailable("expected the jobs to be read from Redis first; try again", code="store_unavailable")

    def _show(self) -> None:
        for state in JobState:
            self._metrics.jobs.labels(state.value).set(self._jobs.count(state))
        self._metrics.batches.set(len(self._batches))
        self._metrics.spooled.set(self._outbox.bytes)


def _opened(job: Job, references: References) -> Job:
    """Return a job whose references came with it: nothing needs to be encoded."""
    return replace(
        job,
        state=JobState.OPEN,
        embeddings=tuple(reference.embedding for reference in references.references),
        negatives=references.negatives,
        object_id=references.object_id,
    )
