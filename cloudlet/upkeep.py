"""Has the batches begin that could not at once, because the queue was away when they came. Decides nothing."""

import asyncio

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from cloudlet.service import CloudletService

SECONDS = 2.0


class Upkeep(Part):
    """Looks again and again."""

    def __init__(self, service: CloudletService) -> None:
        self._service = service

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(SECONDS)
            try:
                await self._service.begin_what_waits()
            except Unavailable as fault:
                structlog.get_logger().warning("batches_wait", reason=fault.message)
