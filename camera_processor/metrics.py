"""The camera processor's metrics for Prometheus. Counts only."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from backbone.latest_slot import LatestSlot
from backbone.web.mjpeg import Broadcast
from camera_processor.capture.capture import Capture, CaptureState
from camera_processor.domain.commands import CommandList
from camera_processor.domain.frames import Frame


class ProcessorMetrics:
    """What a camera processor counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"camera_processor_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"camera_processor_{name}", text, labels, registry=registry)

        self.source_state = gauge("source_state", "1 for the state that the source is in", ("state",))
        self.source_frames = gauge("source_frames", "Frames that the source delivered")
        self.source_restarts = gauge("source_restarts", "Times that the source was started again")
        self.source_started = gauge(
            "source_started_timestamp_seconds", "When playing began: frameId minus this is a file's own time"
        )
        self.dropped = gauge("dropped_frames", "Frames that a newer one replaced", ("where",))
        self.processed = counter("processed_frames", "Frames that were looked at")
        self.detections = counter("detections", "Frames in which faces were detected, not only predicted")
        self.encodings = counter("face_encodings", "Faces that were encoded")
        self.seconds = Histogram(
            "camera_processor_frame_seconds",
            "Time to look at a frame",
            buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
            registry=registry,
        )
        self.jpegs = counter("jpegs_encoded", "JPEGs made for viewers", ("stream",))
        for stream in ("overlay", "plain"):  # a figure that is 0 is told from the start
            self.jpegs.labels(stream)
        self.connected = gauge("orchestrator_connected", "1 while the orchestrator is connected")
        self.outbox_waiting = gauge("outbox_waiting", "Messages that wait to be sent")
        self.outbox_refused = counter("outbox_refused", "Messages that were lost because too many waited")
        self.commands_dropped = gauge("commands_dropped", "Commands that were lost because too many waited")

    def follow(self, *, capture: Capture, slot: LatestSlot[Frame], broadcast: Broadcast, commands: CommandList) -> None:
        """Read what other parts count from them, each time that the metrics are asked for."""
        for state in CaptureState:
            self.source_state.labels(state.value).set_function(partial(_is_in, state, capture))
        self.source_frames.set_function(lambda: capture.frames)
        self.source_restarts.set_function(lambda: capture.restarts)
        self.source_started.set_function(lambda: capture.started_at or 0.0)
        self.dropped.labels("source").set_function(lambda: capture.dropped)
        self.dropped.labels("slot").set_function(lambda: slot.dropped)
        self.dropped.labels("viewers").set_function(lambda: broadcast.skipped)
        self.commands_dropped.set_function(lambda: commands.dropped)


def _is_in(state: CaptureState, capture: Capture) -> bool:
    return capture.state is state
