"""Cases from photos: hands the photos to the workers and stores the references that come back. Decides no match.

Every step may be repeated: a task is done once by its id, a result is stored first and acknowledged then, and a case
whose photos were never handed over (the process ended in between) is handed over again.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence

import structlog

from backbone.errors import BadInput, Conflict, NotFound, SearchlightError, Unavailable
from backbone.job_queue import JobQueue
from backbone.pictures import from_base64
from backbone.wire.jobs import ENCODE, Encoded, EncodeTask, Failed, Photo, Refused, Result
from processor_orchestrator.cases.form import CaseForm, UploadedPhoto
from processor_orchestrator.stores import Store
from processor_orchestrator.stores.registry import RegistryStore
from processor_orchestrator.tracking.events import (
    NegativesLearned,
    ObjectClosed,
    ObjectOpened,
    Reason,
    ReferencesLearned,
)
from processor_orchestrator.tracking.objects import CaseState, Kind, TrackedObject
from processor_orchestrator.tracking.sightings import Sighting
from processor_orchestrator.tracking.switchboard import Switchboard
from processor_orchestrator.tracking.tracking import MAX_OBJECTS

RESULTS = "searchlight:results"
GROUP = "orchestrators"
RETRY_SECONDS = 1.0
REJECTED = "rejected-"
"""Before the object id it is the tag of a rejected face's task, before the sighting's id the task's own."""

TAKE_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0)
OVERDUE_SECONDS = 60.0
OPENING_SECONDS = 30.0
HEARING_SECONDS = 5.0
"""So long another orchestrator's case, whose result we got, may take to be heard of here."""


class CaseDesk:
    """Opens and closes cases.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        store: Store,
        registry: RegistryStore,
        queue: JobQueue | None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._switchboard = switchboard
        self._store = store
        self._registry = registry
        self._queue = queue
        self._now = now
        self._name = uuid.uuid4().hex

    # What operators want.

    async def open(self, form: CaseForm, photos: Sequence[UploadedPhoto], kind: Kind = Kind.CASE) -> TrackedObject:
        """Open a case and return it; it is stored and its photos are with the workers when this returns.

        Raises:
            Unavailable: there are no workers, or the store is away; nothing was opened.
        """
        opened = await self._opened(form, photos, kind, job=None, digest=None)
        structlog.get_logger().info("case_opened", object=opened.object_id, kind=kind.value, photos=len(photos))
        return opened

    async def open_job(self, form: CaseForm, photos: Sequence[UploadedPhoto], digest: str) -> TrackedObject:
        """Open a case for a legacy operator's job; the same job sent again is the same case.

        Args:
            digest: of what was sent.

        Raises:
            Conflict: a job of this name is open with other photos; it has to be deleted first.
            Unavailable: as `open`, or another server opens a job of this name now.
        """
        claim = f"newJob {form.name}"
        if not await self._registry.claim(claim, self._name, seconds=OPENING_SECONDS):
            raise Unavailable("newJob: expected nobody else to open a job of this name, got somebody; try again")
        try:
            object_id = await self._store.object_of_job(form.name)
            known = None if object_id is None else await self._store.open_object(object_id)
            if known is None:
                return await self._opened(form, photos, Kind.JOB, job=form.name, digest=digest)
            if known.digest != digest:
                raise Conflict(f"newJob: expected a new name, got {form.name!r}, which is open with other photos")
            return known
        finally:
            await self._registry.release(claim, self._name)

    async def close(self, object_id: int, *, only: Kind | None = None) -> None:
        """Close a case: its references, chips and photos are gone when this returns.

        Args:
            only: the one kind that the caller may close; None: any.

        Raises:
            NotFound: it is not open, or not of that kind.
        """
        known = self._switchboard.tracking.objects.get(object_id)
        if known is None or only not in (None, known.kind):
            raise NotFound(f"expected an open case, got {object_id}", code="unknown_object")
        await self._switchboard.stop_object(object_id)
        if self._queue is not None and known.photos:
            await self._queue.drop_blobs([photo.key for photo in known.photos])

    async def _opened(
        self, form: CaseForm, photos: Sequence[UploadedPhoto], kind: Kind, *, job: str | None, digest: str | None
    ) -> TrackedObject:
        queue = self._need_queue()
        if len(self._switchboard.tracking.objects) >= MAX_OBJECTS:
            raise Unavailable(f"expected at most {MAX_OBJECTS} sought objects, got one more")
        now = self._now()
        blobs = {f"blob:{uuid.uuid4()}": photo for photo in photos}
        await queue.put_blobs({key: photo.content for key, photo in blobs.items()})
        opened = TrackedObject(
            object_id=await self._store.next_object_id(),
            opened_at=now,
            expires_at=form.expires_at,
            name=form.name,
            threshold=form.threshold,
            purpose=form.purpose,
            mqtt=form.mqtt,
            mqtt_crops=form.mqtt_crops,
            kind=kind,
            state=CaseState.ENCODING,
            job=job,
            digest=digest,
            photos=tuple(Photo(key=key, name=photo.name, received_at=now) for key, photo in blobs.items()),
        )
        await self._switchboard.happen(ObjectOpened(opened))
        try:
            await queue.enqueue(ENCODE, _task(opened))
        except Unavailable as fault:
            await self._switchboard.happen(ObjectClosed(opened.object_id, Reason.FAILED, fault.message))
            raise
        return opened

    async def learn_rejected(self, sighting: Sighting) -> None:
        """Have a rejected face made out of its picture, so that nobody reports it for this case again.

        Nothing is learned where there is no picture of it, no worker, or no face in the picture.
        """
        crop = await self._store.crop(sighting.sighting_id)
        if self._queue is None or crop is None:
            return
        key, name = f"blob:{uuid.uuid4()}", f"{REJECTED}{sighting.sighting_id}"
        try:
            await self._queue.put_blobs({key: crop})
            photos = (Photo(key=key, name=name, received_at=self._now()),)
            tag = f"{REJECTED}{sighting.object_id}"
            await self._queue.enqueue(ENCODE, EncodeTask(task_id=name, reply=RESULTS, tag=tag, photos=photos))
        except Unavailable as fault:
            structlog.get_logger().warning("rejected_face_not_learned", reason=fault.message)

    def _need_queue(self) -> JobQueue:
        if self._queue is None:
            text = "expected --redis-url with a Redis and face workers on it to encode photos, got memory://"
            raise Unavailable(text, code="no_workers")
        return self._queue

    # What workers answer.

    async def run(self) -> None:
        """Store what workers answer, and hand over what they were not handed, until cancelled."""
        if self._queue is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take_results(self._queue))
            group.create_task(self._hand_over_again(self._queue))

    async def _take_results(self, queue: JobQueue) -> None:
        while True:
            try:
                async for entry_id, result in queue.read_results(RESULTS, GROUP, self._name):
                    await self._take_for_sure(result)
                    await queue.ack(RESULTS, GROUP, entry_id)
            except Unavailable as fault:
                structlog.get_logger().warning("results_wait", reason=fault.message)
            await asyncio.sleep(RETRY_SECONDS)

    async def _take_for_sure(self, result: Result) -> None:
        """Take a result, a few times where the store is away; what stays is left for whoever asks for it next.

        Raises:
            Unavailable: it has had no effect yet.
        """
        for wait in (*TAKE_AGAIN_AFTER, None):
            try:
                await self._take(result)
            except Unavailable:
                if wait is None:
                    raise
                await asyncio.sleep(wait)
            except BadInput as fault:
                structlog.get_logger().error("bad_result", task=result.task_id, reason=fault.message)
                return
            else:
                return

    async def _take(self, result: Result) -> None:
        number = result.tag.removeprefix(REJECTED)
        known = await self._known(int(number)) if number.isascii() and number.isdigit() else None
        if known is not None and number != result.tag:
            await self._learn_negative(known, result)
            return
        if known is None or known.state is not CaseState.ENCODING:
            structlog.get_logger().info("result_passed_over", task=result.task_id, reason="no case waits for it")
            return
        match result:
            case Encoded():
                await self._learn(known, result)
            case Failed(code=code, message=message):
                refused = tuple(Refused(photo=photo.name, code=code, message=message) for photo in known.photos)
                await self._switchboard.happen(ReferencesLearned(known.object_id, (), None, refused))

    async def _learn_negative(self, known: TrackedObject, result: Result) -> None:
        rows = tuple(one.embedding for one in result.references) if isinstance(result, Encoded) else ()
        if rows and isinstance(result, Encoded):
            await self._switchboard.happen(NegativesLearned(known.object_id, rows, result.model_id))
        structlog.get_logger().info("rejected_face", object=known.object_id, learned=bool(rows))

    async def _learn(self, known: TrackedObject, result: Encoded) -> None:
        chips = [from_base64(reference.chip) for reference in result.references]
        await self._store.save_chips(known, chips)
        embeddings = tuple(reference.embedding for reference in result.references)
        learned = ReferencesLearned(known.object_id, embeddings, result.model_id, result.refused)
        await self._switchboard.happen(learned)
        structlog.get_logger().info(
            "case_encoded", object=known.object_id, references=len(embeddings), refused=len(result.refused)
        )

    async def _known(self, object_id: int) -> TrackedObject | None:
        """Return an open object; another orchestrator may have opened it a moment ago."""
        deadline = self._now() + HEARING_SECONDS
        while (known := self._switchboard.tracking.objects.get(object_id)) is None:
            if await self._store.open_object(object_id) is None:
                return None
            if self._now() > deadline:
                raise Unavailable(f"expected to have heard of object {object_id}, which is stored, got nothing yet")
            await asyncio.sleep(0.05)
        return known

    async def _hand_over_again(self, queue: JobQueue) -> None:
        while True:
            await asyncio.sleep(OVERDUE_SECONDS / 4)
            await self.hand_over_late(queue)

    async def hand_over_late(self, queue: JobQueue) -> None:
        """Hand over the photos that wait for long; a task that the workers have already stays one."""
        late = self._now() - OVERDUE_SECONDS
        for known in list(self._switchboard.tracking.objects.values()):
            if known.state is CaseState.ENCODING and known.opened_at < late:
                try:
                    await queue.enqueue(ENCODE, _task(known))
                except SearchlightError as fault:
                    structlog.get_logger().warning("photos_wait", object=known.object_id, reason=fault.message)


def _task(known: TrackedObject) -> EncodeTask:
    return EncodeTask(task_id=f"case-{known.object_id}", reply=RESULTS, tag=str(known.object_id), photos=known.photos)
