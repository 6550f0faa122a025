"""Builds the cloudlet from its parts and runs it; the only place that constructs."""

import asyncio
import uuid
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.jobs.job_queue import JobQueue
from backbone.jobs.result_consumer import ResultConsumer
from backbone.lifecycle import Held, Part, live
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency
from backbone.web.http import HttpServer, Metrics, application
from backbone.web.legacy_fields import MAX_BODY_BYTES
from backbone.web.legacy_networks import LegacyNetworks
from cloudlet import handlers
from cloudlet.comparisons import Comparisons
from cloudlet.delivery_worker import DeliveryWorker
from cloudlet.domain.batches import Batches
from cloudlet.domain.failover import Failover
from cloudlet.domain.jobs import Jobs
from cloudlet.domain.match_files import Sender
from cloudlet.job_store import JobStore
from cloudlet.matches import Matches
from cloudlet.metrics import CloudletMetrics
from cloudlet.outbox import DeliveryOutbox
from cloudlet.server_link import ServerLink, own_address
from cloudlet.service import CloudletService
from cloudlet.settings import Settings
from cloudlet.upkeep import Upkeep

GROUP = "cloudlet"
"""Who reads the results of the workers: this cloudlet, alone."""


def parts_of(settings: Settings, *, ip: str) -> Sequence[Part]:
    """Return every part of the role, joined, in the order in which they start.

    Args:
        ip: the address that servers are told.

    Raises:
        Unavailable: the spool's file cannot be used.
    """
    registry = CollectorRegistry()
    metrics = CloudletMetrics(registry)
    # The port is known before it is listened on: jobs and spool are named by it.
    sender = Sender(cloudlet=f"{ip}:{settings.port}", epoch=uuid.uuid4().hex)
    redis_url = settings.redis_url.get_secret_value()
    queue = JobQueue.from_url(redis_url, prefix=settings.redis_prefix)
    store = JobStore.from_url(redis_url, sender.cloudlet, keys=settings.redis_keys)
    outbox = DeliveryOutbox(settings.spool_file(settings.port), most_bytes=settings.spool_megabytes * 1024 * 1024)
    link = ServerLink(token=settings.jwt.get_secret_value() if settings.jwt is not None else None)
    worker = DeliveryWorker(
        failover=Failover(settings.servers(), heartbeat=settings.heartbeat_seconds),
        link=link,
        outbox=outbox,
        metrics=metrics,
        identity={"cloudIP": ip, "cloudPort": str(settings.port)},
        heartbeat=_heartbeat(settings, sender),
    )
    cloudlet = _service(settings, sender, queue=queue, store=store, outbox=outbox, metrics=metrics)
    results = ResultConsumer(
        queue=queue,
        stream=store.replies,
        group=GROUP,
        consumer=GROUP,
        take=cloudlet.take,
        poisoned=metrics.results.labels("poison").inc,
        resumed=cloudlet.resume,
    )
    routes = [
        *handlers.routes(cloudlet, LegacyNetworks.of(settings.legacy_networks)),
        *health.routes({"redis": lambda: _state(results), "server": worker.state, "spool": outbox.state}, registry),
    ]
    server = HttpServer(
        application(routes, guard=settings.guard(), metrics=Metrics(registry)),
        address=(settings.host, settings.port),
        tls=settings.tls(),
        max_body=MAX_BODY_BYTES,
    )
    return [Held(queue), Held(store), outbox, link, server, results, Upkeep(cloudlet), worker]


def _heartbeat(settings: Settings, sender: Sender) -> dict[str, str]:
    """Return what a heartbeat says beside who sends it."""
    interval = f"{settings.heartbeat_seconds:g}"
    return {"epoch": sender.epoch, "interval": interval, "modelId": settings.model_id}


def _state(results: ResultConsumer) -> Dependency:
    return Dependency(ok=results.works, detail="read" if results.works else results.last_error)


def _service(
    settings: Settings,
    sender: Sender,
    *,
    queue: JobQueue,
    store: JobStore,
    outbox: DeliveryOutbox,
    metrics: CloudletMetrics,
) -> CloudletService:
    jobs, batches = Jobs(settings.model_id), Batches(settings.max_batches)
    return CloudletService(
        jobs=jobs,
        batches=batches,
        comparisons=Comparisons(jobs=jobs, batches=batches, store=store, queue=queue, cloudlet=sender.cloudlet),
        matches=Matches(jobs=jobs, queue=queue, outbox=outbox, metrics=metrics, sender=sender),
        store=store,
        queue=queue,
        outbox=outbox,
        metrics=metrics,
        tolerance=settings.usual_tolerance(),
    )


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Take jobs and photos until `stop` is set; what waits goes on waiting in Redis and in the spool."""
    ip = settings.advertise or own_address(settings.servers()[0])
    await live(parts_of(settings, ip=ip), stop)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m cloudlet")
    logs.configure(settings.log_level, role="cloudlet")
    service.run(lambda stop: serve(settings, stop))
