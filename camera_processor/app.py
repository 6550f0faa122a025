"""Builds the camera processor from its parts and runs it; the only place that constructs."""

import asyncio
from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.latest_slot import LatestSlot
from backbone.lifecycle import Part, live
from backbone.pictures.cleaner import PictureCleaner
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Readiness
from backbone.web.http import HttpServer, Metrics, application
from backbone.web.mjpeg import Broadcast
from camera_processor import handlers_web
from camera_processor.analyst import Analyst
from camera_processor.analyst_thread import AnalystThread
from camera_processor.capture.capture import Capture
from camera_processor.capture.sources.table import parse_source
from camera_processor.domain.commands import CommandList
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import Pipeline
from camera_processor.domain.stream_demand import StreamDemand
from camera_processor.frame_loop import FrameLoop
from camera_processor.metrics import ProcessorMetrics
from camera_processor.orchestrator_client import OrchestratorClient
from camera_processor.settings import Settings
from faces import Gallery, load_engine
from faces.scale import legacy_rate, model_scale

STRANGERS = 1e-4  # share of strangers that a case may let pass


def parts_of(settings: Settings, *, load_analyst: Callable[[], Analyst]) -> list[Part]:
    """Return every part of the role, joined, in the order in which they start.

    Args:
        load_analyst: called once, on the thread that all faces are looked at on.
    """
    registry = CollectorRegistry()
    metrics = ProcessorMetrics(registry)
    slot: LatestSlot[Frame] = LatestSlot()
    commands, demand, broadcast = CommandList(), StreamDemand(), Broadcast()
    capture = Capture(parse_source(settings.source_text), slot=slot, no_frame_timeout=settings.no_frame_timeout)
    metrics.follow(capture=capture, slot=slot, broadcast=broadcast, commands=commands)
    client = _client(settings, commands=commands, demand=demand, metrics=metrics)
    analyst = AnalystThread(load_analyst)
    loop = FrameLoop(
        slot=slot,
        commands=commands,
        analyst=analyst,
        client=client,
        demand=demand,
        broadcast=broadcast,
        metrics=metrics,
    )
    readiness: Readiness = {"source": capture.readiness}
    if client is not None:
        readiness["orchestrator"] = client.readiness
    routes = [
        *handlers_web.routes(broadcast, webpage=str(settings.webpage)),
        *health.routes(readiness, registry),
    ]
    server = HttpServer(
        application(routes, guard=settings.guard(), metrics=Metrics(registry)),
        address=(settings.host, settings.port),
        tls=settings.tls(),
    )
    # The page is there at once; loading the models takes a second.
    return [server, analyst, capture, loop, *([client] if client is not None else [])]


def _client(
    settings: Settings, *, commands: CommandList, demand: StreamDemand, metrics: ProcessorMetrics
) -> OrchestratorClient | None:
    if settings.orchestrator_url is None or not settings.tells_orchestrator:
        return None
    return OrchestratorClient(
        settings.orchestrator_url,
        camera_id=settings.camera_id,
        model_id=settings.chosen_engine()[0].model_id,
        token=settings.jwt.get_secret_value() if settings.jwt is not None else None,
        commands=commands,
        demand=demand,
        cleaner=PictureCleaner(),
        metrics=metrics,
    )


def load_models(settings: Settings) -> Analyst:
    """Load the face engine; takes a second."""
    kind, detector = settings.chosen_engine()
    engine = load_engine(kind.name, detector=detector)
    gallery: Gallery[int] = Gallery()
    pipeline = Pipeline(
        engine,
        gallery=gallery,
        scale=model_scale(engine.model_id),
        rate=legacy_rate(settings.threshold) if settings.threshold is not None else STRANGERS,
        hits=settings.hits,
        min_face_px=settings.min_face_px,
    )
    return Analyst(pipeline, model_id=engine.model_id)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Watch the camera until `stop` is set."""
    await live(parts_of(settings, load_analyst=partial(load_models, settings)), stop)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m camera_processor")
    logs.configure(settings.log_level, role="camera_processor")
    service.run(lambda stop: serve(settings, stop))
