"""`/api/fleet/...`: operators see the nodes, and start and stop containers on them. Decides nothing."""

from collections.abc import Callable
from typing import Any

import msgspec

from backbone.errors import BadInput
from backbone.web.http import BaseHandler, Route
from backbone.wire import strict_json
from backbone.wire.fleet_values import ContainerName, Place
from backbone.wire.to_fleet_agent import Command, ListContainers, StartContainer, StopContainer
from backbone.wire.values import Message
from processor_orchestrator.domain.node import KnownNode
from processor_orchestrator.fleet.service import FleetService

MAX_BODY = 16 * 1024
NODE_IN_PATH = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
NAME_IN_PATH = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"


def routes(*, service: FleetService) -> list[Route]:
    """Return the paths where operators see and use the nodes."""
    collaborators = {"service": service}
    containers = f"/api/fleet/({NODE_IN_PATH})/containers"
    return [
        Route("/api/fleet", FleetHandler, collaborators),
        Route(containers, ContainersHandler, collaborators),
        Route(f"{containers}/({NAME_IN_PATH})", ContainerHandler, collaborators),
    ]


class Order(Message, frozen=True, forbid_unknown_fields=True):
    """What an operator wants started."""

    kind: ContainerName
    name: ContainerName
    device: Place | None = None
    source: Place | None = None

    def command(self, request_id: str) -> StartContainer:
        """Return the command for the node."""
        return StartContainer(
            request_id=request_id, kind=self.kind, name=self.name, device=self.device, source=self.source
        )


class FleetHandler(BaseHandler):
    """The known nodes."""

    def initialize(self, service: FleetService) -> None:
        """Take the service."""
        self._service = service

    def get(self) -> None:
        """Answer every known node, by name, as its agent told it last."""
        self.write_json({"data": [_node_view(known) for known in self._service.nodes.known()]})


class _NodeHandler(BaseHandler):
    """What both handlers of one node share."""

    def initialize(self, service: FleetService) -> None:
        """Take the service."""
        self._service = service

    async def answer(self, node_id: str, make: Callable[[str], Command]) -> None:
        """Have a command carried out and answer the node's containers."""
        subject = self.principal.subject if self.principal is not None else None
        there = await self._service.command(node_id, make, subject=subject)
        self.write_json({"data": msgspec.to_builtins(there)})


class ContainersHandler(_NodeHandler):
    """The containers of one node."""

    async def get(self, node_id: str) -> None:
        """Ask the node and answer its containers."""
        await self.answer(node_id, lambda request_id: ListContainers(request_id=request_id))

    async def post(self, node_id: str) -> None:
        """Start a container and answer all of them; the same order twice starts one."""
        await self.answer(node_id, _order(self.request.body).command)


class ContainerHandler(_NodeHandler):
    """One container of one node."""

    async def delete(self, node_id: str, name: str) -> None:
        """Stop it and answer what is left."""
        await self.answer(node_id, lambda request_id: StopContainer(request_id=request_id, name=name))


def _order(body: bytes) -> Order:
    value = strict_json.loads(body, max_bytes=MAX_BODY)
    try:
        return msgspec.convert(value, Order)
    except msgspec.ValidationError as fault:
        raise BadInput(f"expected kind, name and device or source: {fault}") from None


def _node_view(known: KnownNode) -> dict[str, Any]:
    """Return a node as operators see it. Any: JSON values."""
    view: dict[str, Any] = msgspec.to_builtins(known.told)
    view.pop("type", None)
    containers = msgspec.to_builtins(list(known.containers))
    state = "offline" if known.agent is None else "online"
    return view | {"containers": containers, "state": state, "since": known.since}
