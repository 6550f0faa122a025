"""Builds the orchestrator from its parts and serves it; the only place that constructs."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry

from backbone import lifecycle, logs, service
from backbone.jobs.job_queue import JobQueue
from backbone.jobs.result_consumer import ResultConsumer
from backbone.lifecycle import Held, Part
from backbone.pictures.cleaner import PictureCleaner
from backbone.pictures.pool import PicturePool
from backbone.settings import load
from backbone.web import health
from backbone.web.http import HttpServer, Metrics, Route, application
from backbone.web.legacy_fields import UploadCount
from backbone.web.legacy_networks import LegacyNetworks
from backbone.web.socket_handler import SocketCount
from backbone.wire.jobs import Result
from backbone.zips.archives import MAX_ENTRY_BYTES
from processor_orchestrator.bus import EventBus
from processor_orchestrator.cases import handlers as case_handlers
from processor_orchestrator.cases.likenesses import LikenessService
from processor_orchestrator.cases.models_in_use import ModelsInUse
from processor_orchestrator.cases.references import ReferenceService
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.cluster.case_tail import CaseTail
from processor_orchestrator.cluster.lent_streams import LentStreams
from processor_orchestrator.cluster.link import ClusterLink
from processor_orchestrator.cluster.presence import Presence
from processor_orchestrator.cluster.redis_channel import RedisChannel
from processor_orchestrator.console import handlers_session
from processor_orchestrator.domain.conversation import Conversation
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds
from processor_orchestrator.fleet import handlers_agent, handlers_api
from processor_orchestrator.fleet.service import FleetService
from processor_orchestrator.footage import handlers as footage_handlers
from processor_orchestrator.footage.service import FootageService
from processor_orchestrator.live import handlers_cameras, handlers_client, handlers_processor
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.matching import handlers as matching_handlers
from processor_orchestrator.matching.galleries import Galleries
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.registry import handlers as registry_handlers
from processor_orchestrator.registry import handlers_front
from processor_orchestrator.registry.cloudlet_client import CloudletClient
from processor_orchestrator.registry.job_pusher import JobPusher
from processor_orchestrator.registry.service import RegistryService
from processor_orchestrator.settings import Settings
from processor_orchestrator.sightings import handlers as sighting_handlers
from processor_orchestrator.sightings import handlers_history
from processor_orchestrator.sightings.crops import CropCleaner
from processor_orchestrator.sightings.service import SightingService
from processor_orchestrator.snap import handlers as snap_handlers
from processor_orchestrator.snap import handlers_snippets
from processor_orchestrator.snap.listener import PING_SECONDS, SnapListener
from processor_orchestrator.snap.service import SnapService
from processor_orchestrator.snap.snippet_matching import SnippetMatching
from processor_orchestrator.snap.snippet_service import SnippetService
from processor_orchestrator.store_watch import StoreWatch
from processor_orchestrator.stores.by_url import MEMORY, registry_at, snippets_at, store_at
from processor_orchestrator.stores.redis_store import RedisStore
from processor_orchestrator.streams import handlers as stream_handlers
from processor_orchestrator.streams.relay import StreamRelay

GROUP = "orchestrators"
"""The consumer group of all orchestrators on one Redis: each result of a worker is taken by one of them."""


class Orchestrator:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self.metrics = OrchestratorMetrics(self.registry)
        self.bus = EventBus()
        self.pictures = PicturePool()
        self.networks = LegacyNetworks.of(settings.legacy_networks)
        self.uploads = UploadCount()
        self.relayed = SocketCount(snap_handlers.MAX_CLIENTS)
        self._build_stores()
        self._build_cases()
        self._build_matching()
        self._build_registry()
        self._build_snap()
        self.fleet = FleetService(metrics=self.metrics)

    def _build_stores(self) -> None:
        url, prefix = self.settings.redis_url.get_secret_value(), self.settings.key_prefix
        self.store = store_at(url, prefix=prefix)
        self.roster = registry_at(url, prefix=prefix)
        self.snippets = snippets_at(url, days=self.settings.snippet_days, prefix=prefix)
        self.queue = None if url.startswith(MEMORY) else JobQueue.from_url(url, prefix=self.settings.redis_prefix)
        self.watch = StoreWatch(self.store)

    def _build_cases(self) -> None:
        open_cases, bus, metrics = OpenCases(), self.bus, self.metrics
        self.thresholds = Thresholds(open_cases, faces_per_day=self.settings.faces_per_day)
        crops = CropCleaner(PictureCleaner(pool=self.pictures, max_side=256, quality=85))
        self.sightings = SightingService(
            store=self.store, bus=bus, crops=crops, thresholds=self.thresholds, metrics=metrics
        )
        self.cases = CaseService(
            cases=open_cases,
            store=self.store,
            bus=bus,
            sightings=self.sightings,
            cleaner=PictureCleaner(pool=self.pictures),
            metrics=metrics,
            timeout=self.settings.tracking_timeout,
        )
        self.models = ModelsInUse(
            bus=bus, registry=self.roster, queue=self.queue, heartbeat=self.settings.cloudlet_heartbeat
        )
        self.references = ReferenceService(
            cases=self.cases,
            store=self.store,
            registry=self.roster,
            bus=bus,
            models=self.models,
            queue=self.queue,
            results="searchlight:results",
        )
        self.likenesses = LikenessService(
            cases=self.cases,
            store=self.store,
            registry=self.roster,
            bus=bus,
            models=self.models,
            queue=self.queue,
            results="searchlight:likeness_results",
        )
        self.live = LiveService(
            conversation=Conversation(open_cases, thresholds=self.thresholds),
            cases=self.cases,
            sightings=self.sightings,
            bus=bus,
            metrics=metrics,
        )
        self.relay = StreamRelay(bus=bus, metrics=metrics)

    def _build_matching(self) -> None:
        queue, sightings, metrics = self.queue, self.sightings, self.metrics
        self.galleries = galleries = Galleries(
            queue=queue, store=self.store, cases=self.cases, thresholds=self.thresholds, bus=self.bus
        )
        footage, snap = "searchlight:footage_results", "searchlight:snap_results"
        self.footage = FootageService(
            queue=queue, galleries=galleries, sightings=sightings, metrics=metrics, results=footage
        )
        self.snippet_matching = SnippetMatching(
            queue=queue, galleries=galleries, sightings=sightings, metrics=metrics, results=snap
        )

    def _build_registry(self) -> None:
        settings = self.settings
        token = settings.jwt.get_secret_value() if settings.jwt is not None else None
        self.cloudlet_client = CloudletClient(token=token)
        self.pusher = JobPusher(
            registry=self.roster,
            store=self.store,
            client=self.cloudlet_client,
            cases=self.cases,
            thresholds=self.thresholds,
            bus=self.bus,
            heartbeat=settings.cloudlet_heartbeat,
        )
        self.registry_service = RegistryService(
            registry=self.roster,
            store=self.store,
            sightings=self.sightings,
            bus=self.bus,
            cleaner=PictureCleaner(pool=self.pictures, max_bytes=MAX_ENTRY_BYTES),
            metrics=self.metrics,
            heartbeat=settings.cloudlet_heartbeat,
        )

    def _build_snap(self) -> None:
        self.snap = SnapService(snippets=self.snippets, bus=self.bus, metrics=self.metrics)
        self.snippet_service = SnippetService(
            store=self.snippets,
            cleaner=PictureCleaner(pool=self.pictures, max_bytes=MAX_ENTRY_BYTES),
            looker=self.snippet_matching,
            metrics=self.metrics,
        )

    # What comes in.

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        settings, networks, uploads = self.settings, self.networks, self.uploads
        return [
            *handlers_processor.routes(
                live=self.live, cases=self.cases, relay=self.relay, most=settings.max_processors
            ),
            *handlers_client.routes(
                live=self.live, cases=self.cases, sightings=self.sightings, most=settings.max_clients
            ),
            *handlers_cameras.routes(live=self.live, relay=self.relay),
            *handlers_history.routes(store=self.store),
            *stream_handlers.routes(relay=self.relay, cameras=self.live),
            *sighting_handlers.routes(sightings=self.sightings, store=self.store),
            *case_handlers.routes(
                cases=self.cases,
                references=self.references,
                models=self.models,
                sightings=self.sightings,
                store=self.store,
                uploads=uploads,
                timeout=settings.tracking_timeout,
            ),
            *matching_handlers.routes(queue=self.queue),
            *footage_handlers.routes(footage=self.footage, cases=self.cases),
            *registry_handlers.routes(service=self.registry_service),
            *handlers_agent.routes(service=self.fleet),
            *handlers_api.routes(service=self.fleet),
            *self.snap_routes("/snap"),
            *snap_handlers.routes(service=self.snap),
            *handlers_snippets.routes(store=self.snippets),
            *handlers_session.routes(),
            *health.routes({"store": self.watch.state}, self.registry),
            *handlers_front.routes(webpage=str(settings.webpage), registry=self._registry(networks, uploads)),
        ]

    def snap_routes(self, relay: str) -> list[Route]:
        """Return what legacy devices use, with the relay at a path: `/` on a port of its own."""
        return [
            *snap_handlers.relay_routes(relay, service=self.snap, networks=self.networks, count=self.relayed),
            *handlers_snippets.put_routes(
                snippets=self.snippet_service, store=self.snippets, networks=self.networks, uploads=self.uploads
            ),
        ]

    def _registry(self, networks: LegacyNetworks, uploads: UploadCount) -> dict[str, object]:
        return {
            "service": self.registry_service,
            "cases": self.cases,
            "references": self.references,
            "footage": self.footage,
            "store": self.store,
            "networks": networks,
            "uploads": uploads,
            "timeout": self.settings.tracking_timeout,
        }

    # Life.

    def parts(self) -> list[Part]:
        """Return everything that lives as long as the role, in the order in which it starts."""
        settings, metrics, guard = self.settings, Metrics(self.registry), self.settings.guard()
        app = application(self.routes(), guard=guard, metrics=metrics)
        legacy = application(self.snap_routes("/"), guard=guard, metrics=metrics, ping_seconds=PING_SECONDS)
        held = [Held(one) for one in (self.store, self.snippets, self.roster, self.queue) if one is not None]
        return [
            *held,
            self.pictures,
            self.cloudlet_client,
            self.watch,
            *self._cluster(),
            self.sightings,
            HttpServer(app, address=(settings.host, settings.port), tls=settings.tls()),
            SnapListener(legacy, address=(settings.host, settings.snap_port), tls=settings.tls()),
            self.cases,
            self.references,
            self.likenesses,
            self.galleries,
            *self._consumers(),
            self.pusher,
            self.registry_service,
            self.snippet_service,
            self.live,
            self.snap,
            self.fleet,
        ]

    def _consumers(self) -> list[Part]:
        """Return who takes the workers' answers; nobody where there are no workers."""
        if self.queue is None:
            return []
        takers: dict[str, Callable[[Result], Awaitable[None]]] = {
            "searchlight:results": self.references.take,
            "searchlight:likeness_results": self.likenesses.take,
            "searchlight:footage_results": self.footage.take,
            "searchlight:snap_results": self.snippet_matching.take,
        }
        poisoned = self.metrics.poison.inc
        return [
            ResultConsumer(queue=self.queue, stream=stream, group=GROUP, take=take, poisoned=poisoned)
            for stream, take in takers.items()
        ]

    def _cluster(self) -> list[Part]:
        """Return what joins this orchestrator to the others on its Redis; a store in memory has no others."""
        if not isinstance(self.store, RedisStore):
            return []
        instance = self.store.instance
        channel = RedisChannel.from_url(self.settings.redis_url.get_secret_value(), prefix=self.settings.key_prefix)
        link = ClusterLink(instance=instance, channel=channel, bus=self.bus, loaded=lambda: self.cases.loaded)
        return [
            Presence(instance=instance, channel=channel, link=link, bus=self.bus, live=self.live, snap=self.snap),
            link,
            CaseTail(instance=instance, channel=channel, cases=self.cases, bus=self.bus),
            LentStreams(bus=self.bus, link=link, relay=self.relay, live=self.live),
        ]


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m processor_orchestrator")
    logs.configure(settings.log_level, role="processor_orchestrator")
    service.run(lambda stop: serve(settings, stop))


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then drain."""
    await lifecycle.live(Orchestrator(settings).parts(), stop)
