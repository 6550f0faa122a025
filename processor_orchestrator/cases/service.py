"""The open cases of this process: stores what happens to them, applies it, and says it on the bus. Sends nothing."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from backbone.errors import NotFound, Unavailable
from backbone.lifecycle import Part
from backbone.pictures.cleaner import PictureCleaner, from_base64
from backbone.wire import from_client
from backbone.wire.shared import FeatureMap
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.domain.case import Case, Kind
from processor_orchestrator.domain.case_events import CaseClosed, CaseEvent, CaseOpened, FeatureMapLearned, Reason
from processor_orchestrator.domain.case_messages import check_start, started
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.sightings.service import SightingService
from processor_orchestrator.stores import Store

RETRY_SECONDS = 1.0
LONGEST_LOOK_AHEAD = 60.0
"""The wall clock may step: when the next case is over is looked at again after so long at the latest."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """An open case as lists show it; `last_seen` in seconds since the epoch, None: never yet."""

    case: Case
    last_seen: float | None


class CaseService(Part):
    """The cases of one orchestrator process.

    Args:
        cases: the open ones; this service alone changes them.
        sightings: takes up the visits that went on when the process before this one ended.
        cleaner: makes foreign pictures safe before they are stored.
        timeout: seconds after which a case ends that does not say when.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        cases: OpenCases,
        store: Store,
        bus: EventBus,
        sightings: SightingService,
        cleaner: PictureCleaner,
        metrics: OrchestratorMetrics,
        timeout: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cases = cases
        self._store = store
        self._bus = bus
        self._sightings = sightings
        self._cleaner = cleaner
        self._metrics = metrics
        self._timeout = timeout
        self._now = now
        self._one_event_at_a_time = asyncio.Lock()
        self._expiry_changed = asyncio.Event()
        self._loaded = False

    # Life.

    async def run(self) -> None:
        """Load what is stored, then close the cases whose time is over, until cancelled."""
        while not self._loaded:
            try:
                await self.load()
            except Unavailable as fault:
                structlog.get_logger().warning("cannot_load", reason=fault.message)
                await asyncio.sleep(RETRY_SECONDS)
        while True:
            await self._wait_for_expiry()
            with suppress(Unavailable):  # counted by _happen; tried again
                await self.close_expired()

    async def load(self) -> None:
        """Take up what is stored.

        Raises:
            Unavailable: the store is away.
        """
        stored = await self._store.open_cases()
        await self._sightings.resume()
        self._cases.replace_all(stored)
        self._metrics.objects.set(len(self._cases))
        self._loaded = True
        structlog.get_logger().info("loaded", objects=len(self._cases))

    async def _wait_for_expiry(self) -> None:
        self._expiry_changed.clear()
        due = self._cases.next_expiry()
        seconds = LONGEST_LOOK_AHEAD if due is None else min(LONGEST_LOOK_AHEAD, due - self._now())
        if seconds <= 0:
            await asyncio.sleep(RETRY_SECONDS)  # the store did not take it
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._expiry_changed.wait()

    async def close_expired(self) -> None:
        """Close the cases whose time is over.

        Raises:
            Unavailable: the store is away; what is left is over all the same.
        """
        async with self._one_event_at_a_time:
            for ended in self._cases.expired(now=self._now()):
                await self._happen(ended)

    # Reading.

    @property
    def loaded(self) -> bool:
        """Whether the stored state is known."""
        return self._loaded

    def require_loaded(self) -> None:
        """Refuse peers until the stored state is known.

        Raises:
            Unavailable: the store has not answered yet.
        """
        if not self._loaded:
            raise Unavailable("expected the stored objects to be loaded, got no answer from the store yet")

    def open(self) -> list[Case]:
        """Return the open cases, the newest first."""
        return sorted(self._cases, key=lambda case: -case.case_id)

    def get(self, case_id: int) -> Case | None:
        """Return an open case, or None."""
        return self._cases.get(case_id)

    def check_room(self) -> None:
        """Refuse one case too many.

        Raises:
            Unavailable: there are as many as there may be.
        """
        self._cases.check_room()

    async def rows(self) -> list[CaseRow]:
        """Return the open cases as lists show them, the newest first; one round trip to the store for all of them.

        Raises:
            Unavailable: the stored state is not known, or the store is away.
        """
        self.require_loaded()
        cases = self.open()
        seen = await self._store.last_seen([case.case_id for case in cases])
        return [CaseRow(case, seen.get(case.case_id)) for case in cases]

    async def heard_of(self, case_id: int, *, seconds: float) -> Case | None:
        """Return an open case; one that another orchestrator opened a moment ago is waited for.

        Raises:
            Unavailable: it is stored, and was not heard of within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while (case := self._cases.get(case_id)) is None:
            if await self._store.open_case(case_id) is None:
                return None
            if time.monotonic() > deadline:
                raise Unavailable(f"expected to have heard of case {case_id}, which is stored, got nothing yet")
            await asyncio.sleep(0.05)
        return case

    # Changes.

    async def begin(self, message: from_client.Start, *, check: Callable[[], None]) -> int:
        """Open a case at a client's wish and return its id; it is stored when this returns.

        Args:
            check: raises while the start cannot work, for a reason of the caller's; asked before an id is used.

        Raises:
            SearchlightError: the start cannot work; nothing was changed.
        """
        check_start(message)
        self._cases.check_room()
        check()
        image = None if message.image is None else (await self._cleaner.clean(from_base64(message.image))).jpeg
        async with self._one_event_at_a_time:
            self._cases.check_room()
            check()
            case_id = await self._store.next_case_id()
            await self._happen(
                CaseOpened(started(message, case_id, image=image, now=self._now(), timeout=self._timeout))
            )
        return case_id

    async def close(self, case_id: int, *, only: Kind | None = None) -> Case:
        """Close a case and return what it was; its references and pictures are gone when this returns.

        Args:
            only: the one kind that the caller may close; None: any.

        Raises:
            NotFound: it is not open, or not of that kind.
        """
        async with self._one_event_at_a_time:
            ended = self._cases.stopped(case_id)
            case = self._cases.checked(case_id)
            if only not in (None, case.kind):
                raise NotFound(f"expected an open case, got {case_id}", code="unknown_object")
            await self._happen(ended)
        return case

    async def fail(self, case_id: int, text: str) -> None:
        """Close a case whose person could not be made out; one that is closed already stays so."""
        async with self._one_event_at_a_time:
            if case_id in self._cases:
                await self._happen(CaseClosed(case_id, Reason.FAILED, text[:500]))

    async def learn(self, message: FeatureMap) -> None:
        """Take what a processor tells about a case.

        Raises:
            NotFound: it is not open.
        """
        async with self._one_event_at_a_time:
            self._cases.checked(message.object_id)
            await self._happen(FeatureMapLearned(message.object_id, message.feature_map, message.model_id))

    async def happen(self, event: CaseEvent) -> None:
        """Store an event that another service decided, then apply it and say it on the bus.

        Raises:
            Unavailable: it could not be stored; nothing happened.
        """
        async with self._one_event_at_a_time:
            await self._happen(event)

    async def take_up(self, case_ids: set[int] | None = None, *, ended: CaseClosed | None = None) -> None:
        """Make cases what the store says they are, after another orchestrator changed them.

        Args:
            case_ids: the changed ones; None: compare all.
            ended: how the case ended, where it is gone.

        Raises:
            Unavailable: the store is away; what was compared so far is taken up.
        """
        async with self._one_event_at_a_time:
            if case_ids is None:
                stored = {case.case_id: case for case in await self._store.open_cases()}
                case_ids = {case.case_id for case in self._cases} | stored.keys()
            else:
                found = [await self._store.open_case(case_id) for case_id in case_ids]
                stored = {case.case_id: case for case in found if case is not None}
            for case_id in sorted(case_ids):
                gone = ended or CaseClosed(case_id, Reason.STOPPED, "ended elsewhere")
                for event in self._cases.differences(case_id, stored.get(case_id), ended=gone):
                    self._apply(event, Origin.ELSEWHERE)

    async def _happen(self, event: CaseEvent) -> None:
        try:
            await self._store.save(event)
        except Unavailable:
            self._metrics.store_failures.inc()
            raise
        self._apply(event, Origin.HERE)

    def _apply(self, event: CaseEvent, origin: Origin) -> None:
        if self._cases.apply(event):
            self._metrics.objects.set(len(self._cases))
            self._expiry_changed.set()
            self._bus.publish(event, origin=origin)
