"""`/client`: what operators' pages and legacy forwarders say (WIRE section 4). Decides nothing."""

from typing import ClassVar

from backbone.guard import Access
from backbone.socket_handler import BaseSocket, SocketCount
from backbone.wire import from_client
from backbone.wire.codec import type_of
from backbone.wire.from_client import Reject, SetUsesImages, Start, Subscribe
from backbone.wire.shared import Authenticate, Stop
from processor_orchestrator.tracking.switchboard import Switchboard


class ClientSocket(BaseSocket):
    """One client; it is told boxes once it has said who it is."""

    role: ClassVar[Access] = Access.CLIENT

    def initialize(self, switchboard: Switchboard, count: SocketCount) -> None:
        """Take the collaborators."""
        self._switchboard = switchboard
        self.count = count
        self._joined = False

    def prepare(self) -> None:
        """Refuse clients until the stored state is known; they come back."""
        super().prepare()
        self._switchboard.require_loaded()

    def opened(self) -> None:
        """Begin to tell boxes, to a client that needs no token or brought it."""
        if self.authenticated:
            self._join()

    def closed(self) -> None:
        """Forget the client."""
        if self._joined:
            self._switchboard.client_left(self._peer)

    async def receive(self, message: str | bytes) -> None:
        """Act on one message."""
        said = from_client.decode(message)
        self.acting_on = type_of(said)
        if isinstance(said, Authenticate):
            self.authenticate(said.jwt)
            self._join()
            return
        self.require_authenticated()
        match said:
            case Start():
                await self._switchboard.start_object(self._peer, said)
            case Stop(object_id=object_id):
                await self._switchboard.stop_object(object_id)
            case Reject(object_id=object_id, sighting_id=sighting_id):
                await self._switchboard.reject(sighting_id, object_id=object_id)
            case SetUsesImages(uses_images=wanted):
                self._switchboard.deliver(self._switchboard.tracking.uses_images(self._peer, wanted=wanted))
            case Subscribe():
                self._switchboard.deliver(self._switchboard.tracking.subscribed(self._peer, said))

    def _join(self) -> None:
        if not self._joined:
            self._peer = self._switchboard.client_joined(self)
            self._joined = True
