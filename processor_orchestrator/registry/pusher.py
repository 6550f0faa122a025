"""Brings every living cloudlet the open cases and takes the closed ones away, until it has said so. Stores no case.

What a cloudlet has is noted in the shared registry, so that another orchestrator goes on where this one ended.
"""

import asyncio
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from backbone.backoff import Backoff
from backbone.errors import Unavailable
from processor_orchestrator.registry.cloudlet_client import REFUSED, CloudletClient, seconds_for
from processor_orchestrator.registry.cloudlets import Cloudlet, JobNote
from processor_orchestrator.registry.job_zip import job_zip
from processor_orchestrator.stores import Store
from processor_orchestrator.stores.registry import RegistryStore
from processor_orchestrator.tracking.objects import TrackedObject

TURN_SECONDS = 0.5
CLAIM_MARGIN_SECONDS = 1.0
"""A claim outlives one request by so much: when its holder is killed, another goes on soon after."""

LONGEST_WAIT = 5.0


class JobPusher:
    """Sends jobs to cloudlets, one request at a time to each.

    Args:
        sought: returns the objects that are sought now, by id; None while that is not known yet.
        heartbeat: seconds between two heartbeats of a cloudlet.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        registry: RegistryStore,
        store: Store,
        client: CloudletClient,
        sought: Callable[[], Mapping[int, TrackedObject] | None],
        heartbeat: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._store = store
        self._client = client
        self._sought = sought
        self._heartbeat = heartbeat
        self._now = now
        self._owner = uuid.uuid4().hex
        self._kicked = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._backoffs: dict[str, tuple[Backoff, float]] = {}

    def kick(self) -> None:
        """Look at once: something changed."""
        self._kicked.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._turn(group)
                try:
                    async with asyncio.timeout(TURN_SECONDS):
                        await self._kicked.wait()
                except TimeoutError:
                    pass
                self._kicked.clear()

    async def _turn(self, group: asyncio.TaskGroup) -> None:
        try:
            cloudlets = await self._registry.cloudlets()
        except Unavailable:
            return
        now = self._now()
        self._busy = {key: task for key, task in self._busy.items() if not task.done()}
        self._backoffs = {key: wait for key, wait in self._backoffs.items() if key in {c.key for c in cloudlets}}
        for cloudlet in cloudlets:
            alive = cloudlet.alive(now=now, heartbeat=self._heartbeat) and cloudlet.ready(now=now)
            due = self._backoffs.get(cloudlet.key, (None, 0.0))[1] <= time.monotonic()
            if alive and due and cloudlet.key not in self._busy:
                self._busy[cloudlet.key] = group.create_task(self._serve(cloudlet))

    async def _serve(self, cloudlet: Cloudlet) -> None:
        try:
            await self._bring(cloudlet)
        except Unavailable as fault:
            backoff = self._backoffs.get(cloudlet.key, (Backoff(limit=LONGEST_WAIT), 0.0))[0]
            self._backoffs[cloudlet.key] = (backoff, time.monotonic() + backoff.next_wait())
            structlog.get_logger().warning("cloudlet_waits", cloudlet=cloudlet.key, reason=fault.message)
        else:
            self._backoffs.pop(cloudlet.key, None)

    async def _bring(self, cloudlet: Cloudlet) -> None:
        """Make a cloudlet have what is sought and nothing else.

        Raises:
            Unavailable: the cloudlet or the store did not answer; what was done is noted.
        """
        sought = self._sought()
        if sought is None:
            return
        jobs = await self._registry.jobs_of(cloudlet.key)
        wanted = {known.object_id: known for known in sought.values() if _useful(known, cloudlet)}
        over = [note for note in jobs.values() if note.object_id not in wanted]
        missing = [known for known in wanted.values() if not _has(jobs, known, cloudlet)]
        if not missing and not over:
            return
        if not await self._claim(cloudlet):
            return
        try:
            refusals = [await _refusal(self._take_away(cloudlet, note)) for note in over]
            refusals += [await _refusal(self._hand_over(cloudlet, known)) for known in missing]
        finally:
            await self._registry.release(cloudlet.key, self._owner)
        for refusal in filter(None, refusals):
            raise refusal

    async def _take_away(self, cloudlet: Cloudlet, note: JobNote) -> None:
        if await self._store.open_object(note.object_id) is not None:
            return  # another orchestrator has just opened it and we have not heard of it yet
        await self._claim_again(cloudlet)
        await self._client.delete_job(cloudlet, note.job)
        await self._registry.drop_job(cloudlet.key, note.job)

    async def _hand_over(self, cloudlet: Cloudlet, known: TrackedObject) -> None:
        if _has(await self._registry.jobs_of(cloudlet.key), known, cloudlet):
            return  # sent by another orchestrator before we had the claim
        if await self._store.open_object(known.object_id) is None:
            return  # closed by another orchestrator, we shall hear of it
        chips = await self._store.chips(known.object_id)
        if not chips and known.image is not None:
            chips = [known.image]
        content = await asyncio.to_thread(job_zip, known, chips, ours=cloudlet.ours)
        if content is None:
            return
        await self._claim_again(cloudlet)
        # Noted before it is sent: when no answer comes, the cloudlet may have it and is told when the case is closed.
        note = JobNote(known.job_name, known.object_id, has=False, edition=_edition(known, cloudlet))
        await self._registry.note_job(cloudlet.key, note)
        await self._client.new_job(cloudlet, known.job_name, content)
        await self._registry.note_job(cloudlet.key, replace(note, has=True))

    async def _claim(self, cloudlet: Cloudlet) -> bool:
        seconds = seconds_for(cloudlet) + CLAIM_MARGIN_SECONDS
        return await self._registry.claim(cloudlet.key, self._owner, seconds=seconds)

    async def _claim_again(self, cloudlet: Cloudlet) -> None:
        if not await self._claim(cloudlet):
            raise Unavailable(f"expected to go on with {cloudlet.key}, got another orchestrator that does")


def _useful(known: TrackedObject, cloudlet: Cloudlet) -> bool:
    """Return whether a cloudlet could find this object: a legacy one needs a picture."""
    return known.has_picture or (cloudlet.ours and known.model_id is not None and known.references != ())


def _has(jobs: Mapping[str, JobNote], known: TrackedObject, cloudlet: Cloudlet) -> bool:
    return jobs.get(known.job_name) == JobNote(
        known.job_name, known.object_id, has=True, edition=_edition(known, cloudlet)
    )


def _edition(known: TrackedObject, cloudlet: Cloudlet) -> int:
    """Return a number that changes with what a cloudlet of ours is told of rejected faces; a legacy one is not told."""
    return zlib.crc32(repr(known.negatives).encode()) if cloudlet.ours and known.negatives else 0


async def _refusal(sending: Awaitable[None]) -> Unavailable | None:
    """Return a cloudlet's refusal of one job, so that the others are sent all the same.

    Raises:
        Unavailable: the cloudlet did not answer at all, so that it need not be asked about others.
    """
    try:
        await sending
    except Unavailable as fault:
        if fault.code != REFUSED:
            raise
        return fault
    return None
