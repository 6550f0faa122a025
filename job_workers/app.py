"""Builds the supervisor from its parts and serves its door; the only place that constructs."""

import asyncio
import dataclasses
import json

import structlog
from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.errors import Unavailable
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency, Readiness
from backbone.web.http import Metrics, Route, application, listen
from backbone.wire.offload import OFFLOAD
from job_workers.metrics import WorkerMetrics
from job_workers.recovery import Recovery
from job_workers.sandbox import Sandbox
from job_workers.settings import Settings
from job_workers.supervisor import Supervisor


class JobWorkers:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self.offloads = OFFLOAD in settings.queue_names
        self.sandbox_fault: str | None = "not tried yet"
        self.supervisor = Supervisor(
            Recovery(settings.redis_url.get_secret_value(), settings.queue_names, keys=settings.redis_keys),
            spec=spec_of(settings),
            processes=settings.processes,
            memory_limit=settings.memory_limit << 20,
            grace=settings.grace,
            metrics=WorkerMetrics(self.registry),
        )

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        readiness: Readiness = {"redis": self._redis_state, "workers": self._workers_state}
        if self.offloads:
            readiness["sandbox"] = self._sandbox_state
        return health.routes(readiness, self.registry)

    async def serve(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        app = application(self.routes(), guard=self.settings.guard(), metrics=Metrics(self.registry))
        server, port = listen(app, host=self.settings.host, port=self.settings.port, tls=self.settings.tls())
        structlog.get_logger().info("listening", host=self.settings.host, port=port)
        async with asyncio.TaskGroup() as group:
            if self.offloads:
                group.create_task(self._try_sandbox())
            working = group.create_task(self.supervisor.run())
            await stop.wait()
            working.cancel()
        server.stop()
        await server.close_all_connections()

    def _redis_state(self) -> Dependency:
        answers = self.supervisor.redis_answers
        return Dependency(ok=answers, detail="answers" if answers else "does not answer")

    async def _try_sandbox(self) -> None:
        """Learn whether foreign code can be run here; where it cannot, each worker refuses it."""
        try:
            await asyncio.to_thread(Sandbox.prepare, slot=self.settings.processes)
        except Unavailable as fault:
            self.sandbox_fault = fault.message
            structlog.get_logger().error("no_sandbox", reason=fault.message)
        else:
            self.sandbox_fault = None

    def _sandbox_state(self) -> Dependency:
        fault = self.sandbox_fault
        return Dependency(ok=fault is None, detail=fault or "holds")

    def _workers_state(self) -> Dependency:
        ready = self.supervisor.ready
        return Dependency(ok=ready > 0, detail=f"{ready} of {self.settings.processes} take jobs")


def spec_of(settings: Settings) -> bytes:
    """Return what a worker process has to know, one line of JSON; it holds Redis' password."""
    return json.dumps(
        {
            "redis_url": settings.redis_url.get_secret_value(),
            "redis_prefix": settings.redis_prefix,
            "queues": settings.queue_names,
            "processes": settings.processes,
            "detector": settings.detector,
            "smallest_face": settings.smallest_face,
            "longest_side": settings.longest_side,
            "footage_folder": str(settings.footage_folder),
            "programs_folder": str(settings.programs_folder),
            "cache_folder": str(settings.cache_folder),
            "cache_bytes": settings.cache_megabytes << 20,
            "policy": dataclasses.asdict(settings.policy()),
        }
    ).encode()


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m job_workers")
    logs.configure(settings.log_level, role="job_workers")
    service.run(lambda stop: JobWorkers(settings).serve(stop))
