"""`/stream?camera=ID`, `/stream/ID` and the alias `/video_feed`: live pictures of one camera."""

from typing import Protocol
from urllib.parse import unquote

from backbone.errors import BadInput, NotFound
from backbone.web.http import Route
from backbone.web.mjpeg import MjpegHandler, asked_fps
from processor_orchestrator.streams.relay import StreamRelay


class KnownCameras(Protocol):
    """Whoever knows which cameras there are."""

    def known_cameras(self) -> set[str]:
        """Return their keys."""


def routes(*, relay: StreamRelay, cameras: KnownCameras) -> list[Route]:
    """Return the paths of live pictures."""
    stream = {"relay": relay, "cameras": cameras}
    return [
        Route("/stream", StreamHandler, stream),
        Route("/stream/([^/]+)", StreamHandler, stream),
        Route("/video_feed", StreamHandler, stream),
    ]


class StreamHandler(MjpegHandler):
    """One viewer of one camera."""

    def initialize(self, relay: StreamRelay, cameras: KnownCameras) -> None:
        """Take the collaborators."""
        self._relay = relay
        self._cameras = cameras

    async def get(self, camera: str | None = None) -> None:
        """Send pictures until the viewer leaves."""
        asked = unquote(camera) if camera else self.get_query_argument("camera", None)
        known = self._cameras.known_cameras()
        if asked is None and len(known) == 1:
            asked = next(iter(known))
        if not asked:
            raise BadInput("camera: expected the id of a camera, got none")
        if asked not in known:
            raise NotFound(f"camera: expected a known camera, got {asked[:128]!r}", code="unknown_camera")
        await self.serve(self._relay.broadcast(asked), asked_fps(self.get_query_argument("fps", None)))
