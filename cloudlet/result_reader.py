"""Reads the workers' results and lets the service have them, each until its effect is kept. Decides nothing."""

import asyncio

import structlog

from backbone.backoff import Backoff
from backbone.errors import Unavailable
from backbone.health import Dependency
from backbone.job_queue import JobQueue
from backbone.lifecycle import Part
from cloudlet.service import CloudletService

GROUP = "cloudlet"


class ResultReader(Part):
    """The one consumer of this cloudlet's result stream."""

    def __init__(self, *, service: CloudletService, queue: JobQueue, stream: str) -> None:
        self._service = service
        self._queue = queue
        self._stream = stream
        self._last_error = "not read yet"
        self._works = False

    def state(self) -> Dependency:
        """Return whether results come."""
        return Dependency(ok=self._works, detail="read" if self._works else self._last_error)

    async def run(self) -> None:
        """Go on until cancelled; while Redis is away, try again."""
        backoff = Backoff(first=0.2, limit=3.0)
        while True:
            try:
                if not self._works:
                    await self._service.resume()
                self._works = True
                async for entry_id, result in self._queue.read_results(self._stream, GROUP, GROUP):
                    await self._service.take(result)
                    await self._queue.ack(self._stream, GROUP, entry_id)
                    backoff.reset()
            except Unavailable as fault:
                self._works, self._last_error = False, fault.message
                structlog.get_logger().warning("results_unavailable", reason=fault.message)
                await asyncio.sleep(backoff.next_wait())
