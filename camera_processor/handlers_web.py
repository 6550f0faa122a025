"""The debug page of one camera: `/`, `/stream`, its alias `/video_feed`, and `/snapshot.jpg`."""

from typing import ClassVar

from tornado.web import StaticFileHandler

from backbone.errors import Unavailable
from backbone.web.guard import Access
from backbone.web.http import BaseHandler, Route
from backbone.web.mjpeg import Broadcast, MjpegHandler, Viewer, asked_fps

SNAPSHOT_SECONDS = 5.0


class PageFileHandler(StaticFileHandler, BaseHandler):
    """Files of `webpage/`; they hold no data."""

    access: ClassVar[Access] = Access.OPEN


class StreamHandler(MjpegHandler):
    """The camera's pictures with the boxes drawn in."""

    def initialize(self, broadcast: Broadcast) -> None:
        """Take the viewers."""
        self._broadcast = broadcast

    async def get(self) -> None:
        """Send pictures until the viewer leaves."""
        await self.serve(self._broadcast, asked_fps(self.get_query_argument("fps", None)))


class SnapshotHandler(BaseHandler):
    """One picture with the boxes drawn in."""

    def initialize(self, broadcast: Broadcast) -> None:
        """Take the viewers."""
        self._broadcast = broadcast

    async def get(self) -> None:
        """Answer the next picture."""
        viewer = Viewer(fps=1.0)
        self._broadcast.join(viewer)
        try:
            part = await viewer.slot.take(timeout=SNAPSHOT_SECONDS)
        finally:
            self._broadcast.leave(viewer)
        if part is None:
            raise Unavailable(f"expected a picture within {SNAPSHOT_SECONDS:g} s, got none: the camera is offline")
        self.set_header("Content-Type", "image/jpeg")
        self.write(part.jpeg)


def routes(broadcast: Broadcast, *, webpage: str) -> list[Route]:
    """Return the paths of the debug page; `webpage` is the folder of its files."""
    stream, page = {"broadcast": broadcast}, {"path": webpage}
    return [
        Route("/stream", StreamHandler, stream),
        Route("/video_feed", StreamHandler, stream),
        Route("/snapshot.jpg", SnapshotHandler, stream),
        Route("/static/(.*)", PageFileHandler, page),
        Route("/()", PageFileHandler, page | {"default_filename": "camera.html"}),
    ]
