"""Builds the supervisor from its parts and runs it; the only place that constructs."""

import asyncio
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.lifecycle import Part, live
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Readiness
from backbone.web.http import HttpServer, Metrics, application
from backbone.wire.offload import OFFLOAD
from job_workers.metrics import WorkerMetrics
from job_workers.queues.recovery import Recovery
from job_workers.sandbox.trial import SandboxTrial
from job_workers.settings import Settings
from job_workers.spec import WorkerSpec
from job_workers.supervisor import Supervisor


def parts_of(settings: Settings) -> Sequence[Part]:
    """Return every part of the role, joined, in the order in which they start."""
    registry = CollectorRegistry()
    supervisor = Supervisor(
        Recovery(settings.redis_url.get_secret_value(), settings.queue_names, keys=settings.redis_keys),
        spec=spec_of(settings),
        memory_limit=settings.memory_limit << 20,
        grace=settings.grace,
        metrics=WorkerMetrics(registry),
    )
    readiness: Readiness = {"redis": supervisor.redis_state, "workers": supervisor.workers_state}
    trials: list[Part] = []
    if OFFLOAD in settings.queue_names:
        trial = SandboxTrial(slot=settings.processes)
        readiness["sandbox"] = trial.state
        trials = [trial]
    door = HttpServer(
        application(health.routes(readiness, registry), guard=settings.guard(), metrics=Metrics(registry)),
        address=(settings.host, settings.port),
        tls=settings.tls(),
    )
    return [door, *trials, supervisor]


def spec_of(settings: Settings) -> WorkerSpec:
    """Return what each worker process has to know."""
    return WorkerSpec(
        redis_url=settings.redis_url.get_secret_value(),
        redis_prefix=settings.redis_prefix,
        queues=settings.queue_names,
        processes=settings.processes,
        engine=settings.engine,
        detector=settings.detector,
        smallest_face=settings.smallest_face,
        longest_side=settings.longest_side,
        footage_folder=str(settings.footage_folder),
        programs_folder=str(settings.programs_folder),
        cache_folder=str(settings.cache_folder),
        cache_bytes=settings.cache_megabytes << 20,
        policy=settings.policy(),
    )


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; jobs that wait go on waiting in Redis."""
    await live(parts_of(settings), stop)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m job_workers")
    logs.configure(settings.log_level, role="job_workers")
    service.run(lambda stop: serve(settings, stop))
