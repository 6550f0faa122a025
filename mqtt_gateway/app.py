"""Builds the gateway from its parts and runs it; the only place that constructs."""

import asyncio

import structlog
from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.errors import Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency, Readiness
from backbone.web.http import Metrics, Route, application, listen
from mqtt_gateway.broker_link import BrokerLink, Login
from mqtt_gateway.domain import topics
from mqtt_gateway.domain.fleet_view import FleetView
from mqtt_gateway.domain.request_forms import INSTALLED, SOURCES
from mqtt_gateway.event_desk import EventDesk
from mqtt_gateway.handlers_mqtt import MqttDoor
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.orchestrator_client import OrchestratorClient
from mqtt_gateway.request_desk import RequestDesk
from mqtt_gateway.request_store import Bounds, RequestStore
from mqtt_gateway.retained_store import RetainedStore
from mqtt_gateway.settings import Settings

COUNT_SECONDS = 2.0


class Gateway:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self.metrics = GatewayMetrics(self.registry)
        redis_url = settings.redis_url.get_secret_value()
        bounds = Bounds(running=settings.most_running, waiting=settings.most_waiting, seconds=settings.keep_answers)
        self.store = RequestStore.from_url(redis_url, bounds, keys=settings.redis_keys)
        self.queue = JobQueue.from_url(redis_url, prefix=settings.redis_prefix)
        status_topic = f"{settings.discovery_prefix}/status"
        self.link = BrokerLink(
            _login(settings),
            topics=(f"{INSTALLED}/#", f"{SOURCES}/#", status_topic),
            available=topics.AVAILABLE,
            metrics=self.metrics,
        )
        self.desk = RequestDesk(link=self.link, store=self.store, queue=self.queue, metrics=self.metrics)
        self.client: OrchestratorClient | None = None
        self.events: EventDesk | None = None
        self.retained = RetainedStore.from_url(redis_url, keys=settings.redis_keys)
        if settings.orchestrator_url:
            token = settings.jwt.get_secret_value() if settings.jwt is not None else None
            self.client = OrchestratorClient(settings.orchestrator_url, token=token)
            view = FleetView(settings.discovery_prefix)
            self.events = EventDesk(
                link=self.link, client=self.client, view=view, store=self.retained, metrics=self.metrics
            )
        self.door = MqttDoor(
            desk=self.desk, status_topic=status_topic, born=self._tell_everything, metrics=self.metrics
        )

    def _tell_everything(self) -> None:
        """After a connection, for the broker may have lost it, and after Home Assistant's start."""
        if self.events is not None:
            self.events.tell_everything()

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        return health.routes(self._readiness(), self.registry)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        async with asyncio.TaskGroup() as group:
            talking = self.link.run(take=self.door.put, connected=self._tell_everything)
            parts = [talking, self.desk.run(), self.door.run(self.link.settle), self._count()]
            parts += [] if self.events is None else [self.events.run()]
            tasks = [group.create_task(part) for part in parts]
            await stop.wait()
            for task in reversed(tasks):
                task.cancel()

    async def _count(self) -> None:
        while True:
            try:
                waiting, kept = await self.store.counts()
                self.metrics.waiting.set(waiting)
                self.metrics.running.set(kept)
            except Unavailable:
                pass  # /readyz tells
            await asyncio.sleep(COUNT_SECONDS)

    async def aclose(self) -> None:
        """Let go of what was opened."""
        if self.client is not None:
            self.client.close()
        await self.retained.aclose()
        await self.store.aclose()
        await self.queue.aclose()

    def _readiness(self) -> Readiness:
        told = {"broker": self._broker_state, "redis": self._redis_state}
        return told if self.client is None else told | {"orchestrator": self._orchestrator_state}

    def _broker_state(self) -> Dependency:
        return Dependency(
            ok=self.link.is_connected, detail="connected" if self.link.is_connected else self.link.last_error
        )

    def _orchestrator_state(self) -> Dependency:
        if self.client is None or self.client.connected:
            return Dependency(ok=True, detail="connected")
        return Dependency(ok=False, detail=self.client.last_error)

    def _redis_state(self) -> Dependency:
        return Dependency(ok=self.desk.works, detail="read" if self.desk.works else self.desk.last_error)


def _login(settings: Settings) -> Login:
    return Login(
        url=settings.broker_url,
        user=settings.broker_user,
        password=settings.broker_password.get_secret_value() if settings.broker_password is not None else None,
        session=settings.broker_session,
        version=settings.mqtt_version,
        authority=settings.broker_authority or None,
    )


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; what waits goes on waiting in Redis and at the broker."""
    gateway = Gateway(settings)
    app = application(gateway.routes(), guard=settings.guard(), metrics=Metrics(gateway.registry))
    server, port = listen(app, host=settings.host, port=settings.port, tls=settings.tls())
    structlog.get_logger().info("listening", host=settings.host, port=port)
    await gateway.run(stop)
    server.stop()
    await server.close_all_connections()
    await gateway.aclose()


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m mqtt_gateway")
    logs.configure(settings.log_level, role="mqtt_gateway")
    service.run(lambda stop: serve(settings, stop))
