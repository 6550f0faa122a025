"""What cloudlets, phones and legacy servers ask of the registry: stores what was decided. Sends nothing."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from backbone.errors import BadInput, NotFound, Unavailable
from backbone.lifecycle import Part
from backbone.pictures.cleaner import PictureCleaner
from processor_orchestrator.bus import EventBus
from processor_orchestrator.domain import cloudlet as cloudlets
from processor_orchestrator.domain.case import Case, CaseState
from processor_orchestrator.domain.cloudlet import Caller, Cloudlet
from processor_orchestrator.domain.events import CloudletHeard
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.registry.crops import face_crop
from processor_orchestrator.registry.matches import Match, found_in
from processor_orchestrator.sightings.service import SightingService
from processor_orchestrator.stores import Store
from processor_orchestrator.stores.registry import RegistryStore

SWEEP_SECONDS = 60.0


class RegistryService(Part):
    """The registry of one orchestrator process.

    Args:
        heartbeat: seconds between two heartbeats of a cloudlet.
        cleaner: makes pictures from outside safe; keeps them large enough to cut a face out.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        registry: RegistryStore,
        store: Store,
        sightings: SightingService,
        bus: EventBus,
        cleaner: PictureCleaner,
        metrics: OrchestratorMetrics,
        heartbeat: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._store = store
        self._sightings = sightings
        self._bus = bus
        self._cleaner = cleaner
        self._metrics = metrics
        self._heartbeat = heartbeat
        self._now = now

    async def run(self) -> None:
        """Forget cloudlets that are dead for long, until cancelled."""
        while True:
            try:
                await self._registry.change(partial(cloudlets.forgotten, now=self._now()))
            except Unavailable as fault:
                structlog.get_logger().warning("registry_away", reason=fault.message)
            await asyncio.sleep(SWEEP_SECONDS)

    # Cloudlets.

    async def join(self, caller: Caller) -> None:
        """Take in a cloudlet."""
        await self._registry.change(partial(cloudlets.joined, caller=caller, now=self._now()))
        structlog.get_logger().info("cloudlet_joined", cloudlet=caller.key, ours=caller.epoch is not None)
        self._bus.publish(CloudletHeard(caller.key))

    async def heartbeat(self, caller: Caller | None, address: str) -> None:
        """Note that a cloudlet lives; a legacy one says only from where it calls."""
        now, beat = self._now(), self._heartbeat
        if caller is None:
            heard = await self._registry.change(partial(cloudlets.beaten_at, ip=address, now=now, heartbeat=beat))
        else:
            heard = await self._registry.change(partial(cloudlets.beaten, caller=caller, now=now, heartbeat=beat))
        for cloudlet in heard:
            self._bus.publish(CloudletHeard(cloudlet.key))

    async def ask_for_jobs(self, caller: Caller) -> None:
        """Send every open case to a cloudlet, whatever it was sent before."""
        for note in (await self._registry.jobs_of(caller.key)).values():
            await self._registry.note_job(caller.key, cloudlets.JobNote(note.job, note.case_id, has=False))
        await self._registry.change(partial(cloudlets.asked, caller=caller, now=self._now()))
        self._bus.publish(CloudletHeard(caller.key))

    async def alive(self) -> dict[str, int]:
        """Return the living cloudlets and how many phones each serves."""
        known = await self._registry.cloudlets()
        return cloudlets.phones_by_key(known, now=self._now(), heartbeat=self._heartbeat)

    async def take_state(self, phones: Mapping[str, int]) -> None:
        """Take another server's counts of phones."""
        await self._registry.change(partial(cloudlets.phones_told, phones=phones))

    async def views(self) -> list[dict[str, object]]:
        """Return the roster as the page shows it."""
        now = self._now()
        return [await self._view(known, now) for known in await self._registry.cloudlets()]

    async def _view(self, known: Cloudlet, now: float) -> dict[str, object]:
        jobs = await self._registry.jobs_of(known.key)
        return {
            "cloudlet": known.key,
            "state": "alive" if known.alive(now=now, heartbeat=self._heartbeat) else "dead",
            "joinedAt": known.joined_at,
            "lastSeenAt": known.last_seen,
            "phones": known.phones,
            "ours": known.ours,
            "jobs": sum(note.has for note in jobs.values()),
            "jobsWaiting": sum(not note.has for note in jobs.values()),
        }

    # Phones.

    async def phone_joins(self, *, gave_up: str | None) -> Cloudlet | None:
        """Return the cloudlet that a phone is to use: the living one with the least phones.

        Args:
            gave_up: "ip:port" of the cloudlet that it comes from, which did not answer it.
        """
        now, heartbeat = self._now(), self._heartbeat
        joined = partial(cloudlets.phone_joined, now=now, heartbeat=heartbeat, gave_up=gave_up)
        chosen = next(iter(await self._registry.change(joined)), None)
        return chosen if chosen is not None and chosen.alive(now=now, heartbeat=heartbeat) else None

    async def phone_leaves(self, caller: Caller) -> None:
        """Note that a phone left a cloudlet."""
        await self._registry.change(partial(cloudlets.phone_left, caller=caller, now=self._now()))

    # Matches.

    async def take_match(self, match: Match, photos: Mapping[str, bytes]) -> str:
        """Store what a cloudlet found and return what became of it: stored, known already, or dropped.

        Args:
            photos: the pictures of the zip by name, as they came.

        Raises:
            NotFound: there never was such a job.
            Unavailable: it could not be stored; the cloudlet has to send it again.
        """
        case = await self._open_case(match.job)
        if case is None or match.case_id not in (None, case.case_id):
            structlog.get_logger().info("match_dropped", job=match.job, cloudlet=match.cloudlet)
            return self._counted("dropped")
        once = f"match:{match.match_id}:{match.job}"
        if await self._store.was_stored(once):  # spares the pictures; the sightings' service decides
            return self._counted("known")
        found = found_in(match, case.case_id, await self._crops(match, photos), now=self._now())
        if not await self._sightings.add(found, once=once):
            return self._counted("known")
        structlog.get_logger().info("match_stored", object=case.case_id, match=match.match_id, faces=len(match.faces))
        return self._counted("stored")

    def _counted(self, outcome: str) -> str:
        self._metrics.matches.labels(outcome).inc()
        return outcome

    async def _open_case(self, job: str) -> Case | None:
        """Return the open case of a job, None when it is closed."""
        case_id = await self._store.case_of_job(job)
        if case_id is None:
            raise NotFound(f"match: expected a job that was opened here, got {job[:200]!r}", code="unknown_job")
        known = await self._store.open_case(case_id)
        usable = known is not None and known.expires_at > self._now() and known.state is CaseState.OPEN
        return known if usable else None

    async def _crops(self, match: Match, photos: Mapping[str, bytes]) -> dict[int, bytes]:
        """Return a small picture of each face; a photo that is none costs its crop only."""
        names = sorted({face.photo for face in match.faces})
        clean = dict(zip(names, [await self._clean(photos[name], match.cloudlet) for name in names], strict=True))
        shown = [(number, clean[face.photo], face.rect) for number, face in enumerate(match.faces)]
        return {
            number: await asyncio.to_thread(face_crop, jpeg, rect) for number, jpeg, rect in shown if jpeg is not None
        }

    async def _clean(self, photo: bytes, cloudlet: str) -> bytes | None:
        try:
            return (await self._cleaner.clean(photo)).jpeg
        except BadInput as fault:
            structlog.get_logger().warning("bad_photo", cloudlet=cloudlet, reason=fault.message)
            return None
