"""The WebSocket to the orchestrator: connects for ever, says how the node is, hands commands on.

Keeps nothing over a lost connection: the orchestrator has given up waiting by then, and is told the node's state anew.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

from backbone.backoff import Backoff
from backbone.outbox import Outbox, PeerTooSlow
from backbone.url_ring import UrlRing
from backbone.wire import to_fleet_agent
from backbone.wire.codec import CONTROL_BYTES, BadMessage, encode
from backbone.wire.from_fleet_agent import Done, Node, Refused
from backbone.wire.shared import Authenticate, Error
from backbone.wire.to_fleet_agent import Command
from backbone.wire.values import Message
from fleet_agent.figures import AgentFigures

CONNECT_SECONDS = 10.0
PING_SECONDS = 10.0
LONGEST_WAIT = 15.0
STEADY_SECONDS = 10.0
"""A connection that held for so long was a success: the next wait is short again."""

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
        figures: AgentFigures,
    ) -> None:
        self._urls = UrlRing(url)
        self._token = token
        self._node = node
        self._take = take
        self._figures = figures
        self._outbox = Outbox(max_frames=1, max_commands=MAX_KEPT)
        self._something_to_send = asyncio.Event()
        self._connection: WebSocketClientConnection | None = None
        self.last_error = "not connected yet"

    @property
    def connected(self) -> bool:
        """Whether the socket is open now."""
        return self._connection is not None

    def tell(self, node: Node) -> None:
        """Queue the node's state; a newer one takes its place while it waits."""
        if self.connected:
            self._outbox.put_frame(encode(node))
            self._something_to_send.set()

    def answer(self, message: Done | Refused) -> None:
        """Queue an answer; it is dropped, and counted, when the orchestrator is gone or does not read."""
        if self.connected:
            self._queue(message)
        else:
            self._figures.dropped_answers.inc()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        backoff = Backoff(limit=LONGEST_WAIT)
        while True:
            began = time.monotonic()
            try:
                await self._converse()
                self.last_error = "the orchestrator closed the connection"
            except (OSError, HTTPClientError, WebSocketError, TimeoutError) as fault:
                self.last_error = f"{type(fault).__name__}: {fault}"
            structlog.get_logger().warning("orchestrator_away", reason=self.last_error)
            self._urls.give_up()
            if time.monotonic() - began >= STEADY_SECONDS:
                backoff.reset()
            await asyncio.sleep(backoff.next_wait())

    async def _converse(self) -> None:
        connection = await websocket_connect(
            self._urls.current,
            connect_timeout=CONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_message_size=CONTROL_BYTES,
        )
        try:
            if self._token is not None:
                await connection.write_message(encode(Authenticate(jwt=self._token)))
            await connection.write_message(encode(self._node()))
            self._open(connection)
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write_from_outbox(connection))
                await self._read(connection)
                writer.cancel()
        except WebSocketClosedError:
            return
        finally:
            self._connection = None
            self._figures.connected.set(0)
            connection.close()

    def _open(self, connection: WebSocketClientConnection) -> None:
        self._outbox = Outbox(max_frames=1, max_commands=MAX_KEPT)
        self._connection = connection
        self._figures.connected.set(1)
        structlog.get_logger().info("orchestrator_connected", url=self._urls.current)

    async def _write_from_outbox(self, connection: WebSocketClientConnection) -> None:
        while True:
            item = self._outbox.take()
            if item is None:
                self._something_to_send.clear()
                await self._something_to_send.wait()
                continue
            try:
                await connection.write_message(item[0])
            except WebSocketClosedError:
                return

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
                self.last_error = message.message[:500]
            else:
                self._take(message)

    def _queue(self, message: Message) -> None:
        try:
            self._outbox.put_command(encode(message))
        except PeerTooSlow:
            self._figures.dropped_answers.inc()
        self._something_to_send.set()
