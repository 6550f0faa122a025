"""Photos to the workers, references from them: what a case opened with photos is compared by. Decides no match.

Every step may be repeated: a task is done once by its id, a result is stored first and acknowledged then, and a case
whose photos were never handed over (the process ended in between) is handed over again.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence

import structlog

from backbone.errors import Conflict, SearchlightError, Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.lifecycle import Part
from backbone.pictures.cleaner import from_base64
from backbone.wire.jobs import ENCODE, Encoded, EncodeTask, Failed, Photo, Refused, Result
from processor_orchestrator.bus import EventBus, Inbox, Origin
from processor_orchestrator.cases.form import CaseForm, UploadedPhoto
from processor_orchestrator.cases.models_in_use import ModelsInUse
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.case import Case, CaseState, Kind
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    NegativesLearned,
    Reason,
    ReferencesLearned,
    SightingRejected,
)
from processor_orchestrator.domain.likeness import Likeness, Rows
from processor_orchestrator.stores import Store
from processor_orchestrator.stores.registry import RegistryStore

REJECTED = "rejected-"
"""Before the case id it is the tag of a rejected face's task, before the sighting's id the task's own."""

OVERDUE_SECONDS = 60.0
OPENING_SECONDS = 30.0
HEARING_SECONDS = 5.0
"""So long another orchestrator's case, whose result we got, may take to be heard of here."""

MODELS_SECONDS = 1.0
"""Which models cloudlets and workers are of is looked up when it is known for longer than this."""

MOST_REJECTED_WAITING = 1_000


class ReferenceService(Part):
    """Opens cases with photos, and learns what workers make of pictures.

    Args:
        models: those in use, of which the references are wanted.
        queue: where the workers are; None: there are none, for the store is memory.
        results: name of the stream on which workers answer.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        cases: CaseService,
        store: Store,
        registry: RegistryStore,
        bus: EventBus,
        models: ModelsInUse,
        queue: JobQueue | None,
        results: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cases = cases
        self._store = store
        self._registry = registry
        self._models = models
        self._queue = queue
        self._results = results
        self._now = now
        self._name = uuid.uuid4().hex
        self._rejected: Inbox[SightingRejected] = Inbox(most=MOST_REJECTED_WAITING)
        bus.subscribe(SightingRejected, self._rejected.put, origin=Origin.HERE)

    # What operators want.

    async def open(self, form: CaseForm, photos: Sequence[UploadedPhoto], kind: Kind = Kind.CASE) -> Case:
        """Open a case and return it; it is stored and its photos are with the workers when this returns.

        Raises:
            Unavailable: there are no workers, or the store is away; nothing was opened.
        """
        opened = await self._opened(form, photos, kind, job=None, digest=None)
        structlog.get_logger().info("case_opened", object=opened.case_id, kind=kind.value, photos=len(photos))
        return opened

    async def open_job(self, form: CaseForm, photos: Sequence[UploadedPhoto], digest: str) -> Case:
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
            case_id = await self._store.case_of_job(form.name)
            known = None if case_id is None else await self._store.open_case(case_id)
            if known is None:
                return await self._opened(form, photos, Kind.JOB, job=form.name, digest=digest)
            if known.digest != digest:
                raise Conflict(f"newJob: expected a new name, got {form.name!r}, which is open with other photos")
            return known
        finally:
            await self._registry.release(claim, self._name)

    async def close(self, case_id: int, *, only: Kind | None = None) -> None:
        """Close a case: its references, chips and photos are gone when this returns.

        Args:
            only: the one kind that the caller may close; None: any.

        Raises:
            NotFound: it is not open, or not of that kind.
        """
        case = await self._cases.close(case_id, only=only)
        if self._queue is not None and case.photos:
            await self._queue.drop_blobs([photo.key for photo in case.photos])

    async def _opened(
        self, form: CaseForm, photos: Sequence[UploadedPhoto], kind: Kind, *, job: str | None, digest: str | None
    ) -> Case:
        queue = self._need_queue()
        self._cases.check_room()
        now = self._now()
        blobs = {f"blob:{uuid.uuid4()}": photo for photo in photos}
        await queue.put_blobs({key: photo.content for key, photo in blobs.items()})
        opened = Case(
            case_id=await self._store.next_case_id(),
            opened_at=now,
            expires_at=form.expires_at,
            name=form.name,
            threshold=form.threshold,
            sensitivity=form.sensitivity,
            false_candidates_per_day=form.false_candidates_per_day,
            purpose=form.purpose,
            mqtt=form.mqtt,
            mqtt_crops=form.mqtt_crops,
            kind=kind,
            state=CaseState.ENCODING,
            job=job,
            digest=digest,
            photos=tuple(Photo(key=key, name=photo.name, received_at=now) for key, photo in blobs.items()),
        )
        await self._cases.happen(CaseOpened(opened))
        try:
            await queue.enqueue(ENCODE, await self._task(opened))
        except Unavailable as fault:
            await self._cases.happen(CaseClosed(opened.case_id, Reason.FAILED, fault.message))
            raise
        return opened

    def _need_queue(self) -> JobQueue:
        if self._queue is None:
            text = "expected --redis-url with a Redis and face workers on it to encode photos, got memory://"
            raise Unavailable(text, code="no_workers")
        return self._queue

    # What has to be handed over.

    async def run(self) -> None:
        """Hand over rejected faces, and photos that were not handed over, until cancelled."""
        if self._queue is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._learn_rejected_for_ever(self._queue))
            group.create_task(self._hand_over_again(self._queue))

    async def _learn_rejected_for_ever(self, queue: JobQueue) -> None:
        while True:
            event = await self._rejected.take()
            try:
                await self.learn_rejected(event, queue)
            except Unavailable as fault:
                structlog.get_logger().warning("rejected_face_not_learned", reason=fault.message)

    async def learn_rejected(self, event: SightingRejected, queue: JobQueue) -> None:
        """Have a rejected face made out of its picture, so that nobody reports it for this case again.

        Nothing is learned where there is no picture of it, or no face in the picture.

        Raises:
            Unavailable: the picture could not be handed over.
        """
        crop = await self._store.crop(event.sighting_id)
        if crop is None:
            return
        key, name = f"blob:{uuid.uuid4()}", f"{REJECTED}{event.sighting_id}"
        await queue.put_blobs({key: crop})
        photos = (Photo(key=key, name=name, received_at=self._now()),)
        tag = f"{REJECTED}{event.case_id}"
        await queue.enqueue(ENCODE, await self._encoding(name, tag, photos))

    async def _hand_over_again(self, queue: JobQueue) -> None:
        while True:
            await asyncio.sleep(OVERDUE_SECONDS / 4)
            await self.hand_over_late(queue)

    async def hand_over_late(self, queue: JobQueue) -> None:
        """Hand over the photos that wait for long; a task that the workers have already stays one."""
        late = self._now() - OVERDUE_SECONDS
        for case in self._cases.open():
            if case.state is CaseState.ENCODING and case.opened_at < late:
                try:
                    await queue.enqueue(ENCODE, await self._task(case))
                except SearchlightError as fault:
                    structlog.get_logger().warning("photos_wait", object=case.case_id, reason=fault.message)

    async def _task(self, case: Case) -> EncodeTask:
        return await self._encoding(f"case-{case.case_id}", str(case.case_id), case.photos)

    async def _encoding(self, task_id: str, tag: str, photos: tuple[Photo, ...]) -> EncodeTask:
        await self._models.refresh(older_than=MODELS_SECONDS)  # a cloudlet may have joined just now
        return EncodeTask(task_id=task_id, reply=self._results, tag=tag, photos=photos, models=self._models.named())

    # What workers answer.

    async def take(self, result: Result) -> None:
        """Learn what workers made of photos, or of a rejected face.

        Raises:
            BadInput: a picture in it is none.
            Unavailable: it has had no effect yet.
        """
        number = result.tag.removeprefix(REJECTED)
        is_number = number.isascii() and number.isdigit()
        case = await self._cases.heard_of(int(number), seconds=HEARING_SECONDS) if is_number else None
        if case is not None and number != result.tag:
            await self._learn_negative(case, result)
            return
        if case is None or case.state is not CaseState.ENCODING:
            structlog.get_logger().info("result_passed_over", task=result.task_id, reason="no case waits for it")
            return
        match result:
            case Encoded():
                await self._learn(case, result)
            case Failed(code=code, message=message):
                refused = tuple(Refused(photo=photo.name, code=code, message=message) for photo in case.photos)
                await self._cases.happen(ReferencesLearned(case.case_id, (), None, refused))

    async def _learn_negative(self, case: Case, result: Result) -> None:
        by_model = _rows_by_model(result) if isinstance(result, Encoded) else {}
        for model, rows in by_model.items():
            if rows:
                await self._cases.happen(NegativesLearned(case.case_id, rows, model))
        learned = sorted(model for model, rows in by_model.items() if rows)
        structlog.get_logger().info("rejected_face", object=case.case_id, learned=bool(learned), models=learned)

    async def _learn(self, case: Case, result: Encoded) -> None:
        made = [reference for references in result.by_model.values() for reference in references]
        await self._store.save_chips(case, [from_base64(reference.chip) for reference in made if reference.chip])
        event = _learned(case, result)
        await self._cases.happen(event)
        structlog.get_logger().info(
            "case_encoded",
            object=case.case_id,
            references=len(event.references),
            models=1 + len(event.others),
            refused=len(result.refused),
        )


def _learned(case: Case, result: Encoded) -> ReferencesLearned:
    """Return what workers made of a case's photos, the first model that found a face in front."""
    by_model = _rows_by_model(result)
    found = [Likeness(model, [list(row) for row in rows]) for model, rows in by_model.items() if rows]
    if not found:
        return ReferencesLearned(case.case_id, (), result.model_id, result.refused)
    first, *others = found
    unmade = tuple(model for model, rows in by_model.items() if not rows)
    references = by_model[first.model]
    return ReferencesLearned(case.case_id, references, first.model_id, result.refused, tuple(others), unmade)


def _rows_by_model(result: Encoded) -> dict[str, Rows]:
    return {model: tuple(one.embedding for one in references) for model, references in result.by_model.items()}
