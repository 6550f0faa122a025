"""Builds the receiver from its parts and runs it; the only place that constructs."""

import asyncio
import sys

import structlog
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from backbone import logs, service
from backbone.lifecycle import Held, Part, live
from backbone.settings import load
from backbone.web import health
from backbone.web.http import HttpServer, Metrics, Route, application
from pi_receiver import verify
from pi_receiver.domain.channels import Channels
from pi_receiver.forwarding.cloudlet_link import CloudletLink
from pi_receiver.forwarding.forwarder import Forwarder
from pi_receiver.forwarding.orchestrator_link import OrchestratorLink
from pi_receiver.intake.gate import Gate
from pi_receiver.intake.receipts import load_signer
from pi_receiver.intake.reception import Limits, Reception
from pi_receiver.intake.threads import Threads
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.settings import MEGABYTE, Settings
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.faults import Faults, parse_faults
from pi_receiver.storage.keeper import Keeper
from pi_receiver.storage.space import Space
from pi_receiver.storage.store import Store
from pi_receiver.tus import handlers as tus
from pi_receiver.tus.resumables import Patience, Resumables
from pi_receiver.uploads import handlers as uploads
from pi_receiver.view import handlers as view

MISSING = "Error finding files and folders"
CHUNK_BYTES = 1024 * 1024
WORKERS, HASHING = 8, 4


class Receiver:
    """Every part of the role, joined.

    Raises:
        Unavailable: another receiver uses the folder, or the disk fails.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registry = CollectorRegistry()
        self._metrics = ReceiverMetrics(self._registry)
        self._faults = Faults(parse_faults(settings.fault))
        self._disk = Disk()
        self._threads = Threads(workers=WORKERS, hashing=HASHING)
        self._store = Store(settings.received_files, disk=self._disk, faults=self._faults)
        self._keeper = Keeper(self._store)
        self._space = Space(settings.received_files, reserve=settings.reserve_megabytes * MEGABYTE)
        self._gate = Gate(settings.ids, self._store.ledger)
        self._signer = load_signer(self._store.state / "receipt-key.pem")
        self._reception = self._make_reception()
        self._resumables = self._make_resumables()
        self._forwarder = self._make_forwarder()
        self.routes = self._make_routes()
        self.server = HttpServer(
            application(self.routes, guard=settings.guard(), metrics=Metrics(self._registry)),
            address=(settings.host, settings.port),
            tls=settings.tls(),
            chunk_bytes=CHUNK_BYTES,
        )

    def parts(self) -> list[Part]:
        """Return what lives as long as the role, in the order in which it starts."""
        return [
            Held(self._store),
            self._threads,
            self._gate,
            self._keeper,
            self._resumables,
            self._forwarder,
            self.server,
        ]

    def _make_reception(self) -> Reception:
        settings = self._settings
        return Reception(
            store=self._store,
            keeper=self._keeper,
            space=self._space,
            disk=self._disk,
            signer=self._signer,
            metrics=self._metrics,
            faults=self._faults,
            threads=self._threads,
            limits=Limits(
                suffixes=settings.suffix_set(),
                most_bytes=settings.max_file_megabytes * MEGABYTE,
                most=settings.max_uploads,
                most_of_one=settings.max_uploads_of_one,
            ),
        )

    def _make_resumables(self) -> Resumables:
        settings = self._settings
        patience = Patience(
            most=settings.max_unfinished,
            most_of_one=settings.max_unfinished_of_one,
            seconds=settings.unfinished_hours * 3600,
            claim_seconds=settings.claim_minutes * 60,
        )
        return Resumables(store=self._store, ledger=self._store.ledger, reception=self._reception, patience=patience)

    def _make_forwarder(self) -> Forwarder:
        settings, token = self._settings, _said(self._settings.jwt)
        asked = settings.orchestrator_url
        return Forwarder(
            store=self._store,
            metrics=self._metrics,
            cloudlet=CloudletLink(settings.cloudlet_url, token=token) if settings.cloudlet_url else None,
            footage=settings.footage_folder,
            orchestrator=OrchestratorLink(asked, token=token) if asked else None,
            with_location=settings.with_location,
        )

    def _make_routes(self) -> list[Route]:
        settings = self._settings
        channels = Channels(
            most=settings.max_channels, most_of_one=settings.max_channels_of_one, seconds=settings.channel_seconds
        )
        stall_seconds = settings.stall_seconds
        readiness = {"ids": self._gate.state, "disk": self._space.state, "forwarding": self._forwarder.state}
        return [
            *uploads.routes(uploads.Entrance(self._gate, channels, self._reception, stall_seconds)),
            *tus.routes(tus.FilesEntrance(self._gate, self._reception, self._resumables, stall_seconds)),
            *view.routes(self._store.ledger, self._gate, self._signer),
            *health.routes(readiness, self._registry),
        ]


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Receive until `stop` is set; what was acknowledged stays."""
    await live(Receiver(settings).parts(), stop)


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
