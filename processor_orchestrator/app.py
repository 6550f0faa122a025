"""Builds the orchestrator from its parts and serves it; the only place that constructs."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry

from backbone import health, logs, service
from backbone.archives import MAX_ENTRY_BYTES
from backbone.job_queue import JobQueue
from backbone.legacy_fields import UploadCount
from backbone.legacy_networks import LegacyNetworks
from backbone.pictures import PictureCleaner
from backbone.settings import load
from backbone.socket_handler import SocketCount
from backbone.web import Metrics, Route, application, listen
from backbone.wire import to_client
from processor_orchestrator.cases.desk import CaseDesk
from processor_orchestrator.cases.galleries import Galleries
from processor_orchestrator.cases.handlers_cases import CaseHandler, CasesHandler, JobsHandler, RejectHandler
from processor_orchestrator.console.handlers_api import (
    CamerasHandler,
    CropHandler,
    ObjectImageHandler,
    ObjectsHandler,
    SightingsHandler,
)
from processor_orchestrator.console.handlers_page import PageFileHandler
from processor_orchestrator.console.handlers_session import SessionHandler
from processor_orchestrator.crossing.event_tail import EventTail
from processor_orchestrator.crossing.neighbours import Neighbours
from processor_orchestrator.crossing.redis_channel import RedisChannel
from processor_orchestrator.fleet.desk import FleetDesk
from processor_orchestrator.fleet.handlers_fleet_agent import FleetAgentSocket
from processor_orchestrator.fleet.handlers_fleet_api import (
    NAME_IN_PATH,
    NODE_IN_PATH,
    ContainerHandler,
    ContainersHandler,
    FleetHandler,
)
from processor_orchestrator.fleet.nodes import MAX_NODES
from processor_orchestrator.footage.desk import FootageDesk
from processor_orchestrator.footage.handlers_footage import FootageHandler
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.registry.cloudlet_client import CloudletClient
from processor_orchestrator.registry.desk import RegistryDesk
from processor_orchestrator.registry.handlers_front import FrontHandler
from processor_orchestrator.registry.handlers_registry import CloudletsHandler
from processor_orchestrator.registry.pusher import JobPusher
from processor_orchestrator.settings import Settings
from processor_orchestrator.snap.desk import SnapDesk
from processor_orchestrator.snap.door import SnapDoor
from processor_orchestrator.snap.handlers_snap import SnapDevicesHandler, SnapsHandler
from processor_orchestrator.snap.handlers_snippets import SnippetsHandler
from processor_orchestrator.snap.intake import Intake
from processor_orchestrator.snap.matching import SnapMatching
from processor_orchestrator.store_watch import StoreWatch
from processor_orchestrator.stores.by_url import MEMORY, registry_at, snippets_at, store_at
from processor_orchestrator.stores.redis_store import RedisStore
from processor_orchestrator.streams.handlers_stream import StreamHandler
from processor_orchestrator.streams.relay import StreamRelay
from processor_orchestrator.tracking.handlers_client import ClientSocket
from processor_orchestrator.tracking.handlers_history import ObjectIdsHandler, TimelinesHandler
from processor_orchestrator.tracking.handlers_processor import ProcessorSocket
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.sighting_writer import SightingWriter
from processor_orchestrator.tracking.sightings import SightingBook
from processor_orchestrator.tracking.switchboard import Switchboard
from processor_orchestrator.tracking.tracking import Delivery


class Part(Protocol):
    """Something that runs until it is cancelled."""

    def run(self) -> Coroutine[None, None, None]:
        """Run until cancelled."""


class Orchestrator:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        metrics = self.metrics = OrchestratorMetrics(self.registry)
        cleaner = PictureCleaner()
        book = SightingBook()
        self.store = store_at(settings.redis_url.get_secret_value())
        self.watch = StoreWatch(self.store)
        self.switchboard = Switchboard(
            store=self.store, book=book, timeout=settings.tracking_timeout, cleaner=cleaner, metrics=metrics
        )
        self.writer = SightingWriter(
            book=book,
            store=self.store,
            cleaner=PictureCleaner(max_side=256, quality=85),
            metrics=metrics,
            tell=self._tell_sighting,
        )
        self.relay = StreamRelay(tell=self.switchboard.tell_camera, metrics=metrics)
        self.desk = FleetDesk(metrics=metrics)
        self.uploads = UploadCount()
        self._build_registry()
        self._build_snap()
        self.neighbours, self.tail = self._crossing(book)

    def _build_registry(self) -> None:
        settings, url = self.settings, self.settings.redis_url.get_secret_value()
        token = settings.jwt.get_secret_value() if settings.jwt is not None else None
        self.roster = registry_at(url)
        self.queue = None if url.startswith(MEMORY) else JobQueue.from_url(url)
        self.galleries = Galleries(queue=self.queue, store=self.store, sought=self._sought)
        self.cloudlet_client = CloudletClient(token=token)
        self.cases = CaseDesk(switchboard=self.switchboard, store=self.store, registry=self.roster, queue=self.queue)
        self.switchboard.learn_rejected = self.cases.learn_rejected
        self.pusher = JobPusher(
            registry=self.roster,
            store=self.store,
            client=self.cloudlet_client,
            sought=lambda: self.switchboard.tracking.objects if self.switchboard.loaded else None,
            heartbeat=settings.cloudlet_heartbeat,
        )
        self.registry_desk = RegistryDesk(
            registry=self.roster,
            store=self.store,
            switchboard=self.switchboard,
            pusher=self.pusher,
            cleaner=PictureCleaner(max_bytes=MAX_ENTRY_BYTES),
            metrics=self.metrics,
            heartbeat=settings.cloudlet_heartbeat,
        )

    def _build_snap(self) -> None:
        settings, metrics = self.settings, self.metrics
        self.snippets = snippets_at(settings.redis_url.get_secret_value(), days=settings.snippet_days)
        self.snaps = SnapDesk(snippets=self.snippets, metrics=metrics)
        self.matching = SnapMatching(
            queue=self.queue,
            store=self.store,
            cleaner=PictureCleaner(max_side=256, quality=85),
            metrics=metrics,
            galleries=self.galleries,
            tell=self._tell_sighting,
        )
        self.footage = FootageDesk(
            queue=self.queue,
            store=self.store,
            galleries=self.galleries,
            cleaner=PictureCleaner(max_side=256, quality=85),
            tell=self._tell_sighting,
        )
        cleaner = PictureCleaner(max_bytes=MAX_ENTRY_BYTES)
        self.intake = Intake(store=self.snippets, cleaner=cleaner, looker=self.matching, metrics=metrics)
        self.snap_door = SnapDoor(
            desk=self.snaps,
            intake=self.intake,
            store=self.snippets,
            networks=LegacyNetworks.of(settings.legacy_networks),
            uploads=self.uploads,
        )

    def _sought(self) -> Iterable[TrackedObject]:
        return self.switchboard.tracking.objects.values()  # a new one is made when the stored state is loaded

    def _crossing(self, book: SightingBook) -> tuple[Neighbours | None, EventTail | None]:
        """Join this orchestrator to the others on its Redis; a store in memory has no others."""
        if not isinstance(self.store, RedisStore):
            return None, None
        channel = RedisChannel.from_url(self.settings.redis_url.get_secret_value())
        neighbours = Neighbours(
            instance=self.store.instance,
            channel=channel,
            switchboard=self.switchboard,
            book=book,
            relay=self.relay,
            snaps=self.snaps,
        )
        self.switchboard.abroad = self.snaps.abroad = neighbours
        self.relay.ask_elsewhere = neighbours.demand
        return neighbours, EventTail(channel=channel, store=self.store, switchboard=self.switchboard)

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        switchboard, store, relay = self.switchboard, self.store, self.relay
        processors, clients = SocketCount(self.settings.max_processors), SocketCount(self.settings.max_clients)
        stream = {"relay": relay, "switchboard": switchboard}
        page = {"path": str(self.settings.webpage)}
        return [
            Route("/processor", ProcessorSocket, {"switchboard": switchboard, "relay": relay, "count": processors}),
            Route("/client", ClientSocket, {"switchboard": switchboard, "count": clients}),
            Route("/timelines", TimelinesHandler, {"store": store}),
            Route("/objectIds", ObjectIdsHandler, {"store": store}),
            Route("/stream", StreamHandler, stream),
            Route("/stream/([^/]+)", StreamHandler, stream),
            Route("/video_feed", StreamHandler, stream),
            Route("/api/cameras", CamerasHandler, {"switchboard": switchboard, "relay": relay}),
            Route("/api/objects", ObjectsHandler, {"switchboard": switchboard, "store": store}),
            Route("/api/objects/([0-9]{1,15})/image", ObjectImageHandler, {"store": store}),
            Route("/api/sightings", SightingsHandler, {"store": store}),
            Route("/api/sightings/([0-9a-f-]{1,64})/crop.jpg", CropHandler, {"store": store}),
            Route("/api/session", SessionHandler),
            *self._case_routes(),
            *self._fleet_routes(),
            *self._snap_routes(),
            *health.routes({"store": self.watch.state}, self.registry),
            Route("/static/(.*)", PageFileHandler, page),
            Route("/()", FrontHandler, self._front(page | {"default_filename": "index.html"})),
        ]

    def _case_routes(self) -> list[Route]:
        known = {"desk": self.cases, "switchboard": self.switchboard, "store": self.store}
        opening = {"uploads": self.uploads, "timeout": self.settings.tracking_timeout}
        return [
            Route("/api/cases", CasesHandler, known | opening),
            Route("/api/cases/([0-9]{1,15})", CaseHandler, known),
            Route("/api/sightings/([0-9a-f-]{1,64})/reject", RejectHandler, {"switchboard": self.switchboard}),
            Route("/api/jobs", JobsHandler, {"queue": self.queue}),
            Route("/api/footage", FootageHandler, {"desk": self.footage, "switchboard": self.switchboard}),
            Route("/api/cloudlets", CloudletsHandler, {"desk": self.registry_desk}),
        ]

    def _front(self, page: dict[str, str]) -> dict[str, object]:
        registry = {
            "desk": self.registry_desk,
            "cases": self.cases,
            "footage": self.footage,
            "store": self.store,
            "switchboard": self.switchboard,
            "networks": LegacyNetworks.of(self.settings.legacy_networks),
            "uploads": self.uploads,
            "timeout": self.settings.tracking_timeout,
        }
        return {"page": page, "registry": registry}

    def _fleet_routes(self) -> list[Route]:
        desk = {"desk": self.desk}
        containers = f"/api/fleet/({NODE_IN_PATH})/containers"
        return [
            Route("/fleet", FleetAgentSocket, desk | {"count": SocketCount(MAX_NODES)}),
            Route("/api/fleet", FleetHandler, desk),
            Route(containers, ContainersHandler, desk),
            Route(f"{containers}/({NAME_IN_PATH})", ContainerHandler, desk),
        ]

    def _snap_routes(self) -> list[Route]:
        desk = {"desk": self.snaps}
        return [
            *self.snap_door.routes("/snap"),
            Route("/api/snap", SnapsHandler, desk),
            Route("/api/snap/devices", SnapDevicesHandler, desk),
            Route("/api/snippets", SnippetsHandler, {"store": self.snippets}),
        ]

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain."""
        metrics, settings = Metrics(self.registry), self.settings
        app = application(self.routes(), guard=settings.guard(), metrics=metrics)
        server, port = listen(app, host=settings.host, port=settings.port, tls=settings.tls())
        legacy = self.snap_door.open(settings, metrics)
        structlog.get_logger().info("listening", host=self.settings.host, port=port)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part.run()) for part in self._parts()]
            await stop.wait()
            for task in tasks:
                task.cancel()
        server.stop()
        await self.desk.aclose()
        self.switchboard.dismiss_peers()
        self.snaps.dismiss_all()
        await self.writer.flush()
        await server.close_all_connections()
        await self.snap_door.close(legacy)
        if self.neighbours is not None:
            await self.neighbours.leave()
        self.cloudlet_client.close()
        for held in (self.queue, self.roster, self.snippets, self.store):
            if held is not None:
                await held.aclose()

    def _parts(self) -> list[Part]:
        """Return everything that runs for as long as the role."""
        crossing: list[Part] = [part for part in (self.neighbours, self.tail) if part is not None]
        always: list[Part] = [self.watch, self.switchboard, self.writer, self.cases, self.pusher]
        return [*always, self.registry_desk, self.galleries, self.intake, self.matching, self.footage, *crossing]

    def _tell_sighting(self, sighting: to_client.Sighting) -> None:
        peers = self.switchboard.tracking.roster.clients_that_want("sightings")
        self.switchboard.deliver([Delivery(peers, sighting)])
        if self.neighbours is not None:
            self.neighbours.tell_sighting(sighting)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m processor_orchestrator")
    logs.configure(settings.log_level, role="processor_orchestrator")
    service.run(lambda stop: Orchestrator(settings).serve(stop))
