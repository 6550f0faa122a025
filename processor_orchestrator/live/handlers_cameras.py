"""`/api/cameras`: which cameras there are. Reads only."""

import msgspec

from backbone.web.http import BaseHandler, Route
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.streams.relay import StreamRelay


def routes(*, live: LiveService, relay: StreamRelay) -> list[Route]:
    """Return the path of the list of cameras."""
    return [Route("/api/cameras", CamerasHandler, {"live": live, "relay": relay})]


class CamerasHandler(BaseHandler):
    """The known cameras."""

    def initialize(self, live: LiveService, relay: StreamRelay) -> None:
        """Take the collaborators."""
        self._live = live
        self._relay = relay

    def get(self) -> None:
        """Answer every known camera, by name."""
        self.write_json({"data": msgspec.to_builtins(self._live.camera_views(self._relay.viewers()))})
