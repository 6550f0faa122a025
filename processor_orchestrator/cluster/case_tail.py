"""Takes up what the other orchestrators stored: follows the stream of changes, or compares everything after a gap.

A change only names its case; what the case is now is read from the store, so that order and repetition do no harm.
"""

import asyncio

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.cluster.redis_channel import BEGINNING, MAX_READ, Change, RedisChannel
from processor_orchestrator.domain.case_events import CaseClosed, Reason, SightingRejected
from processor_orchestrator.stores.redis_store import REJECTED

RETRY_SECONDS = 0.5


class CaseTail(Part):
    """Keeps the cases of this process level with the store.

    Args:
        instance: names this process in the stream; its own changes are passed over.
    """

    def __init__(self, *, instance: str, channel: RedisChannel, cases: CaseService, bus: EventBus) -> None:
        self._instance = instance
        self._channel = channel
        self._cases = cases
        self._bus = bus
        self._last = BEGINNING
        self._compared = False
        self._suspect_gap = True

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                if self._cases.loaded:
                    await self.take_up()
                    continue
            except Unavailable as fault:
                structlog.get_logger().warning("tail_waits", reason=fault.message)
                self._suspect_gap = True
            await asyncio.sleep(RETRY_SECONDS)

    async def take_up(self) -> None:
        """Take up the next changes; waits up to a second for one.

        Raises:
            Unavailable: Redis is away.
        """
        if not self._compared or (self._suspect_gap and not await self._channel.follows(self._last)):
            await self._compare_everything()
        self._suspect_gap = False
        changes = await self._channel.changes_after(self._last)
        for change in changes:
            if change.origin != self._instance:
                await self._take(change)
            self._last = change.entry_id
        if not changes or len(changes) >= MAX_READ:
            self._suspect_gap = True  # a stream that was trimmed, or a Redis that lost it, is noticed within a turn

    async def _compare_everything(self) -> None:
        self._last = await self._channel.newest_entry()  # first: what changes meanwhile is read again
        await self._cases.take_up()
        self._compared = True
        structlog.get_logger().info("compared_with_store")

    async def _take(self, change: Change) -> None:
        if change.reason == REJECTED:
            self._bus.publish(SightingRejected(change.case_id, change.text), origin=Origin.ELSEWHERE)
            return
        reason = Reason(change.reason) if change.reason else Reason.STOPPED
        ended = CaseClosed(change.case_id, reason, change.text or "ended elsewhere")
        await self._cases.take_up({change.case_id}, ended=ended)
