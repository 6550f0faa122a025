"""Builds the cloudlet from its parts and runs it; the only place that constructs."""

import asyncio
import uuid

import structlog
from prometheus_client import CollectorRegistry

from backbone import health, logs, service
from backbone.health import Dependency, Readiness
from backbone.job_queue import JobQueue
from backbone.legacy_fields import MAX_BODY_BYTES, UploadCount
from backbone.legacy_networks import LegacyNetworks
from backbone.settings import load
from backbone.web import Metrics, Route, application, listen
from cloudlet.batches import Batches
from cloudlet.comparisons import Comparisons
from cloudlet.courier import Courier
from cloudlet.desk import Desk
from cloudlet.failover import Failover
from cloudlet.handlers_door import DoorHandler
from cloudlet.job_store import JobStore
from cloudlet.jobs import Jobs
from cloudlet.metrics import CloudletMetrics
from cloudlet.result_reader import ResultReader
from cloudlet.server_link import ServerLink, own_address
from cloudlet.settings import Settings
from cloudlet.spool import Spool

MAX_UPLOADS = 4


class Cloudlet:
    """Every part of the role, joined.

    Args:
        ip: the address that servers are told.
        port: where it listens, known before it does: jobs and spool are named by it.
    """

    def __init__(self, settings: Settings, *, ip: str, port: int) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        metrics = CloudletMetrics(self.registry)
        key, epoch, redis_url = f"{ip}:{port}", uuid.uuid4().hex, settings.redis_url.get_secret_value()
        self.queue = JobQueue.from_url(redis_url)
        self.store = JobStore.from_url(redis_url, key)
        self.spool = Spool(settings.spool_file(port), most_bytes=settings.spool_megabytes * 1024 * 1024)
        self.link = ServerLink(token=settings.jwt.get_secret_value() if settings.jwt is not None else None)
        self.failover = Failover(settings.servers(), heartbeat=settings.heartbeat_seconds)
        self.courier = Courier(
            failover=self.failover,
            link=self.link,
            spool=self.spool,
            metrics=metrics,
            identity={"cloudIP": ip, "cloudPort": str(port)},
            heartbeat={"epoch": epoch, "interval": f"{settings.heartbeat_seconds:g}"},
        )
        jobs, batches = Jobs(settings.model_id), Batches(settings.max_batches)
        self.desk = Desk(
            jobs=jobs,
            batches=batches,
            comparisons=Comparisons(jobs=jobs, batches=batches, store=self.store, queue=self.queue, cloudlet=key),
            store=self.store,
            queue=self.queue,
            spool=self.spool,
            metrics=metrics,
            tolerance=settings.tolerance,
            cloudlet=key,
            epoch=epoch,
            spooled=self.courier.wake,
        )
        self.reader = ResultReader(desk=self.desk, queue=self.queue, stream=self.store.replies)

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        door = {
            "desk": self.desk,
            "uploads": UploadCount(MAX_UPLOADS),
            "networks": LegacyNetworks.of(self.settings.legacy_networks),
        }
        return [Route("/", DoorHandler, door), *health.routes(self._readiness(), self.registry)]

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        async with asyncio.TaskGroup() as group:
            parts = (self.reader.run(), self.reader.tend(), self.courier.run())
            tasks = [group.create_task(part) for part in parts]
            await stop.wait()
            for task in tasks:
                task.cancel()

    async def aclose(self) -> None:
        """Let go of what was opened."""
        self.link.close()
        self.spool.close()
        await self.store.aclose()
        await self.queue.aclose()

    def _readiness(self) -> Readiness:
        return {"redis": self._redis_state, "server": self._server_state, "spool": self._spool_state}

    def _redis_state(self) -> Dependency:
        return Dependency(ok=self.reader.works, detail="read" if self.reader.works else self.reader.last_error)

    def _server_state(self) -> Dependency:
        joined = self.failover.joined
        return Dependency(ok=joined, detail=f"joined {self.failover.server}" if joined else self.courier.last_error)

    def _spool_state(self) -> Dependency:
        used, most = self.spool.bytes, self.settings.spool_megabytes * 1024 * 1024
        return Dependency(ok=used < most, detail=f"{used} of {most} bytes wait")


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Take jobs and photos until `stop` is set; what waits goes on waiting in Redis and in the spool."""
    ip = settings.advertise or own_address(settings.servers()[0])
    cloudlet = Cloudlet(settings, ip=ip, port=settings.port)
    app = application(cloudlet.routes(), guard=settings.guard(), metrics=Metrics(cloudlet.registry))
    server, port = listen(app, host=settings.host, port=settings.port, tls=settings.tls(), max_body=MAX_BODY_BYTES)
    structlog.get_logger().info("listening", host=settings.host, port=port)
    await cloudlet.run(stop)
    server.stop()
    await server.close_all_connections()
    await cloudlet.aclose()


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m cloudlet")
    logs.configure(settings.log_level, role="cloudlet")
    service.run(lambda stop: serve(settings, stop))
