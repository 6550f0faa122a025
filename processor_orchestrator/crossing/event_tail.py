"""Takes up what the other orchestrators stored: follows the stream of changes, or compares everything after a gap.

A change only names its object; what the object is now is read from the store, so that order and repetition do no harm.
"""

import asyncio

import structlog

from backbone.errors import Unavailable
from processor_orchestrator.crossing.redis_channel import BEGINNING, MAX_READ, RedisChannel
from processor_orchestrator.stores.redis_store import REJECTED, RedisStore
from processor_orchestrator.tracking.events import (
    FeatureMapLearned,
    NegativesLearned,
    ObjectClosed,
    ObjectOpened,
    Reason,
    ReferencesLearned,
)
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.switchboard import Switchboard

RETRY_SECONDS = 0.5


class EventTail:
    """Keeps the switchboard of this process level with the store."""

    def __init__(self, *, channel: RedisChannel, store: RedisStore, switchboard: Switchboard) -> None:
        self._channel = channel
        self._store = store
        self._switchboard = switchboard
        self._last = BEGINNING
        self._compared = False
        self._suspect_gap = True

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                if self._switchboard.loaded:
                    await self.take_up()
                    continue
            except Unavailable as fault:
                structlog.get_logger().warning("tail_waits", reason=fault.message)
                self._suspect_gap = True
            await asyncio.sleep(RETRY_SECONDS)

    async def take_up(self) -> None:
        """Take up the next changes; waits up to a second for one."""
        if not self._compared or (self._suspect_gap and not await self._channel.follows(self._last)):
            await self._compare_everything()
        self._suspect_gap = False
        changes = await self._channel.changes_after(self._last)
        for change in changes:
            if change.origin != self._store.instance and change.reason == REJECTED:
                self._switchboard.book.reject(change.text)
            elif change.origin != self._store.instance:
                await self._take(change.object_id, change.reason, change.text)
            self._last = change.entry_id
        if not changes or len(changes) >= MAX_READ:
            self._suspect_gap = True  # a stream that was trimmed, or a Redis that lost it, is noticed within a turn

    async def _compare_everything(self) -> None:
        self._last = await self._channel.newest_entry()  # first: what changes meanwhile is read again
        async with self._switchboard.one_event_at_a_time:
            stored = {known.object_id: known for known in await self._store.open_objects()}
            for object_id in sorted(self._switchboard.tracking.objects.keys() | stored.keys()):
                self._reconcile(object_id, stored.get(object_id), _ended(object_id, None, ""))
        self._compared = True
        structlog.get_logger().info("compared_with_store", objects=len(stored))

    async def _take(self, object_id: int, reason: str | None, text: str) -> None:
        async with self._switchboard.one_event_at_a_time:
            stored = await self._store.open_object(object_id)
            self._reconcile(object_id, stored, _ended(object_id, reason, text))

    def _reconcile(self, object_id: int, stored: TrackedObject | None, ended: ObjectClosed) -> None:
        """Take up what an object is now: `stored`, or gone and `ended`."""
        switchboard = self._switchboard
        known = switchboard.tracking.objects.get(object_id)
        if stored is None:
            if known is not None:
                switchboard.take_up(ended)
        elif known is None:
            switchboard.take_up(ObjectOpened(stored), switchboard.tracking.opened_elsewhere(stored))
        elif stored.state is not known.state:
            references = tuple(tuple(row) for row in stored.feature_map or ())
            switchboard.take_up(ReferencesLearned(object_id, references, stored.model_id, stored.refused))
        elif (stored.feature_map, stored.model_id) != (known.feature_map, known.model_id):
            switchboard.take_up(FeatureMapLearned(object_id, stored.feature_map, stored.model_id))
        if stored is not None and stored.negatives and stored.model_id is not None:
            switchboard.take_up(NegativesLearned(object_id, stored.negatives, stored.model_id))


def _ended(object_id: int, reason: str | None, text: str) -> ObjectClosed:
    return ObjectClosed(object_id, Reason(reason) if reason else Reason.STOPPED, text or "ended elsewhere")
