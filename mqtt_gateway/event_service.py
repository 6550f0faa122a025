"""Tells by MQTT what the orchestrator tells: brings what the broker retains to what it shall be. Decides nothing.

What was told is compared with what shall be told, and the difference is published; after a new connection, or when Home
Assistant has started, everything is.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterable

import msgspec
import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.wire.to_client import Cameras, Sighting, ToClient
from mqtt_gateway.broker_link import BrokerLink
from mqtt_gateway.domain import topics
from mqtt_gateway.domain.fleet_view import FleetView, OpenCase
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.orchestrator_client import OrchestratorClient
from mqtt_gateway.retained_store import RetainedStore

TICK_SECONDS = 1.0
CASES_EVERY_SECONDS = 3.0
MOST_SIGHTINGS = 1_000
NEWEST_SIGHTINGS = 100


class EventService(Part):
    """The way from the orchestrator's socket to the broker."""

    def __init__(
        self,
        *,
        link: BrokerLink,
        client: OrchestratorClient,
        view: FleetView,
        store: RetainedStore,
        metrics: GatewayMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._link = link
        self._client = client
        self._view = view
        self._store = store
        self._metrics = metrics
        self._now = now
        self._told: dict[str, bytes | None] = {}
        self._sightings: deque[Sighting] = deque()
        self._something = asyncio.Event()
        self._cases_known = asyncio.Event()
        self._cleared = False

    async def run(self) -> None:
        """Tell until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._client.run(heard=self._heard, opened=self._opened, closed=self._closed))
            group.create_task(self._ask_for_cases())
            group.create_task(self._tell())

    def tell_everything(self) -> None:
        """Publish all that is retained again."""
        self._told = dict.fromkeys(self._told)
        self._something.set()

    # What the orchestrator says.

    def _opened(self) -> None:
        self._view.connected()
        self._cases_known.clear()
        self._something.set()

    def _closed(self) -> None:
        self._view.away(self._now())
        self._something.set()

    def _heard(self, message: ToClient) -> None:
        match message:
            case Cameras(cameras=cameras):
                self._view.heard_cameras(cameras)
            case Sighting():
                if len(self._sightings) >= MOST_SIGHTINGS:
                    self._sightings.popleft()
                    self._metrics.dropped.labels("sightings").inc()
                self._sightings.append(message)
            case _:
                return
        self._something.set()

    async def _ask_for_cases(self) -> None:
        while True:
            if self._client.connected:
                try:
                    await self._learn_cases()
                except Unavailable as fault:
                    structlog.get_logger().warning("cases_unknown", reason=fault.message)
            await asyncio.sleep(CASES_EVERY_SECONDS if self._cases_known.is_set() else 0.2)

    async def _learn_cases(self) -> None:
        told = await self._client.data_of("/api/cases")
        try:
            cases = [
                OpenCase(
                    int(case["objectId"]), str(case["name"] or f"Case {case['objectId']}"), bool(case["mqttCrops"])
                )
                for case in told
                if case.get("mqtt")
            ]
        except (TypeError, KeyError, ValueError, AttributeError) as fault:
            raise Unavailable(f"expected cases, got: {fault}") from None
        self._view.heard_cases(cases)
        if not self._cases_known.is_set():
            newest = await self._newest()
            if self._cleared:
                self._sightings.extendleft(newest)
            else:
                await self._learn_sightings(reversed(newest))  # of an earlier run: no news
            self._cases_known.set()
        self._something.set()

    async def _learn_sightings(self, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            self._view.heard_sighting(sighting, self._now())
            await self._learn_crop(sighting)

    async def _newest(self) -> list[Sighting]:
        """Return what was seen before this connection, the newest first."""
        told = await self._client.data_of(f"/api/sightings?limit={NEWEST_SIGHTINGS}")
        try:
            return msgspec.convert([{**view, "type": "sighting"} for view in told], list[Sighting])
        except (msgspec.ValidationError, TypeError) as fault:
            raise Unavailable(f"expected sightings, got: {fault}") from None

    # What the broker gets.

    async def _tell(self) -> None:
        while True:
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await self._something.wait()
            except TimeoutError:
                pass
            self._something.clear()
            if self._cases_known.is_set():
                await self._tell_sightings()
            await self._tell_retained()

    async def _tell_sightings(self) -> None:
        while self._sightings:
            sighting = self._sightings.popleft()
            event = self._view.heard_sighting(sighting, self._now())
            await self._learn_crop(sighting)
            if event is not None:
                await self._link.publish(topics.SIGHTINGS, json.dumps(event, ensure_ascii=False).encode())
                self._metrics.events.labels("sighting").inc()

    async def _learn_crop(self, sighting: Sighting) -> None:
        if self._view.wants_crop(sighting):
            try:
                crop = await self._client.crop(sighting.sighting_id)
            except Unavailable as fault:
                structlog.get_logger().warning("crop_missing", reason=fault.message)
                return
            if crop is not None:
                self._view.heard_crop(sighting, crop)

    async def _tell_retained(self) -> None:
        wanted = self._view.retained(self._now())
        try:
            if self._view.complete and not self._cleared:
                # What an earlier run told and nobody shall be told any more.
                self._told |= dict.fromkeys(await self._store.topics() - wanted.keys())
                self._cleared = True
            told = self._told
            await self._store.add(wanted.keys() - told.keys())
            for topic in [topic for topic in wanted if told.get(topic) != wanted[topic]]:
                await self._link.publish(topic, wanted[topic], retain=True)
                told[topic] = wanted[topic]
                self._metrics.events.labels("retained").inc()
            gone = told.keys() - wanted.keys()
            for topic in gone:
                await self._link.publish(topic, b"", retain=True)
            await self._store.drop(gone)
            for topic in gone:
                del told[topic]
        except Unavailable as fault:
            structlog.get_logger().warning("events_wait", reason=fault.message)
