"""A WebSocket to whichever of several servers answers: connects for ever, one conversation after the other.

Knows no messages. WIRE section 4, client side.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

from backbone.backoff import Backoff
from backbone.outbox import Outbox
from backbone.url_ring import UrlRing

EAGER_SECONDS = 60.0
"""For so long after losing the server the waits between two tries stay short."""

EAGER_WAIT = 2.0
LONGEST_WAIT = 30.0
CONNECT_SECONDS = 10.0
PING_SECONDS = 10.0
STEADY_SECONDS = 10.0
"""A connection that held for so long was a success: the next waits are short again."""


class SteadySocket:
    """One role's connection to its servers.

    Args:
        urls: ws(s)://HOST:PORT/PATH; several, separated by commas, are tried in turn.
        converse: speaks over an open connection and returns when it is closed, or raises what the socket raised.
        max_message_bytes: larger messages end the connection.
    """

    def __init__(
        self,
        urls: str,
        converse: Callable[[WebSocketClientConnection], Awaitable[None]],
        *,
        max_message_bytes: int,
    ) -> None:
        self._urls = UrlRing(urls)
        self._converse = converse
        self._max_message_bytes = max_message_bytes
        self.last_error = "not connected yet"
        self._refusal = ""

    def note_refusal(self, reason: str) -> None:
        """Keep what the server refuses on this connection, to tell it should the server close it."""
        self._refusal = f", having refused: {reason}"

    @property
    def url(self) -> str:
        """The server in use, or tried."""
        return self._urls.current

    async def run(self) -> None:
        """Stay connected until cancelled."""
        backoff, lost_at = Backoff(limit=LONGEST_WAIT), time.monotonic()
        while True:
            began = time.monotonic()
            self._refusal = ""
            try:
                await self._connect()
                self.last_error = f"the server closed the connection{self._refusal}"
            except (OSError, HTTPClientError, WebSocketError, TimeoutError) as fault:
                self.last_error = f"{type(fault).__name__}: {fault}"
            now = time.monotonic()
            if now - began >= STEADY_SECONDS:
                backoff.reset()
                lost_at = now
            structlog.get_logger().warning("server_away", url=self.url, reason=self.last_error)
            self._urls.give_up()
            wait = backoff.next_wait()
            await asyncio.sleep(min(wait, EAGER_WAIT) if now - lost_at < EAGER_SECONDS else wait)

    async def _connect(self) -> None:
        connection = await websocket_connect(
            self.url,
            connect_timeout=CONNECT_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_message_size=self._max_message_bytes,
        )
        try:
            await self._converse(connection)
        except WebSocketClosedError:
            return
        finally:
            connection.close()


class Outgoing:
    """What a role says over a socket that comes and goes, sent in order by whoever runs `send_over`."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._more = asyncio.Event()

    def __len__(self) -> int:
        return len(self._outbox)

    def put_frame(self, payload: bytes) -> None:
        """Queue a message that a newer one makes worthless."""
        self._outbox.put_frame(payload)
        self._more.set()

    def put_command(self, payload: bytes) -> None:
        """Queue a message that must arrive: one that could not be sent waits for the next connection.

        Raises:
            PeerTooSlow: the bound is reached; nothing was queued.
        """
        self._outbox.put_command(payload)
        self._more.set()

    def clear(self) -> None:
        """Forget what waits."""
        while self._outbox.take() is not None:
            pass

    async def send_over(self, connection: WebSocketClientConnection) -> None:
        """Send what is queued until the connection is closed, or until cancelled."""
        while True:
            item = self._outbox.take()
            if item is None:
                self._more.clear()
                await self._more.wait()
                continue
            payload, must_arrive = item
            try:
                await connection.write_message(payload)
            except (WebSocketClosedError, asyncio.CancelledError) as fault:
                if must_arrive:
                    self._outbox.put_back(payload)
                if isinstance(fault, asyncio.CancelledError):
                    raise
                return
