"""Builds the gateway from its parts and runs it; the only place that constructs."""

import asyncio
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.jobs.job_queue import JobQueue
from backbone.jobs.result_consumer import ResultConsumer
from backbone.lifecycle import Held, Part, live
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency, Readiness
from backbone.web.http import HttpServer, Metrics, application
from mqtt_gateway.broker_link import BrokerLink, Login
from mqtt_gateway.domain import topics
from mqtt_gateway.domain.fleet_view import FleetView
from mqtt_gateway.domain.request_forms import INSTALLED, SOURCES
from mqtt_gateway.event_service import EventService
from mqtt_gateway.handlers_mqtt import MqttHandler
from mqtt_gateway.handover import Handover
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.orchestrator_client import OrchestratorClient
from mqtt_gateway.request_counts import RequestCounts
from mqtt_gateway.request_service import REPLIES, RequestService
from mqtt_gateway.request_store import Bounds, RequestStore
from mqtt_gateway.retained_store import RetainedStore
from mqtt_gateway.settings import Settings

GROUP = "mqtt_gateway"
"""Who reads the results of the workers: the gateway, alone."""
UNACKNOWLEDGED_MS = 2_000
MOST_DELIVERING = 200
"""Answers that wait for the broker here; further ones wait in Redis."""


def parts_of(settings: Settings) -> Sequence[Part]:
    """Return every part of the role, joined, in the order in which they start."""
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    redis_url = settings.redis_url.get_secret_value()
    bounds = Bounds(running=settings.most_running, waiting=settings.most_waiting, seconds=settings.keep_answers)
    store = RequestStore.from_url(redis_url, bounds, keys=settings.redis_keys)
    queue = JobQueue.from_url(redis_url, prefix=settings.redis_prefix)
    status_topic = f"{settings.discovery_prefix}/status"
    link = BrokerLink(
        _login(settings),
        topics=(f"{INSTALLED}/#", f"{SOURCES}/#", status_topic),
        available=topics.AVAILABLE,
        metrics=metrics,
    )
    handover = Handover(store=store, queue=queue)
    requests = RequestService(link=link, store=store, handover=handover, metrics=metrics)
    results = _results(queue, requests, handover, metrics)
    readiness: Readiness = {"broker": link.state, "redis": lambda: _redis_state(handover, results)}
    events: list[Part] = []
    renew: list[Callable[[], None]] = []
    if settings.orchestrator_url:
        client = _client(settings)
        retained = RetainedStore.from_url(redis_url, keys=settings.redis_keys)
        view = FleetView(settings.discovery_prefix)
        told = EventService(link=link, client=client, view=view, store=retained, metrics=metrics)
        events = [Held(retained), Held(client), told]
        renew = [told.tell_everything]
        readiness["orchestrator"] = client.state
    messages = MqttHandler(link=link, requests=requests, status_topic=status_topic, renew=renew, metrics=metrics)
    server = HttpServer(
        application(health.routes(readiness, registry), guard=settings.guard(), metrics=Metrics(registry)),
        address=(settings.host, settings.port),
        tls=settings.tls(),
    )
    counts = RequestCounts(store, metrics)
    return [Held(queue), Held(store), server, handover, requests, results, *events, messages, counts]


def _results(queue: JobQueue, requests: RequestService, handover: Handover, metrics: GatewayMetrics) -> ResultConsumer:
    return ResultConsumer(
        queue=queue,
        stream=REPLIES,
        group=GROUP,
        consumer=GROUP,
        take=requests.deliver,
        poisoned=metrics.dropped.labels("bad_result").inc,
        resumed=handover.resume,
        at_once=MOST_DELIVERING,
        idle_ms=UNACKNOWLEDGED_MS,
    )


def _redis_state(handover: Handover, results: ResultConsumer) -> Dependency:
    if not results.works:
        return Dependency(ok=False, detail=results.last_error)
    return Dependency(ok=handover.works, detail="read" if handover.works else handover.last_error)


def _client(settings: Settings) -> OrchestratorClient:
    token = settings.jwt.get_secret_value() if settings.jwt is not None else None
    return OrchestratorClient(settings.orchestrator_url, token=token)


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
    await live(parts_of(settings), stop)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m mqtt_gateway")
    logs.configure(settings.log_level, role="mqtt_gateway")
    service.run(lambda stop: serve(settings, stop))
