"""What the workers compare with when the orchestrator asks: everyone who is sought. Looks at no picture.

A gallery lies in Redis while a task may read it; whoever is no longer sought is taken out of all of them.
"""

import asyncio
from collections.abc import Iterable

import structlog

from backbone.errors import Unavailable
from backbone.face_models.names import DLIB
from backbone.jobs.job_queue import JobQueue
from backbone.lifecycle import Part
from backbone.wire.jobs import GalleryFile, Sought
from processor_orchestrator.bus import EventBus
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.case import Case, CaseState
from processor_orchestrator.domain.case_events import CaseClosed
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.stores import Store

OWNER = "orchestrators"
DEFAULT_TOLERANCE = 0.6
"""Of a model that is not known here."""

RETRY_SECONDS = 1.0


class Galleries(Part):
    """The galleries of all orchestrators on one Redis.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        thresholds: how near a face must be to show one of the cases.
    """

    def __init__(
        self, *, queue: JobQueue | None, store: Store, cases: CaseService, thresholds: Thresholds, bus: EventBus
    ) -> None:
        self._queue = queue
        self._store = store
        self._cases = cases
        self._thresholds = thresholds
        self._somebody_left = asyncio.Event()
        bus.subscribe(CaseClosed, lambda _event: self._somebody_left.set())

    async def put(self) -> str | None:
        """Return the key of a gallery with everyone who is sought now; None where nobody can be found.

        Raises:
            Unavailable: Redis is away.
        """
        if self._queue is None:
            return None
        cases = self._cases.open()
        gallery = gallery_of(cases, self._thresholds)
        key = None if gallery is None else await self._queue.put_gallery(gallery, owner=OWNER)
        if any(self._cases.get(case.case_id) is None for case in cases):
            self._somebody_left.set()  # closed meanwhile, and looked for in galleries before this one lay there
        return key

    async def case_of(self, name: str) -> int | None:
        """Return the case that a name in a gallery stands for; None when it is closed.

        Raises:
            Unavailable: the store is away.
        """
        case_id = await self._store.case_of_job(name)
        case = None if case_id is None else await self._store.open_case(case_id)
        return None if case is None else case.case_id

    async def run(self) -> None:
        """Take out whoever is no longer sought, first what a process that was killed left, until cancelled."""
        if self._queue is None:
            return
        while True:
            self._somebody_left.clear()
            try:
                await self._take_out_closed(self._queue)
            except Unavailable as fault:
                structlog.get_logger().warning("galleries_wait", reason=fault.message)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await self._somebody_left.wait()

    async def _take_out_closed(self, queue: JobQueue) -> None:
        for key, names in (await queue.galleries(OWNER)).items():
            for name in names:
                if await self.case_of(name) is None:
                    await queue.take_from_gallery(key, name)


def gallery_of(cases: Iterable[Case], thresholds: Thresholds) -> GalleryFile | None:
    """Return who can be compared with, each model's knowledge apart: a worker takes that of its own models.

    A worker of the version before takes the first one, which is dlib's where dlib is in use.
    """
    by_model: dict[str, list[Sought]] = {}
    for case in cases:
        for likeness in case.likenesses if case.state is CaseState.OPEN else ():
            if likeness.model_id is not None and likeness.references:
                tolerance = thresholds.of(case, likeness) or DEFAULT_TOLERANCE
                sought = Sought(case.job_name, tolerance, likeness.references, likeness.negatives)
                by_model.setdefault(likeness.model_id, []).append(sought)
    files = [
        GalleryFile(model, tuple(by_model[model]))
        for model in sorted(by_model, key=lambda model: (model != DLIB, model))
    ]
    return GalleryFile(files[0].model_id, files[0].sought, tuple(files[1:])) if files else None
