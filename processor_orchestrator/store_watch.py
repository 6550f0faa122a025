"""Asks the store every few seconds whether it answers, for `/readyz`. Mends nothing."""

import asyncio

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.web.health import Dependency
from processor_orchestrator.stores import Store

ASK_SECONDS = 2.0


class StoreWatch(Part):
    """Knows whether the store answered when it was asked last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state = Dependency(ok=False, detail="not asked yet")

    def state(self) -> Dependency:
        """Return the last answer."""
        return self._state

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            state = await self._ask()
            if state.ok != self._state.ok:
                structlog.get_logger().info("store_state", ok=state.ok, detail=state.detail)
            self._state = state
            await asyncio.sleep(ASK_SECONDS)

    async def _ask(self) -> Dependency:
        try:
            await self._store.check()
        except Unavailable as fault:
            return Dependency(ok=False, detail=fault.message)
        return Dependency(ok=True, detail="answers")
