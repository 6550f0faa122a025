"""Every sighting goes through here, whatever saw it: made once, stored, then told. Decides no match."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from backbone.errors import NotFound, Unavailable
from backbone.lifecycle import Part
from backbone.wire.values import Box
from processor_orchestrator.bus import EventBus
from processor_orchestrator.domain.case_events import CaseClosed, SightingRejected
from processor_orchestrator.domain.events import SightingsStored
from processor_orchestrator.domain.sighting import GAP_SECONDS, Changes, Found, Sighting, changes_of
from processor_orchestrator.domain.sighting_book import SightingBook
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.sightings.crops import CropCleaner
from processor_orchestrator.stores import Store

GATHER_SECONDS = 0.25
"""So long frames gather before they are stored: a visit that goes on is stored a few times a second."""

RETRY_SECONDS = 1.0
MAX_RESUMED = 1_000


class SightingService(Part):
    """The sightings of one orchestrator process; keeps them (bounded) while the store is away.

    Args:
        thresholds: tells what a distance is worth.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        store: Store,
        bus: EventBus,
        crops: CropCleaner,
        thresholds: Thresholds,
        metrics: OrchestratorMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._bus = bus
        self._crops = crops
        self._thresholds = thresholds
        self._metrics = metrics
        self._now = now
        self._book = SightingBook()
        self._seen = asyncio.Event()
        bus.subscribe(CaseClosed, lambda event: self._book.forget(event.case_id))
        bus.subscribe(SightingRejected, lambda event: self._book.reject(event.sighting_id))

    # Of cameras.

    def observe(
        self,
        case_id: int,
        camera_id: str | int,
        box: Box,
        *,
        frame_id: float,
        crop: bytes | None,
        model_id: str | None = None,
    ) -> None:
        """Note that a camera saw a sought person; it is stored soon.

        Args:
            frame_id: when the picture was taken, seconds since the epoch.
            crop: the face as it came.
            model_id: of the camera's distances, where it is known.
        """
        self._book.observe(
            case_id,
            camera_id,
            box,
            frame_id=frame_id,
            crop=crop,
            now=self._now(),
            model_id=model_id,
            strangers_among=self._thresholds.strangers_among(box.distance, case_id, model_id),
        )
        self._seen.set()

    async def resume(self, *, camera_id: str | int | None = None) -> None:
        """Take up stored visits that may go on: of every camera, or of one that was at another orchestrator before.

        Raises:
            Unavailable: the store is away; the visits begin anew.
        """
        for sighting in await self._store.sightings(limit=MAX_RESUMED):
            recent = self._now() - sighting.last_seen <= GAP_SECONDS
            if recent and camera_id in (None, sighting.camera_id):
                self._book.resume(sighting)

    async def run(self) -> None:
        """Store what cameras see, until cancelled; what is left then is stored by `stop`."""
        while True:
            await self._seen.wait()
            self._seen.clear()
            await asyncio.sleep(GATHER_SECONDS)
            if not await self.flush():
                await asyncio.sleep(RETRY_SECONDS)
                self._seen.set()

    async def stop(self) -> None:
        """Store what is left."""
        await self.flush()

    async def flush(self) -> bool:
        """Store what is not stored yet and return whether the store took it."""
        if not self._book.has_changes:
            return True
        changes = self._book.take_changes()
        try:
            await self._store.check()  # while it is away, crops would be decoded for nothing at every try
            stored = self._without_refused(changes, await self._crops.clean(changes.crops))
            await self._store.save_sightings(stored)
        except Unavailable as fault:
            self._put_back(changes)
            structlog.get_logger().warning("sightings_wait", reason=fault.message)
            return False
        except asyncio.CancelledError:
            self._put_back(changes)
            raise
        self._told(stored)
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

    # Of everything else.

    async def add(self, found: Sequence[Found], *, once: str) -> bool:
        """Store what was found in pictures, all of it or nothing, and tell it.

        Args:
            once: names the finding; nothing is stored when something was stored under this name already.

        Returns:
            Whether it was stored now.

        Raises:
            Unavailable: it could not be stored; ask again.
        """
        if not found or await self._store.was_stored(once):  # spares the pictures; `save_sightings` decides
            return False
        foreign = {one.sighting_id: one.crop for one in found if one.crop is not None and not one.crop_is_clean}
        clean = {one.sighting_id: one.crop for one in found if one.crop is not None and one.crop_is_clean}
        changes = changes_of([self._valued(one) for one in found], clean | await self._crops.clean(foreign))
        if not await self._store.save_sightings(changes, once=once):
            return False
        self._told(changes)
        return True

    def _valued(self, one: Found) -> Found:
        among = self._thresholds.strangers_among(one.distance, one.case_id, one.model_id)
        return replace(one, strangers_among=among)

    async def reject(self, sighting_id: str, *, case_id: int | None = None) -> None:
        """Mark a sighting as somebody else's, at a person's word, and tell it.

        Raises:
            NotFound: no such sighting is kept, or not of this case.
            Unavailable: it could not be stored; nothing happened.
        """
        known = await self._store.sighting(sighting_id)
        if known is None or case_id not in (None, known.case_id):
            raise NotFound(f"expected a sighting that is kept, got {sighting_id[:200]!r}", code="unknown_sighting")
        rejected = SightingRejected(known.case_id, sighting_id)
        await self._store.save(rejected)
        self._bus.publish(rejected)
        self._bus.publish(SightingsStored((replace(known, rejected=True),)))

    def _told(self, changes: Changes) -> None:
        self._metrics.sightings_stored.inc(len(changes.sightings))
        self._bus.publish(SightingsStored(changes.sightings))

    # Reading.

    async def newest(self, *, limit: int, case_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings, newest first."""
        return await self._store.sightings(limit=limit, case_id=case_id)
