"""Brings every living cloudlet the open cases and takes the closed ones away, until it has said so. Stores no case.

What a cloudlet has is noted in the shared registry, so that another orchestrator goes on where this one ended. It is
looked at when a case changed, or when the cloudlet was heard; heartbeats make sure that nothing stays undone.
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
from backbone.lifecycle import Part
from processor_orchestrator.bus import EventBus
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseOpened,
    FeatureMapLearned,
    NegativesLearned,
    ReferencesLearned,
)
from processor_orchestrator.domain.cloudlet import ASKING_SECONDS, Cloudlet, JobNote
from processor_orchestrator.domain.events import CloudletHeard
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.registry.cloudlet_client import REFUSED, CloudletClient, seconds_for
from processor_orchestrator.registry.job_zip import job_zip
from processor_orchestrator.stores import Store
from processor_orchestrator.stores.registry import RegistryStore

GATHER_SECONDS = 0.1
"""So long what happens gathers: many heartbeats and many changes are one look at the registry."""

RETRY_SECONDS = 1.0
CLAIM_MARGIN_SECONDS = 1.0
"""A claim outlives one request by so much: when its holder is killed, another goes on soon after."""

LONGEST_WAIT = 5.0


class JobPusher(Part):
    """Sends jobs to cloudlets, one request at a time to each.

    Args:
        thresholds: how near a face must be to show one of the cases.
        heartbeat: seconds between two heartbeats of a cloudlet.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        registry: RegistryStore,
        store: Store,
        client: CloudletClient,
        cases: CaseService,
        thresholds: Thresholds,
        bus: EventBus,
        heartbeat: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._store = store
        self._client = client
        self._cases = cases
        self._thresholds = thresholds
        self._heartbeat = heartbeat
        self._now = now
        self._owner = uuid.uuid4().hex
        self._woken = asyncio.Event()
        self._woken.set()  # what an orchestrator before this one left undone
        self._everybody = True
        self._due: set[str] = set()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._backoffs: dict[str, Backoff] = {}
        for event_type in (CaseOpened, CaseClosed, FeatureMapLearned, ReferencesLearned, NegativesLearned):
            bus.subscribe(event_type, lambda _event: self._look_at_all())
        bus.subscribe(CloudletHeard, lambda event: self._look_at(event.key))

    def _look_at_all(self) -> None:
        self._everybody = True
        self._woken.set()

    def _look_at(self, key: str) -> None:
        self._due.add(key)
        self._woken.set()

    def _look_later(self, key: str, seconds: float) -> None:
        asyncio.get_running_loop().call_later(max(0.0, seconds), self._look_at, key)

    async def run(self) -> None:
        """Send until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._woken.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._woken.clear()
                try:
                    await self._turn(group)
                except Unavailable:
                    await asyncio.sleep(RETRY_SECONDS)
                    self._look_at_all()

    async def _turn(self, group: asyncio.TaskGroup) -> None:
        """Look at the cloudlets for which something may have to be done.

        Raises:
            Unavailable: the registry is away.
        """
        if not self._cases.loaded:
            raise Unavailable("expected the stored cases to be loaded, got no answer from the store yet")
        everybody, due = self._everybody, self._due
        self._everybody, self._due = False, set()
        cloudlets = {cloudlet.key: cloudlet for cloudlet in await self._registry.cloudlets()}
        self._backoffs = {key: backoff for key, backoff in self._backoffs.items() if key in cloudlets}
        now = self._now()
        for key, cloudlet in cloudlets.items():
            if not (everybody or key in due) or not cloudlet.alive(now=now, heartbeat=self._heartbeat):
                continue
            if key in self._busy:
                self._due.add(key)  # looked at again once its present turn is over
            elif cloudlet.ready(now=now):
                self._busy[key] = group.create_task(self._serve(cloudlet))
            else:
                self._look_later(key, cloudlet.joined_at + ASKING_SECONDS - now)

    async def _serve(self, cloudlet: Cloudlet) -> None:
        try:
            if not await self._bring(cloudlet):
                self._look_later(cloudlet.key, CLAIM_MARGIN_SECONDS)
        except Unavailable as fault:
            backoff = self._backoffs.setdefault(cloudlet.key, Backoff(limit=LONGEST_WAIT))
            self._look_later(cloudlet.key, backoff.next_wait())
            structlog.get_logger().warning("cloudlet_waits", cloudlet=cloudlet.key, reason=fault.message)
        else:
            self._backoffs.pop(cloudlet.key, None)
        finally:
            del self._busy[cloudlet.key]
            if cloudlet.key in self._due:
                self._woken.set()

    async def _bring(self, cloudlet: Cloudlet) -> bool:
        """Make a cloudlet have what is sought and nothing else; return False while another orchestrator does.

        Raises:
            Unavailable: the cloudlet or the store did not answer; what was done is noted.
        """
        jobs = await self._registry.jobs_of(cloudlet.key)
        wanted = {case.case_id: case for case in self._cases.open() if _useful(case, cloudlet)}
        over = [note for note in jobs.values() if note.case_id not in wanted]
        missing = [case for case in wanted.values() if not self._has(jobs, case, cloudlet)]
        if not missing and not over:
            return True
        if not await self._claim(cloudlet):
            return False
        try:
            refusals = [await _refusal(self._take_away(cloudlet, note)) for note in over]
            refusals += [await _refusal(self._hand_over(cloudlet, case)) for case in missing]
        finally:
            await self._registry.release(cloudlet.key, self._owner)
        for refusal in filter(None, refusals):
            raise refusal
        return True

    async def _take_away(self, cloudlet: Cloudlet, note: JobNote) -> None:
        if await self._store.open_case(note.case_id) is not None:
            return  # another orchestrator has just opened it and we have not heard of it yet
        await self._claim_again(cloudlet)
        await self._client.delete_job(cloudlet, note.job)
        await self._registry.drop_job(cloudlet.key, note.job)

    async def _hand_over(self, cloudlet: Cloudlet, case: Case) -> None:
        if self._has(await self._registry.jobs_of(cloudlet.key), case, cloudlet):
            return  # sent by another orchestrator before we had the claim
        if await self._store.open_case(case.case_id) is None:
            return  # closed by another orchestrator, we shall hear of it
        chips = await self._store.chips(case.case_id)
        if not chips and case.image is not None:
            chips = [case.image]
        likeness, threshold, edition = self._told(case, cloudlet)
        content = await asyncio.to_thread(job_zip, case, chips, likeness=likeness, threshold=threshold)
        if content is None:
            return
        await self._claim_again(cloudlet)
        # Noted before it is sent: when no answer comes, the cloudlet may have it and is told when the case is closed.
        note = JobNote(case.job_name, case.case_id, has=False, edition=edition)
        await self._registry.note_job(cloudlet.key, note)
        await self._client.new_job(cloudlet, case.job_name, content)
        await self._registry.note_job(cloudlet.key, replace(note, has=True))

    def _told(self, case: Case, cloudlet: Cloudlet) -> tuple[Likeness | None, float | None, int]:
        """Return what a cloudlet is told of a case: as its model knows it, how near is a match, and the edition."""
        likeness = _likeness(case, cloudlet)
        threshold = None if likeness is None else self._thresholds.of(case, likeness)
        return likeness, threshold, _edition(case, likeness, threshold)

    def _has(self, jobs: Mapping[str, JobNote], case: Case, cloudlet: Cloudlet) -> bool:
        _, _, edition = self._told(case, cloudlet)
        return jobs.get(case.job_name) == JobNote(case.job_name, case.case_id, has=True, edition=edition)

    async def _claim(self, cloudlet: Cloudlet) -> bool:
        seconds = seconds_for(cloudlet) + CLAIM_MARGIN_SECONDS
        return await self._registry.claim(cloudlet.key, self._owner, seconds=seconds)

    async def _claim_again(self, cloudlet: Cloudlet) -> None:
        if not await self._claim(cloudlet):
            raise Unavailable(f"expected to go on with {cloudlet.key}, got another orchestrator that does")


def _likeness(case: Case, cloudlet: Cloudlet) -> Likeness | None:
    """Return a case as a cloudlet's workers know it, nothing while their model does not; None for a legacy cloudlet.

    A cloudlet of ours that does not say its model is told what the case was told first: it looks at the name itself.
    """
    if not cloudlet.ours:
        return None
    if cloudlet.model_id is not None:
        return case.likeness(cloudlet.model_id) or Likeness(cloudlet.model_id)
    return next((one for one in case.likenesses if one.model_id is not None), None)


def _useful(case: Case, cloudlet: Cloudlet) -> bool:
    """Return whether a cloudlet could find this object: a legacy one needs a picture."""
    likeness = _likeness(case, cloudlet)
    return case.has_picture or (likeness is not None and likeness.references != ())


def _edition(case: Case, likeness: Likeness | None, threshold: float | None) -> int:
    """Return a number that changes with what a cloudlet of ours is told beside the first references.

    That is which faces were rejected, what a further model knows, and how near a match is where that follows from a
    budget; a legacy cloudlet (no likeness) is told none of it.
    """
    if likeness is None:
        return 0
    told = repr(likeness.negatives) if likeness.negatives else ""
    if likeness.references and likeness.model_id != case.model_id:
        told += repr((likeness.model_id, likeness.references))
    if case.threshold is None and threshold is not None:
        told += repr(threshold)
    return zlib.crc32(told.encode()) if told else 0


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
