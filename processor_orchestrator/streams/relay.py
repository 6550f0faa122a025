"""Joins a processor's JPEGs to the viewers of its camera. Does not decode or encode pictures, and asks no camera."""

from backbone.errors import Conflict
from backbone.web.mjpeg import Broadcast
from backbone.wire.stream_frames import StreamFrame
from backbone.wire.values import camera_key
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.domain.events import CameraJoined, PictureSent, PicturesWanted
from processor_orchestrator.metrics import OrchestratorMetrics


class StreamRelay:
    """The broadcasts of all cameras; says on the bus when pictures are wanted, and takes those of lent cameras."""

    def __init__(self, *, bus: EventBus, metrics: OrchestratorMetrics) -> None:
        self._bus = bus
        self._metrics = metrics
        self._broadcasts: dict[str, Broadcast] = {}
        metrics.stream_viewers.set_function(lambda: sum(self.viewers().values()))
        bus.subscribe(CameraJoined, self._camera_joined)
        bus.subscribe(PictureSent, self._received_elsewhere, origin=Origin.ELSEWHERE)

    def broadcast(self, camera: str) -> Broadcast:
        """Return the viewers of a camera, by its key."""
        if camera not in self._broadcasts:
            self._broadcasts[camera] = Broadcast(lambda fps: self._bus.publish(PicturesWanted(camera, fps)))
        return self._broadcasts[camera]

    def viewers(self) -> dict[str, int]:
        """Return how many watch each camera."""
        return {camera: broadcast.viewers for camera, broadcast in self._broadcasts.items()}

    def demands(self) -> dict[str, float]:
        """Return the fps that viewers of each watched camera ask for."""
        return {camera: broadcast.demand for camera, broadcast in self._broadcasts.items() if broadcast.viewers}

    def received(self, camera_id: str | int, frame: StreamFrame) -> bool:
        """Hand a processor's JPEG to the viewers; return whether another one is wanted.

        Raises:
            Conflict: nobody ever watched this camera; the JPEG was not asked for.
        """
        camera = camera_key(camera_id)
        broadcast = self._broadcasts.get(camera)
        if broadcast is None:
            raise Conflict("expected JPEGs only after 'startStream', got one before")
        self._metrics.stream_frames.labels(camera).inc()
        if broadcast.viewers:
            broadcast.publish(frame.jpeg)
        return broadcast.viewers > 0

    def _received_elsewhere(self, event: PictureSent) -> None:
        """Hand a JPEG of a camera of another orchestrator to the viewers here; it goes nowhere without any."""
        broadcast = self._broadcasts.get(event.camera)
        if broadcast is not None:
            broadcast.publish(event.jpeg)

    def _camera_joined(self, event: CameraJoined) -> None:
        """Ask a processor that came back for pictures, when somebody waits for them."""
        broadcast = self._broadcasts.get(event.camera)
        if broadcast is not None and broadcast.viewers:
            self._bus.publish(PicturesWanted(event.camera, broadcast.demand))
