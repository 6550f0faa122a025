"""Sees to it that every model in use learns of every open case, out of the pictures that are kept of it.

A case is encoded by the models that are known when it is opened (`references.py`). This is for the others: an engine
that was switched, a processor of another model that joined, a legacy one that makes maps of its own. Workers that have
the model are asked, else a processor that has it. Where neither finds a face in what is kept, the case says that it
needs a new photo. Every step may be repeated.
"""

import asyncio
import hashlib
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

import structlog

from backbone.errors import Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.lifecycle import Part
from backbone.wire.jobs import ENCODE, Encoded, EncodeTask, Photo, Result
from processor_orchestrator.bus import EventBus, Inbox, Origin
from processor_orchestrator.cases.models_in_use import ModelsInUse
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.case import MOST_NEGATIVES, Case, CaseState
from processor_orchestrator.domain.case_events import (
    FeatureMapLearned,
    LikenessUnmade,
    NegativesLearned,
    ReferencesLearned,
)
from processor_orchestrator.domain.events import CameraModelsChanged, CloudletHeard, MapRefused, MapWanted
from processor_orchestrator.domain.likeness import UNNAMED
from processor_orchestrator.stores import Store
from processor_orchestrator.stores.registry import RegistryStore

GATHER_SECONDS = 0.2
LOOK_SECONDS = 60.0
"""So often it is looked which workers and cloudlets there are, and whether they know every case."""

FRESH_SECONDS = 5.0

AGAIN_SECONDS = 600.0
"""Who was asked for a map and has not told it is asked again after so long."""

MOST_ASKED_OF_CAMERAS = 20
"""Maps of one model that processors are asked for and have not told yet: they have frames to look at."""

MAP, NEGATIVE = "map", "negative"
"""What a task is for: the first word of its tag, before the case id and the model."""

PHOTO_GONE = "photo_gone"
MOST_LOOKED_THROUGH = 1_000
MOST_REFUSALS = 1_000


class LikenessService(Part):
    """Between the open cases, the models in use, and whoever can make a map.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        results: name of the stream on which workers answer this service.
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
        self._bus = bus
        self._models = models
        self._queue = queue
        self._results = results
        self._now = now
        self._name = uuid.uuid4().hex
        self._asked: dict[tuple[int, str], float] = {}
        self._refused: Inbox[MapRefused] = Inbox(most=MOST_REFUSALS)
        self._woken = asyncio.Event()
        bus.subscribe(CameraModelsChanged, self._cameras_changed)
        bus.subscribe(CloudletHeard, self._cloudlet_heard)
        for event_type in (ReferencesLearned, FeatureMapLearned):
            bus.subscribe(event_type, lambda _event: self._woken.set())
        bus.subscribe(MapRefused, self._refused.put, origin=Origin.HERE)

    def _cameras_changed(self, event: CameraModelsChanged) -> None:
        """Note that whoever was asked and has gone answers no more."""
        there = event.models | self._models.workers
        self._asked = {asked: at for asked, at in self._asked.items() if asked[1] in there}
        self._woken.set()

    def _cloudlet_heard(self, event: CloudletHeard) -> None:
        if self._models.note_cloudlet(event.key):
            self._woken.set()

    async def run(self) -> None:
        """Look whenever something changed, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_for_ever())
            group.create_task(self._take_refusals())

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self.look()
            except Unavailable as fault:
                structlog.get_logger().warning("likenesses_wait", reason=fault.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
                    await asyncio.sleep(GATHER_SECONDS)
            self._woken.clear()

    async def look(self) -> None:
        """Have those maps made that a model in use lacks and that can be made.

        Raises:
            Unavailable: the store or the queue is away; it is looked again.
        """
        await self._models.refresh(older_than=LOOK_SECONDS)
        for model in sorted(self._models.all()):
            lacking = [case for case in self._cases.open() if _lacks(case, model)]
            due = [case for case in lacking if self._is_due(case, model)]
            if due:
                await self._have_made(model, due, waiting=len(lacking) - len(due))

    def _is_due(self, case: Case, model: str) -> bool:
        return self._now() - self._asked.get((case.case_id, model), float("-inf")) >= AGAIN_SECONDS

    async def _have_made(self, model: str, cases: list[Case], *, waiting: int) -> None:
        """Have a model's maps of cases made; `waiting` is how many others it was asked for."""
        if model != UNNAMED and model not in self._models.workers:
            await self._models.refresh(older_than=FRESH_SECONDS)  # workers that have it may have come since
        if model in self._models.workers:
            for case in cases:
                await self._ask_workers(case, model)
        elif model in self._models.cameras:
            for case in cases[: max(0, MOST_ASKED_OF_CAMERAS - waiting)]:
                await self._ask_camera(case, model)

    async def _kept(self, case: Case) -> list[bytes]:
        return await self._store.chips(case.case_id) or ([] if case.image is None else [case.image])

    async def _ask_workers(self, case: Case, model: str) -> None:
        pictures = await self._kept(case)
        claim = f"map {case.case_id} {model}"
        if pictures and await self._registry.claim(claim, self._name, seconds=AGAIN_SECONDS):
            name, tag = f"{MAP}-{case.case_id}-{self._now():.0f}", f"{MAP} {case.case_id} {model}"
            await self._enqueue(name, tag, model, pictures)
            structlog.get_logger().info("map_asked_of_workers", object=case.case_id, model=model)
        self._note_asked(case, model)

    async def _ask_camera(self, case: Case, model: str) -> None:
        pictures = await self._kept(case)
        self._note_asked(case, model)
        if pictures:
            self._bus.publish(MapWanted(case.case_id, model, pictures[0]))
            structlog.get_logger().info("map_asked_of_camera", object=case.case_id, model=model or None)

    def _note_asked(self, case: Case, model: str) -> None:
        open_ids = {one.case_id for one in self._cases.open()}
        self._asked = {asked: at for asked, at in self._asked.items() if asked[0] in open_ids}
        self._asked[case.case_id, model] = self._now()

    async def _enqueue(self, name: str, tag: str, model: str, pictures: list[bytes]) -> None:
        if self._queue is None:
            return
        task_id = f"{name}-{hashlib.sha256(model.encode()).hexdigest()[:12]}"
        blobs = {f"blob:{task_id}-{number}": picture for number, picture in enumerate(pictures, start=1)}
        await self._queue.put_blobs(blobs)
        photos = tuple(Photo(key=key, name=key.removeprefix("blob:"), received_at=self._now()) for key in blobs)
        task = EncodeTask(task_id=task_id, reply=self._results, tag=tag, photos=photos, models=(model,))
        await self._queue.enqueue(ENCODE, task)

    # What workers and processors answer.

    async def take(self, result: Result) -> None:
        """Learn what workers made of the pictures that are kept of a case.

        Raises:
            Unavailable: it has had no effect yet.
        """
        kind, _, of = result.tag.partition(" ")
        number, _, model = of.partition(" ")
        case = self._cases.get(int(number)) if number.isascii() and number.isdigit() else None
        if case is None or not model or kind not in (MAP, NEGATIVE):
            structlog.get_logger().info("result_passed_over", task=result.task_id, reason="no open case wants it")
            return
        made = result.by_model.get(model) if isinstance(result, Encoded) else ()
        rows = tuple(reference.embedding for reference in made or ())
        if kind == NEGATIVE:
            if rows:
                await self._cases.happen(NegativesLearned(case.case_id, rows, model))
        elif rows:
            await self._cases.happen(FeatureMapLearned(case.case_id, [list(row) for row in rows], model))
            await self._have_rejected_made(case, model)
        elif made is not None and not _photos_gone(result):
            await self._cases.happen(LikenessUnmade(case.case_id, model))
        structlog.get_logger().info("map_made", object=case.case_id, model=model, kind=kind, embeddings=len(rows))

    async def _have_rejected_made(self, case: Case, model: str) -> None:
        """Have those faces made out for a model that a person said are somebody else, before it knew the case."""
        newest = await self._store.sightings(limit=MOST_LOOKED_THROUGH, case_id=case.case_id)
        for sighting in [seen for seen in newest if seen.rejected][:MOST_NEGATIVES]:
            crop = await self._store.crop(sighting.sighting_id)
            if crop is not None:
                tag = f"{NEGATIVE} {case.case_id} {model}"
                await self._enqueue(f"{NEGATIVE}-{sighting.sighting_id}", tag, model, [crop])

    async def _take_refusals(self) -> None:
        while True:
            refusal = await self._refused.take()
            try:
                await self.refused(refusal)
            except Unavailable as fault:
                structlog.get_logger().warning("refusal_not_stored", reason=fault.message)

    async def refused(self, refusal: MapRefused) -> None:
        """Take that a processor made nothing of a picture of a case, where it was asked.

        Raises:
            Unavailable: it could not be stored.
        """
        if (refusal.case_id, refusal.model) in self._asked and self._cases.get(refusal.case_id) is not None:
            await self._cases.happen(LikenessUnmade(refusal.case_id, refusal.model))


def _lacks(case: Case, model: str) -> bool:
    """Return whether a model does not know a case, though there is a picture that nobody has tried yet."""
    can_be_made = case.state is CaseState.OPEN and case.has_feature_map and case.has_picture
    return can_be_made and not case.knows(model) and model not in case.unmade


def _photos_gone(result: Result) -> bool:
    """Return whether the pictures waited too long for a worker: they are handed over again."""
    return isinstance(result, Encoded) and any(bad.code == PHOTO_GONE for bad in result.refused)
