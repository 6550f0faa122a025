"""Stores what the sighting book gathers, then tells the clients that asked. Decides nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from backbone.errors import BadInput, Unavailable
from backbone.pictures import PictureCleaner
from backbone.wire import to_client
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.stores import Store
from processor_orchestrator.tracking.sightings import Changes, Sighting, SightingBook

FLUSH_SECONDS = 0.25
RETRY_SECONDS = 1.0


class SightingWriter:
    """Brings sightings to the store a few times a second; keeps them (bounded) while the store is away.

    Args:
        tell: hands a stored sighting to the clients.
    """

    def __init__(
        self,
        *,
        book: SightingBook,
        store: Store,
        cleaner: PictureCleaner,
        metrics: OrchestratorMetrics,
        tell: Callable[[to_client.Sighting], None],
    ) -> None:
        self._book = book
        self._store = store
        self._cleaner = cleaner
        self._metrics = metrics
        self._tell = tell

    async def run(self) -> None:
        """Write until cancelled; `flush` writes what is left."""
        while True:
            stored = await self.flush()
            await asyncio.sleep(FLUSH_SECONDS if stored else RETRY_SECONDS)

    async def flush(self) -> bool:
        """Write what is not stored yet and return whether the store took it."""
        changes = self._book.take_changes()
        if not changes.sightings:
            return True
        try:
            await self._store.check()  # while it is away, crops would be decoded for nothing at every try
            stored = self._without_refused(changes, await self._cleaned(changes.crops))
            await self._store.save_sightings(stored)
        except Unavailable as fault:
            self._put_back(changes)
            structlog.get_logger().warning("sightings_wait", reason=fault.message)
            return False
        except asyncio.CancelledError:
            self._put_back(changes)
            raise
        self._metrics.sightings_stored.inc(len(stored.sightings))
        for sighting in stored.sightings:
            self._tell(told(sighting))
        return True

    def _put_back(self, changes: Changes) -> None:
        self._book.put_back(changes)
        self._metrics.store_failures.inc()
        self._metrics.dropped_timeline.set(self._book.dropped_timeline_entries)
        self._metrics.dropped_sightings.set(self._book.dropped_sightings)

    def _without_refused(self, changes: Changes, cleaned: dict[str, bytes]) -> Changes:
        refused = changes.crops.keys() - cleaned.keys()
        self._book.refuse_crops(refused)
        sightings = (
            replace(known, has_crop=known.has_crop and known.sighting_id not in refused) for known in changes.sightings
        )
        return replace(changes, sightings=tuple(sightings), crops=cleaned)

    async def _cleaned(self, crops: dict[str, bytes]) -> dict[str, bytes]:
        """Return the crops in a form that is safe to store and to serve; what is no picture is left out."""
        cleaned = {}
        for sighting_id, raw in crops.items():
            try:
                cleaned[sighting_id] = (await self._cleaner.clean(raw)).jpeg
            except BadInput as fault:
                structlog.get_logger().warning("bad_crop", sighting=sighting_id, reason=fault.message)
        return cleaned


def told(sighting: Sighting) -> to_client.Sighting:
    """Return a sighting as clients see it."""
    return to_client.Sighting(
        sighting_id=sighting.sighting_id,
        object_id=sighting.object_id,
        camera_id=sighting.camera_id,
        first_seen=sighting.first_seen,
        last_seen=sighting.last_seen,
        frames=sighting.frames,
        rect=sighting.rect,
        has_crop=sighting.has_crop,
        certainty=sighting.certainty,
        distance=sighting.distance,
        source=sighting.source,
        cloudlet=sighting.cloudlet,
        taken_at=sighting.taken_at,
        place=sighting.place,
        rejected=sighting.rejected,
    )
