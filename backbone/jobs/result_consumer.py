"""Takes workers' results from a stream, each until it had its effect, by one policy for all. Knows no kind of result.

A result is acknowledged once `take` returned, so it may come twice: what `take` does can be done twice. When it fails:

    Unavailable             tried again within seconds, then left for whoever asks next, this consumer included
    other SearchlightError  poison: it will never work, so it is told, counted and acknowledged
    any other exception     told with its traceback and left to be delivered again; at the fifth delivery it is poison
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Protocol

import structlog

from backbone.backoff import Backoff
from backbone.errors import SearchlightError, Unavailable
from backbone.jobs.job_queue import CLAIM_IDLE_MS
from backbone.lifecycle import Part
from backbone.wire.jobs import Result

TAKE_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0)
PAUSE_SECONDS = 1.0
MOST_DELIVERIES = 5


class ResultSource(Protocol):
    """Where results come from; `JobQueue` is one. Each of its calls raises Unavailable while Redis is away."""

    async def open_results(self, stream: str, group: str) -> None:
        """Make the group where there is none."""

    def read_results(
        self,
        stream: str,
        group: str,
        consumer: str,
        *,
        idle_ms: int,
        in_hand: Collection[str],
        poisoned: Callable[[], None],
    ) -> AsyncIterator[tuple[str, Result]]:
        """Yield the ids of entries and their results, for ever."""

    async def ack(self, stream: str, group: str, entry_id: str) -> None:
        """Note that a result had its effect."""

    async def deliveries(self, stream: str, group: str, entry_id: str) -> int:
        """Return how often a result that is not acknowledged was delivered."""


class ResultConsumer(Part):
    """One consumer of one stream.

    Args:
        take: gives a result its effect; it may be called again with the same one.
        poisoned: called for each result that is given up, to count it.
        resumed: called before the first read, and before the first one after the queue was away.
        consumer: this consumer's name in the group; None: a new one.
        at_once: results that are taken at the same time; with one, they are taken in order.
        idle_ms: after so long a result that was not acknowledged is delivered again.
        pause: waits for seconds; a test gives its own.
    """

    def __init__(
        self,
        *,
        queue: ResultSource,
        stream: str,
        group: str,
        take: Callable[[Result], Awaitable[None]],
        poisoned: Callable[[], None] = lambda: None,
        resumed: Callable[[], Awaitable[None]] | None = None,
        consumer: str | None = None,
        at_once: int = 1,
        idle_ms: int = CLAIM_IDLE_MS,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._queue = queue
        self._stream = stream
        self._group = group
        self._take = take
        self._poisoned = poisoned
        self._resumed = resumed
        self._consumer = consumer or uuid.uuid4().hex
        self._idle_ms = idle_ms
        self._pause = pause
        self._room = asyncio.Semaphore(at_once)
        self._in_hand: set[str] = set()
        self._backoff = Backoff(first=0.2, limit=3.0)
        self.works = False
        self.last_error = "not read yet"

    async def run(self) -> None:
        """Take results until cancelled; while the queue is away, try again."""
        async with asyncio.TaskGroup() as taking:
            while True:
                try:
                    await self._begin()
                    await self._read(taking)
                except Unavailable as fault:
                    self._lost(fault)
                    await self._pause(self._backoff.next_wait())

    async def _begin(self) -> None:
        await self._queue.open_results(self._stream, self._group)
        if self._resumed is not None:
            await self._resumed()
        self.works = True
        self._backoff.reset()

    async def _read(self, taking: asyncio.TaskGroup) -> None:
        async for entry_id, result in self._queue.read_results(
            self._stream,
            self._group,
            self._consumer,
            idle_ms=self._idle_ms,
            in_hand=self._in_hand,
            poisoned=self._poisoned,
        ):
            if entry_id not in self._in_hand:
                await self._room.acquire()
                self._in_hand.add(entry_id)
                taking.create_task(self._handle(entry_id, result))

    def _lost(self, fault: Unavailable) -> None:
        if self.works or fault.message != self.last_error:
            structlog.get_logger().warning("results_unavailable", stream=self._stream, reason=fault.message)
        self.works, self.last_error = False, fault.message

    async def _handle(self, entry_id: str, result: Result) -> None:
        try:
            if await self._is_settled(entry_id, result):
                await self._queue.ack(self._stream, self._group, entry_id)
        except Unavailable as fault:
            structlog.get_logger().warning("result_comes_again", task=result.task_id, reason=fault.message)
        finally:
            self._in_hand.discard(entry_id)
            self._room.release()

    async def _is_settled(self, entry_id: str, result: Result) -> bool:
        """Take a result and return whether it is done with: it had its effect, or never will."""
        try:
            await self._take_for_sure(result)
        except Unavailable as fault:
            structlog.get_logger().warning("result_waits", task=result.task_id, reason=fault.message)
            await self._pause(PAUSE_SECONDS)
            return False
        except SearchlightError as fault:
            self._give_up(result, fault.message)
        except Exception as fault:  # noqa: BLE001 - a fault of ours in one result must not end the role
            structlog.get_logger().exception("result_failed", task=result.task_id)
            if await self._queue.deliveries(self._stream, self._group, entry_id) < MOST_DELIVERIES:
                return False
            self._give_up(result, f"expected it to have its effect, got {type(fault).__name__} again and again")
        return True

    async def _take_for_sure(self, result: Result) -> None:
        for wait in (*TAKE_AGAIN_AFTER, None):
            try:
                await self._take(result)
            except Unavailable:
                if wait is None:
                    raise
                await self._pause(wait)
            else:
                return

    def _give_up(self, result: Result, reason: str) -> None:
        structlog.get_logger().error("bad_result", stream=self._stream, task=result.task_id, reason=reason)
        self._poisoned()
