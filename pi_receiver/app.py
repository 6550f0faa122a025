"""Builds the receiver from its parts and runs it; the only place that constructs."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from backbone import logs, service
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency, Readiness
from backbone.web.http import Metrics, Route, application, listen
from pi_receiver import verify
from pi_receiver.domain.applicants import Applicants
from pi_receiver.domain.channels import Channels
from pi_receiver.forwarding.cloudlet_link import CloudletLink
from pi_receiver.forwarding.forwarder import Forwarder
from pi_receiver.forwarding.orchestrator_link import OrchestratorLink
from pi_receiver.intake.gate import Gate
from pi_receiver.intake.receipts import load_signer
from pi_receiver.intake.reception import Reception
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.settings import MEGABYTE, Settings
from pi_receiver.storage.faults import Faults, parse_faults
from pi_receiver.storage.keeper import Keeper
from pi_receiver.storage.space import Space
from pi_receiver.storage.store import Store
from pi_receiver.tus.handlers import CreationHandler, FileHandler, FilesEntrance
from pi_receiver.tus.resumables import Resumables
from pi_receiver.uploads.handlers import ChannelHandler, Entrance, UploadHandler
from pi_receiver.view.handlers import ReceiptKeyHandler, RegisterHandler, StationHandler, StationsHandler

MISSING = "Error finding files and folders"
CHUNK_BYTES = 1024 * 1024
WORKERS, HASHING = 8, 4


class Receiver:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        metrics = ReceiverMetrics(self.registry)
        faults = Faults(parse_faults(settings.fault))
        self.workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="upload")
        self.hashing = ThreadPoolExecutor(HASHING, thread_name_prefix="hash")
        self.store = Store(settings.received_files, faults=faults)
        self.keeper = Keeper(self.store)
        self.space = Space(settings.received_files, reserve=settings.reserve_megabytes * MEGABYTE)
        self.gate = Gate(settings.ids, self.store.ledger)
        self.signer = load_signer(self.store.state / "receipt-key.pem")
        self.reception = Reception(
            store=self.store,
            keeper=self.keeper,
            space=self.space,
            signer=self.signer,
            metrics=metrics,
            faults=faults,
            workers=self.workers,
            hashing=self.hashing,
            suffixes=settings.suffix_set(),
            most_bytes=settings.max_file_megabytes * MEGABYTE,
            most=settings.max_uploads,
            most_of_one=settings.max_uploads_of_one,
        )
        self.applicants = Applicants()
        self.resumables = Resumables(
            store=self.store,
            ledger=self.store.ledger,
            reception=self.reception,
            most=settings.max_unfinished,
            most_of_one=settings.max_unfinished_of_one,
            seconds=settings.unfinished_hours * 3600,
        )
        token, asked = _said(settings.jwt), settings.orchestrator_url
        self.forwarder = Forwarder(
            store=self.store,
            metrics=metrics,
            cloudlet=CloudletLink(settings.cloudlet_url, token=token) if settings.cloudlet_url else None,
            footage=settings.footage_folder,
            orchestrator=OrchestratorLink(asked, token=token) if asked else None,
            with_location=settings.with_location,
        )
        channels = Channels(
            most=settings.max_channels,
            most_of_one=settings.max_channels_of_one,
            seconds=settings.channel_seconds,
        )
        self.entrance = Entrance(self.gate, channels, self.reception, settings.stall_seconds)

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        files = FilesEntrance(self.gate, self.reception, self.resumables, self.settings.stall_seconds)
        return [
            Route("/upload/?", ChannelHandler, {"entrance": self.entrance}),
            Route("/upload/[A-Za-z]{1,100}", UploadHandler, {"entrance": self.entrance}),
            Route("/files/?", CreationHandler, {"entrance": files}),
            Route("/files/[A-Za-z0-9_-]{1,100}", FileHandler, {"entrance": files}),
            Route("/view/?", StationsHandler, {"ledger": self.store.ledger, "applicants": self.applicants}),
            Route("/view/([0-9]{1,9})", StationHandler, {"ledger": self.store.ledger}),
            Route("/register/?", RegisterHandler, {"gate": self.gate, "applicants": self.applicants}),
            Route("/receipt-key", ReceiptKeyHandler, {"signer": self.signer}),
            *health.routes(self._readiness(), self.registry),
        ]

    async def run(self, stop: asyncio.Event, stop_serving: Callable[[], Awaitable[None]]) -> None:
        """Work until `stop` is set and what came before is on the disk."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in self._parts()]
            await stop.wait()
            await stop_serving()
            await self.resumables.drained()
            for task in tasks:
                task.cancel()

    def _parts(self) -> tuple[Coroutine[None, None, None], ...]:
        """Return what runs for as long as the role."""
        return self.keeper.run(), self.resumables.tend(), self.forwarder.run()

    def close(self) -> None:
        """Let go of what was opened."""
        self.workers.shutdown()
        self.hashing.shutdown()
        self.forwarder.close()
        self.store.close()

    def _readiness(self) -> Readiness:
        return {"ids": self._ids_state, "disk": self._disk_state, "forwarding": self._forwarding_state}

    def _ids_state(self) -> Dependency:
        listed = len(self.gate.roster().lines)
        return Dependency(ok=self.gate.readable, detail=f"{listed} Pis" if self.gate.readable else "cannot be read")

    def _forwarding_state(self) -> Dependency:
        return Dependency(ok=not self.forwarder.last_error, detail=self.forwarder.last_error or "nothing waits")

    def _disk_state(self) -> Dependency:
        left = self.space.left()
        return Dependency(ok=left > 0, detail=f"{left} bytes above the reserve")


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Receive until `stop` is set; what was acknowledged stays."""
    receiver = Receiver(settings)
    receiver.gate.roster()
    app = application(receiver.routes(), guard=settings.guard(), metrics=Metrics(receiver.registry))
    server, port = listen(app, host=settings.host, port=settings.port, tls=settings.tls(), chunk_bytes=CHUNK_BYTES)
    structlog.get_logger().info("listening", host=settings.host, port=port)

    async def stop_serving() -> None:
        server.stop()
        await server.close_all_connections()

    await receiver.run(stop, stop_serving)
    receiver.close()


def _said(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


def main() -> None:
    """Start the role from the command line, or check what it received."""
    if sys.argv[1:2] == ["verify"]:
        sys.exit(verify.main(sys.argv[2:]))
    settings = load(Settings, program="python -m pi_receiver")
    logs.configure(settings.log_level, role="pi_receiver")
    if not settings.ids.is_file() or not settings.received_files.is_dir():
        structlog.get_logger().error("cannot_run", reason=MISSING)
        sys.stderr.write(f"{MISSING}\n")
        sys.exit(1)
    service.run(lambda stop: serve(settings, stop))
