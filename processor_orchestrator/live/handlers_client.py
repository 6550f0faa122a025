"""`/client`: what operators' pages and legacy forwarders say (WIRE section 4). Decides nothing."""

from typing import ClassVar

from backbone.web.guard import Access
from backbone.web.http import Route
from backbone.web.socket_handler import BaseSocket, SocketCount
from backbone.wire import from_client
from backbone.wire.codec import type_of
from backbone.wire.from_client import Reject, SetUsesImages, Start, Subscribe
from backbone.wire.shared import Authenticate, Stop
from processor_orchestrator.cases.service import CaseService
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.sightings.service import SightingService


def routes(*, live: LiveService, cases: CaseService, sightings: SightingService, most: int) -> list[Route]:
    """Return the path of clients; `most` of them may be connected."""
    collaborators = {"live": live, "cases": cases, "sightings": sightings, "count": SocketCount(most)}
    return [Route("/client", ClientSocket, collaborators)]


class ClientSocket(BaseSocket):
    """One client; it is told boxes once it has said who it is."""

    role: ClassVar[Access] = Access.CLIENT

    def initialize(self, live: LiveService, cases: CaseService, sightings: SightingService, count: SocketCount) -> None:
        """Take the collaborators."""
        self._live = live
        self._cases = cases
        self._sightings = sightings
        self.count = count
        self._joined = False

    def prepare(self) -> None:
        """Refuse clients until the stored state is known; they come back."""
        super().prepare()
        self._live.require_loaded()

    def opened(self) -> None:
        """Begin to tell boxes, to a client that needs no token or brought it."""
        if self.authenticated:
            self._join()

    def closed(self) -> None:
        """Forget the client."""
        if self._joined:
            self._live.client_left(self._peer)

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
                await self._live.start_case(self._peer, said)
            case Stop(object_id=case_id):
                await self._cases.close(case_id)
            case Reject(object_id=case_id, sighting_id=sighting_id):
                await self._sightings.reject(sighting_id, case_id=case_id)
            case SetUsesImages(uses_images=wanted):
                self._live.uses_images(self._peer, wanted=wanted)
            case Subscribe():
                self._live.subscribed(self._peer, said)

    def _join(self) -> None:
        if not self._joined:
            self._peer = self._live.client_joined(self)
            self._joined = True
