"""Which models of faces this installation uses now: those of its cameras, cloudlets and workers. Changes none."""

import time
from collections.abc import Callable

from backbone.jobs.job_queue import JobQueue
from processor_orchestrator.bus import EventBus
from processor_orchestrator.domain.events import CameraModelsChanged, PeersMet
from processor_orchestrator.domain.likeness import UNNAMED
from processor_orchestrator.stores.registry import RegistryStore


class ModelsInUse:
    """As far as it was told last.

    Args:
        queue: where the workers are; None: there are none.
        heartbeat: seconds between two heartbeats of a cloudlet.
        now: wall clock, seconds since the epoch.

    Attributes:
        cameras: of the processors that are connected here; `UNNAMED` among them stands for legacy ones.
        workers: every one that workers told they can use; in use are only those that are a worker's own.
    """

    def __init__(
        self,
        *,
        bus: EventBus,
        registry: RegistryStore,
        queue: JobQueue | None,
        heartbeat: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._queue = queue
        self._heartbeat = heartbeat
        self._now = now
        self.cameras = frozenset[str]()
        self.workers = frozenset[str]()
        self._own = frozenset[str]()
        self._cloudlets = frozenset[str]()
        self._elsewhere = frozenset[str]()
        self._keys = frozenset[str]()
        self._looked_at: float | None = None
        bus.subscribe(CameraModelsChanged, self._take_cameras)
        bus.subscribe(PeersMet, self._take_cameras_elsewhere)

    def _take_cameras(self, event: CameraModelsChanged) -> None:
        self.cameras = event.models

    def _take_cameras_elsewhere(self, event: PeersMet) -> None:
        self._elsewhere = event.models

    def note_cloudlet(self, key: str) -> bool:
        """Return whether a cloudlet that was heard is a new one; its model is then looked up at the next refresh."""
        if key in self._keys:
            return False
        self._keys |= {key}
        self._looked_at = None
        return True

    async def refresh(self, *, older_than: float = 0.0) -> None:
        """Look which cloudlets and workers are alive, and of which models they are.

        Args:
            older_than: what is known longer than so many seconds is looked up again.

        Raises:
            Unavailable: Redis is away; what is known stays.
        """
        now = self._now()
        if self._looked_at is not None and 0 <= now - self._looked_at < older_than:
            return
        known = await self._registry.cloudlets()
        alive = [cloudlet for cloudlet in known if cloudlet.alive(now=now, heartbeat=self._heartbeat)]
        self._keys = frozenset(cloudlet.key for cloudlet in alive)
        self._cloudlets = frozenset(cloudlet.model_id for cloudlet in alive if cloudlet.model_id is not None)
        if self._queue is not None:
            told = await self._queue.models()
            self.workers, self._own = told.every, told.own
        self._looked_at = now

    def all(self) -> frozenset[str]:
        """Return every model in use, `UNNAMED` where there are legacy processors."""
        return self.cameras | self._elsewhere | self._cloudlets | self._own

    def named(self) -> tuple[str, ...]:
        """Return every model in use that has a name, in order."""
        return tuple(sorted(self.all() - {UNNAMED}))
