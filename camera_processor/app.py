"""Builds the camera processor from its parts and runs it; the only place that constructs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client import CollectorRegistry

from backbone import logs, service
from backbone.latest_slot import LatestSlot
from backbone.pictures.cleaner import PictureCleaner
from backbone.settings import load
from backbone.web import health
from backbone.web.health import Dependency, Readiness
from backbone.web.http import Metrics, Route, application, listen
from backbone.web.mjpeg import Broadcast
from camera_processor.analyst import Analyst
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.capture.sources.table import parse_source
from camera_processor.domain.commands import CommandList
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import Pipeline
from camera_processor.domain.stream_demand import StreamDemand
from camera_processor.frame_loop import FrameLoop
from camera_processor.handlers_web import PageFileHandler, SnapshotHandler, StreamHandler
from camera_processor.metrics import ProcessorMetrics
from camera_processor.orchestrator_client import OrchestratorClient
from camera_processor.settings import Settings
from faces import Gallery, load_engine

METRICS_SECONDS = 1.0


class CameraProcessor:
    """Every part of the role, joined."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self.metrics = ProcessorMetrics(self.registry)
        self.slot: LatestSlot[Frame] = LatestSlot()
        self.commands = CommandList()
        self.demand = StreamDemand()
        self.broadcast = Broadcast()
        self.capture = Capture(
            parse_source(settings.source_text),
            slot=self.slot,
            no_frame_timeout=settings.no_frame_timeout,
            on_state=self._source_changed,
        )
        self.client = self._client() if settings.tells_orchestrator else None
        # One thread for everything that touches the faces: dlib is not thread-safe.
        self.worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analyst")

    def routes(self) -> list[Route]:
        """Return every path of the role."""
        stream = {"broadcast": self.broadcast}
        page = {"path": str(self.settings.webpage)}
        return [
            Route("/stream", StreamHandler, stream),
            Route("/video_feed", StreamHandler, stream),
            Route("/snapshot.jpg", SnapshotHandler, stream),
            *health.routes(self._readiness(), self.registry),
            Route("/static/(.*)", PageFileHandler, page),
            Route("/()", PageFileHandler, page | {"default_filename": "camera.html"}),
        ]

    async def serve(self, stop: asyncio.Event) -> None:
        """Watch the camera until `stop` is set."""
        app = application(self.routes(), guard=self.settings.guard(), metrics=Metrics(self.registry))
        server, port = listen(app, host=self.settings.host, port=self.settings.port, tls=self.settings.tls())
        structlog.get_logger().info("listening", host=self.settings.host, port=port)
        analyst = await asyncio.get_running_loop().run_in_executor(self.worker, self._analyst)
        loop = FrameLoop(
            slot=self.slot,
            commands=self.commands,
            analyst=analyst,
            worker=self.worker,
            client=self.client,
            demand=self.demand,
            broadcast=self.broadcast,
            metrics=self.metrics,
        )
        async with self.capture, asyncio.TaskGroup() as group:
            tasks = [group.create_task(loop.run()), group.create_task(self._count_for_ever())]
            if self.client is not None:
                tasks.append(group.create_task(self.client.run()))
            await stop.wait()
            for task in tasks:
                task.cancel()
        server.stop()
        await server.close_all_connections()
        self.worker.shutdown(wait=False, cancel_futures=True)

    def _analyst(self) -> Analyst:
        """Load the models; runs on the worker thread, takes a second."""
        engine = load_engine(self.settings.detection_alg)
        gallery: Gallery[int] = Gallery()
        pipeline = Pipeline(
            engine,
            gallery=gallery,
            threshold=self.settings.threshold,
            hits=self.settings.hits,
            min_face_px=self.settings.min_face_px,
        )
        return Analyst(pipeline, model_id=engine.model_id)

    def _client(self) -> OrchestratorClient:
        token = self.settings.jwt
        return OrchestratorClient(
            self.settings.orchestrator_url or "",
            camera_id=self.settings.camera_id,
            token=token.get_secret_value() if token is not None else None,
            commands=self.commands,
            demand=self.demand,
            cleaner=PictureCleaner(),
            metrics=self.metrics,
        )

    def _readiness(self) -> Readiness:
        readiness: Readiness = {"source": self._source_state}
        if (client := self.client) is not None:
            readiness["orchestrator"] = lambda: Dependency(
                ok=client.connected, detail="connected" if client.connected else client.last_error
            )
        return readiness

    def _source_state(self) -> Dependency:
        state, error = self.capture.state, self.capture.last_error
        fine = state in (CaptureState.ONLINE, CaptureState.ENDED)
        return Dependency(ok=fine, detail=state.value if fine or not error else f"{state.value}: {error}")

    def _source_changed(self, state: CaptureState) -> None:
        reason = self.capture.last_error if state is CaptureState.OFFLINE else None
        source = self.capture.source.redacted
        structlog.get_logger().info("source_state", state=state.value, source=source, reason=reason)

    async def _count_for_ever(self) -> None:
        """Copy what other parts count into the metrics."""
        while True:
            for state in CaptureState:
                self.metrics.source_state.labels(state.value).set(self.capture.state is state)
            self.metrics.source_frames.set(self.capture.frames)
            self.metrics.source_restarts.set(self.capture.restarts)
            self.metrics.source_started.set(self.capture.started_at or 0.0)
            self.metrics.dropped.labels("source").set(self.capture.dropped)
            self.metrics.dropped.labels("slot").set(self.slot.dropped)
            self.metrics.dropped.labels("viewers").set(self.broadcast.skipped)
            self.metrics.commands_dropped.set(self.commands.dropped)
            await asyncio.sleep(METRICS_SECONDS)


def main() -> None:
    """Start the role from the command line."""
    settings = load(Settings, program="python -m camera_processor")
    logs.configure(settings.log_level, role="camera_processor")
    service.run(lambda stop: CameraProcessor(settings).serve(stop))
