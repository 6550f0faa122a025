"""Speaks with the orchestrator: says how the node is, hands commands on.

Keeps nothing over a lost connection: the orchestrator has given up waiting by then, and is told the node's state anew.
"""

import asyncio
from collections.abc import Callable

import structlog
from tornado.websocket import WebSocketClientConnection

from backbone.outbox import Outbox, PeerTooSlow
from backbone.steady_socket import Outgoing, SteadySocket
from backbone.wire import to_fleet_agent
from backbone.wire.codec import CONTROL_BYTES, BadMessage, encode
from backbone.wire.from_fleet_agent import Done, Node, Refused
from backbone.wire.shared import Authenticate, Error
from backbone.wire.to_fleet_agent import Command
from backbone.wire.values import Message
from fleet_agent.metrics import AgentMetrics

MAX_KEPT = 64


class OrchestratorClient:
    """One node's connection to its orchestrator.

    Args:
        url: ws(s)://HOST:PORT/fleet.
        token: for `authenticate`, where the orchestrator asks for one.
        node: returns the node's state, said first on every connection.
        take: takes a command.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        node: Callable[[], Node],
        take: Callable[[Command], None],
        metrics: AgentMetrics,
    ) -> None:
        self._socket = SteadySocket(url, self._converse, max_message_bytes=CONTROL_BYTES)
        self._token = token
        self._node = node
        self._take = take
        self._metrics = metrics
        self._outgoing = Outgoing(Outbox(max_frames=1, max_commands=MAX_KEPT))
        self._connection: WebSocketClientConnection | None = None

    @property
    def connected(self) -> bool:
        """Whether the socket is open now."""
        return self._connection is not None

    @property
    def last_error(self) -> str:
        """Why it is not connected, or what was refused."""
        return self._socket.last_error

    def tell(self, node: Node) -> None:
        """Queue the node's state; a newer one takes its place while it waits."""
        if self.connected:
            self._outgoing.put_frame(encode(node))

    def answer(self, message: Done | Refused) -> None:
        """Queue an answer; it is dropped, and counted, when the orchestrator is gone or does not read."""
        if self.connected:
            self._queue(message)
        else:
            self._metrics.dropped_answers.inc()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        await self._socket.run()

    async def _converse(self, connection: WebSocketClientConnection) -> None:
        try:
            if self._token is not None:
                await connection.write_message(encode(Authenticate(jwt=self._token)))
            await connection.write_message(encode(self._node()))
            self._open(connection)
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._outgoing.send_over(connection))
                await self._read(connection)
                writer.cancel()
        finally:
            self._connection = None
            self._metrics.connected.set(0)

    def _open(self, connection: WebSocketClientConnection) -> None:
        self._outgoing.clear()
        self._connection = connection
        self._metrics.connected.set(1)
        structlog.get_logger().info("orchestrator_connected", url=self._socket.url)

    async def _read(self, connection: WebSocketClientConnection) -> None:
        while True:
            raw = await connection.read_message()
            if raw is None:
                return
            try:
                message = to_fleet_agent.decode(raw)
            except BadMessage as fault:
                self._queue(Error(code=fault.code, message=fault.message, reply_to=fault.reply_to))
                continue
            if isinstance(message, Error):
                structlog.get_logger().warning("orchestrator_refused", code=message.code, reason=message.message[:500])
                self._socket.last_error = message.message[:500]
            else:
                self._take(message)

    def _queue(self, message: Message) -> None:
        try:
            self._outgoing.put_command(encode(message))
        except PeerTooSlow:
            self._metrics.dropped_answers.inc()
