"""Reads the workers' results and lets the desk have them, each until its effect is kept. Decides nothing."""

import asyncio

import structlog

from backbone.backoff import Backoff
from backbone.errors import Unavailable
from backbone.job_queue import JobQueue
from cloudlet.desk import Desk

GROUP = "cloudlet"
TEND_SECONDS = 2.0


class ResultReader:
    """The one consumer of this cloudlet's result stream."""

    def __init__(self, *, desk: Desk, queue: JobQueue, stream: str) -> None:
        self._desk = desk
        self._queue = queue
        self._stream = stream
        self.last_error = "not read yet"
        self.works = False

    async def tend(self) -> None:
        """Begin what could not begin at once, until cancelled."""
        while True:
            await asyncio.sleep(TEND_SECONDS)
            try:
                if self._desk.loaded:
                    await self._desk.begin_what_waits()
            except Unavailable as fault:
                structlog.get_logger().warning("batches_wait", reason=fault.message)

    async def run(self) -> None:
        """Go on until cancelled; while Redis is away, try again."""
        backoff = Backoff(first=0.2, limit=3.0)
        while True:
            try:
                if not self._desk.loaded:
                    await self._desk.load()
                    structlog.get_logger().info("loaded")
                elif not self.works:
                    await self._desk.hand_over_again()
                self.works = True
                async for entry_id, result in self._queue.read_results(self._stream, GROUP, GROUP):
                    await self._desk.take(result)
                    await self._queue.ack(self._stream, GROUP, entry_id)
                    backoff.reset()
            except Unavailable as fault:
                self.works, self.last_error = False, fault.message
                structlog.get_logger().warning("results_unavailable", reason=fault.message)
                await asyncio.sleep(backoff.next_wait())
