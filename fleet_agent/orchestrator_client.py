"""Speaks with the orchestrator: says how the node is, hands commands on. Carries none out."""

import asyncio
from collections.abc import Callable

import structlog
from tornado.websocket import WebSocketClientConnection

from backbone.lifecycle import Part
from backbone.steady_socket import SteadySocket
from backbone.web.health import Dependency
from backbone.wire import to_fleet_agent
from backbone.wire.codec import CONTROL_BYTES, BadMessage, encode
from backbone.wire.from_fleet_agent import Node
from backbone.wire.shared import Authenticate, Error
from backbone.wire.to_fleet_agent import Command
from fleet_agent.metrics import AgentMetrics
from fleet_agent.outgoing_messages import OutgoingMessages


class OrchestratorClient(Part):
    """One node's connection to its orchestrator.

    Args:
        url: ws(s)://HOST:PORT/fleet.
        token: for `authenticate`, where the orchestrator asks for one.
        outgoing: what is said.
        node: returns the node's state, said first on every connection.
        take: takes a command.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        outgoing: OutgoingMessages,
        node: Callable[[], Node],
        take: Callable[[Command], None],
        metrics: AgentMetrics,
    ) -> None:
        self._socket = SteadySocket(url, self._converse, max_message_bytes=CONTROL_BYTES)
        self._token = token
        self._outgoing = outgoing
        self._node = node
        self._take = take
        self._metrics = metrics
        self._connected = False

    def state(self) -> Dependency:
        """Return whether the socket is open now, and why not."""
        return Dependency(ok=self._connected, detail="connected" if self._connected else self._socket.last_error)

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._socket.run()

    async def _converse(self, connection: WebSocketClientConnection) -> None:
        try:
            if self._token is not None:
                await connection.write_message(encode(Authenticate(jwt=self._token)))
            await connection.write_message(encode(self._node()))
            self._open()
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._outgoing.send_over(connection))
                await self._read(connection)
                writer.cancel()
        finally:
            self._outgoing.close()
            self._connected = False
            self._metrics.connected.set(0)

    def _open(self) -> None:
        self._outgoing.open()
        self._connected = True
        self._metrics.connected.set(1)
        structlog.get_logger().info("orchestrator_connected", url=self._socket.url)

    async def _read(self, connection: WebSocketClientConnection) -> None:
        while (raw := await connection.read_message()) is not None:
            try:
                message = to_fleet_agent.decode(raw)
            except BadMessage as fault:
                self._outgoing.answer(Error(code=fault.code, message=fault.message, reply_to=fault.reply_to))
                continue
            if isinstance(message, Error):
                structlog.get_logger().warning("orchestrator_refused", code=message.code, reason=message.message[:500])
                self._socket.note_refusal(message.message[:500])
            else:
                self._take(message)
