"""Tells Prometheus how many requests wait and how many are open, by asking Redis now and then. Counts none itself."""

import asyncio

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.request_store import RequestStore

COUNT_SECONDS = 2.0


class RequestCounts(Part):
    """The two gauges of requests."""

    def __init__(self, store: RequestStore, metrics: GatewayMetrics) -> None:
        self._store = store
        self._metrics = metrics

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                waiting, kept = await self._store.counts()
                self._metrics.waiting.set(waiting)
                self._metrics.running.set(kept)
            except Unavailable:
                pass  # /readyz tells
            await asyncio.sleep(COUNT_SECONDS)
