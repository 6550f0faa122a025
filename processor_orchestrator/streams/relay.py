"""Joins a processor's JPEGs to the viewers of its camera. Does not decode or encode pictures."""

from collections.abc import Callable

from backbone.errors import Conflict
from backbone.mjpeg import Broadcast
from backbone.wire.stream_frames import StreamFrame
from backbone.wire.to_processor import StartStream, StopStream, StreamToken
from backbone.wire.values import camera_key
from processor_orchestrator.metrics import OrchestratorMetrics

TOKENS = 2
"""JPEGs that may be under way at once: one on the wire while the next is being encoded."""

WIDTH = 960
"""Widest picture that is asked for, pixels."""

Tell = Callable[[str, StartStream | StopStream | StreamToken], None]


class StreamRelay:
    """The broadcasts of all cameras.

    Args:
        tell: sends a message to the processor of a camera, by the camera's key; nothing happens while it is offline.
    """

    def __init__(self, *, tell: Tell, metrics: OrchestratorMetrics) -> None:
        self._tell = tell
        self._metrics = metrics
        self.ask_elsewhere: Callable[[str, float], None] | None = None
        self._broadcasts: dict[str, Broadcast] = {}
        metrics.stream_viewers.set_function(lambda: sum(self.viewers().values()))

    def broadcast(self, camera: str) -> Broadcast:
        """Return the viewers of a camera, by its key."""
        if camera not in self._broadcasts:
            self._broadcasts[camera] = Broadcast(lambda fps: self._demand_changed(camera, fps))
        return self._broadcasts[camera]

    def viewers(self) -> dict[str, int]:
        """Return how many watch each camera."""
        return {camera: broadcast.viewers for camera, broadcast in self._broadcasts.items()}

    def received(self, camera_id: str | int, frame: StreamFrame) -> None:
        """Hand a processor's JPEG to the viewers and let it send the next.

        Raises:
            Conflict: nobody watches this camera; the JPEG was not asked for.
        """
        camera = camera_key(camera_id)
        broadcast = self._broadcasts.get(camera)
        if broadcast is None:
            raise Conflict("expected JPEGs only after 'startStream', got one before")
        self._metrics.stream_frames.labels(camera).inc()
        if broadcast.viewers:
            broadcast.publish(frame.jpeg)
            self._tell(camera, StreamToken(tokens=1))

    def demands(self) -> dict[str, float]:
        """Return the fps that viewers of each watched camera ask for."""
        return {camera: broadcast.demand for camera, broadcast in self._broadcasts.items() if broadcast.viewers}

    def received_elsewhere(self, camera: str, jpeg: bytes) -> None:
        """Hand a JPEG of a camera of another orchestrator to the viewers here; it goes nowhere without any."""
        broadcast = self._broadcasts.get(camera)
        if broadcast is not None:
            broadcast.publish(jpeg)

    def camera_joined(self, camera_id: str | int) -> None:
        """Ask a processor that came back for pictures, when somebody waits for them."""
        camera = camera_key(camera_id)
        broadcast = self._broadcasts.get(camera)
        if broadcast is not None and broadcast.viewers:
            self._demand_changed(camera, broadcast.demand)

    def _demand_changed(self, camera: str, fps: float) -> None:
        if self.ask_elsewhere is not None:
            self.ask_elsewhere(camera, fps)
        self._tell(camera, StartStream(fps=fps, width=WIDTH, tokens=TOKENS) if fps else StopStream())
