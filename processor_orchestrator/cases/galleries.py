"""What the workers compare with when the orchestrator asks: everyone who is sought. Looks at no picture.

A gallery lies in Redis while a task may read it; whoever is no longer sought is taken out of all of them.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from backbone.errors import Unavailable
from backbone.job_queue import JobQueue
from backbone.wire.jobs import GalleryFile, Sought
from processor_orchestrator.stores import Store
from processor_orchestrator.tracking.objects import CaseState, TrackedObject

OWNER = "orchestrators"
DEFAULT_THRESHOLD = 0.6
LOOK_SECONDS = 0.5


class Galleries:
    """The galleries of all orchestrators on one Redis.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        sought: everyone who is sought now.
    """

    def __init__(self, *, queue: JobQueue | None, store: Store, sought: Callable[[], Iterable[TrackedObject]]) -> None:
        self._queue = queue
        self._store = store
        self._sought = sought
        self._handed_out: set[str] = set()
        """Who was in a gallery of this process and is not known to be taken out."""

    async def put(self) -> list[str]:
        """Return the keys of galleries with everyone who is sought now, one a model; none where nobody can be found.

        Raises:
            Unavailable: Redis is away.
        """
        if self._queue is None:
            return []
        keys = []
        for gallery in galleries_of(self._sought()):
            self._handed_out |= {one.name for one in gallery.sought}
            keys.append(await self._queue.put_gallery(gallery, owner=OWNER))
        return keys

    async def case_of(self, name: str) -> int | None:
        """Return the object that a name in a gallery stands for; None when it is no longer sought."""
        object_id = await self._store.object_of_job(name)
        known = None if object_id is None else await self._store.open_object(object_id)
        return None if known is None else known.object_id

    async def run(self) -> None:
        """Take out whoever is no longer sought, also what a process that was killed left, until cancelled."""
        looked_once = False
        while self._queue is not None:
            try:
                gone = self._handed_out - {known.job_name for known in self._sought()}
                if gone or not looked_once:
                    await self._take_out_closed(self._queue)
                    self._handed_out -= gone
                    looked_once = True
            except Unavailable as fault:
                structlog.get_logger().warning("galleries_wait", reason=fault.message)
            await asyncio.sleep(LOOK_SECONDS)

    async def _take_out_closed(self, queue: JobQueue) -> None:
        for key, names in (await queue.galleries(OWNER)).items():
            for name in names:
                if await self.case_of(name) is None:
                    await queue.take_from_gallery(key, name)


def galleries_of(sought: Iterable[TrackedObject]) -> list[GalleryFile]:
    """Return who can be compared with, a gallery a model: embeddings of different models are never compared."""
    by_model: dict[str, list[Sought]] = {}
    for known in sought:
        if known.state is CaseState.OPEN and known.model_id is not None and known.references:
            tolerance = DEFAULT_THRESHOLD if known.threshold is None else known.threshold
            person = Sought(known.job_name, tolerance, known.references, known.negatives)
            by_model.setdefault(known.model_id, []).append(person)
    return [GalleryFile(model_id, tuple(people)) for model_id, people in sorted(by_model.items())]
