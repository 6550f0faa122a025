"""`/stream?camera=ID`, `/stream/ID` and the alias `/video_feed`: live pictures of one camera."""

from urllib.parse import unquote

from backbone.errors import BadInput, NotFound
from backbone.mjpeg import MjpegHandler, asked_fps
from processor_orchestrator.streams.relay import StreamRelay
from processor_orchestrator.tracking.switchboard import Switchboard


class StreamHandler(MjpegHandler):
    """One viewer of one camera."""

    def initialize(self, relay: StreamRelay, switchboard: Switchboard) -> None:
        """Take the collaborators."""
        self._relay = relay
        self._switchboard = switchboard

    async def get(self, camera: str | None = None) -> None:
        """Send pictures until the viewer leaves."""
        asked = unquote(camera) if camera else self.get_query_argument("camera", None)
        roster = self._switchboard.tracking.roster
        known = roster.cameras.keys() | roster.elsewhere.keys()
        if asked is None and len(known) == 1:
            asked = next(iter(known))
        if not asked:
            raise BadInput("camera: expected the id of a camera, got none")
        if asked not in known:
            raise NotFound(f"camera: expected a known camera, got {asked[:128]!r}", code="unknown_camera")
        await self.serve(self._relay.broadcast(asked), asked_fps(self.get_query_argument("fps", None)))
