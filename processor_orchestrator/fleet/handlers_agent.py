"""`/fleet`: what the nodes' agents say. Decides nothing."""

from typing import ClassVar

import structlog

from backbone.web.guard import Access
from backbone.web.http import Route
from backbone.web.socket_handler import BaseSocket, SocketCount
from backbone.wire import from_fleet_agent
from backbone.wire.codec import CONTROL_BYTES, type_of
from backbone.wire.from_fleet_agent import Done, Node, Refused
from backbone.wire.shared import Authenticate, Error
from processor_orchestrator.domain.node import MAX_NODES
from processor_orchestrator.fleet.service import FleetService


def routes(*, service: FleetService) -> list[Route]:
    """Return the path of the nodes' agents."""
    return [Route("/fleet", FleetAgentSocket, {"service": service, "count": SocketCount(MAX_NODES)})]


class FleetAgentSocket(BaseSocket):
    """One node's agent."""

    role: ClassVar[Access] = Access.FLEET

    @property
    def max_message_size(self) -> int:
        """The largest message that is read at all, bytes: agents send no pictures."""
        return CONTROL_BYTES

    def initialize(self, service: FleetService, count: SocketCount) -> None:
        """Take the collaborators."""
        self._service = service
        self.count = count

    def opened(self) -> None:
        """Wait for `node`."""
        self._agent = self._service.agent_connected(self)

    def closed(self) -> None:
        """Forget the agent, unless a newer socket speaks for its node."""
        self._service.agent_left(self._agent)

    async def receive(self, message: str | bytes) -> None:
        """Act on one message."""
        said = from_fleet_agent.decode(message)
        self.acting_on = type_of(said)
        if isinstance(said, Authenticate):
            self.authenticate(said.jwt)
            return
        self.require_authenticated()
        match said:
            case Node():
                subject = self.principal.subject if self.principal is not None else None
                self._service.node_told(self._agent, said, subject)
            case Done() | Refused():
                self._service.answered(self._agent, said)
            case Error(code=code, message=text):
                structlog.get_logger().warning("fleet_agent_complains", code=code, reason=text[:500])
