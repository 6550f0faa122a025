"""Learns at the start whether foreign code can be run here; where it cannot, each worker refuses it. Runs none."""

import asyncio

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.web.health import Dependency
from job_workers.sandbox.sandbox import Sandbox


class SandboxTrial(Part):
    """One try.

    Args:
        slot: of the sandbox that is tried; no worker's.
    """

    def __init__(self, *, slot: int) -> None:
        self._slot = slot
        self._fault: str | None = "not tried yet"

    async def run(self) -> None:
        """Try it."""
        try:
            await asyncio.to_thread(Sandbox.prepare, slot=self._slot)
        except Unavailable as fault:
            self._fault = fault.message
            structlog.get_logger().error("no_sandbox", reason=fault.message)
        else:
            self._fault = None

    def state(self) -> Dependency:
        """Return what is known."""
        return Dependency(ok=self._fault is None, detail=self._fault or "holds")
