"""What every role's WebSocket handlers share: access, bounds, answered errors. No role's messages."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import Awaitable
from typing import ClassVar

import structlog
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from backbone.errors import BadInput, NotAllowed, NotAuthenticated, SearchlightError, Unavailable
from backbone.outbox import Outbox, PeerTooSlow
from backbone.web.auth import Principal
from backbone.web.buffered_protocol import BufferedProtocol
from backbone.web.direct_write import text_frame, write_now
from backbone.web.guard import Access
from backbone.web.http import BaseHandler
from backbone.wire.codec import PICTURE_MESSAGE_BYTES, BadMessage, encode
from backbone.wire.shared import Error
from backbone.wire.values import Message

CLOSE_TOO_BIG = 1009
CLOSE_TRY_AGAIN = 1013
CLOSE_NOT_AUTHENTICATED = 4401
AUTHENTICATION_SECONDS = 10.0


class SocketCount:
    """Counts the open sockets of one path against a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0

    def check(self) -> None:
        """Refuse one more socket than the limit.

        Raises:
            Unavailable: as many are open as may be.
        """
        if self._open >= self._limit:
            raise Unavailable(f"expected at most {self._limit} connections, got one more")

    def add(self) -> None:
        """Count a socket that opened."""
        self._open += 1

    def remove(self) -> None:
        """Count a socket that closed."""
        self._open -= 1


class CountedProtocol(BufferedProtocol):
    """Counts the connections that Tornado ends by itself: a message too large, text not in UTF-8, broken frames."""

    handler: "BaseSocket"

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Count a message over the bound; with any other code our own side, or the peer, has decided."""
        if code == CLOSE_TOO_BIG and not self.client_terminated:
            self.handler.count_refused("too_large")
        super().close(code, reason)

    def before_abort(self) -> None:
        """Count an open connection that is cut off without a word."""
        if not (self.server_terminated or self.client_terminated or self.stream.closed()):
            self.handler.count_refused("bad_frame")


class BaseSocket(WebSocketHandler, BaseHandler):
    """A WebSocket whose peer can neither harm others nor make this process grow.

    A subclass names the `role` that its peer needs and decides in `receive` what a message means; raising a
    `SearchlightError` there answers the peer with an `error` message and changes nothing else.
    """

    role: ClassVar[Access]
    count: SocketCount
    authenticated = False
    acting_on: str | None = None
    """Type of the message that is being acted on, for the answer when it is refused."""
    _expiry: asyncio.TimerHandle | None = None
    _last_word: tuple[int, str] | None = None
    """Code and reason with which the socket is closed once everything is sent."""

    @property
    def max_message_size(self) -> int:
        """The largest message that is read at all, bytes; each type's own limit is checked when it is decoded."""
        return PICTURE_MESSAGE_BYTES

    def prepare(self) -> None:
        """Check host, page and capacity; a token may come now or as the first message."""
        self.guard.check_host(self.request.host)
        self.check_page_origin()
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadInput("expected a WebSocket, got a plain request", code="no_websocket")
        self.count.check()
        if self.guard.verifier is None or self.presented_token() is not None:
            self.principal = self.admitted(self.presented_token())
            self.authenticated = True

    def admitted(self, token: str | None) -> Principal | None:
        """Return who a token speaks for; a handler that lets several roles in replaces this.

        Raises:
            NotAuthenticated, NotAllowed: it has no right to this socket.
        """
        return self.guard.authenticate(token, self.role)

    def check_page_origin(self) -> None:
        """Let in pages of this origin and the listed ones; a WebSocket's GET may change something."""
        if not self.guard.allows_origin(self.request.headers.get("Origin"), self.request.host):
            raise NotAllowed("expected a page of this origin, got another")

    def check_origin(self, origin: str) -> bool:
        """Say again what `check_page_origin` has said, where Tornado asks."""
        return self.guard.allows_origin(origin, self.request.host)

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Return Tornado's protocol with our counting."""
        plain = super().get_websocket_protocol()
        return CountedProtocol(self, False, plain.params) if isinstance(plain, WebSocketProtocol13) else None

    def authenticate(self, token: str) -> None:
        """Check a token that came as a message; with authentication off any is taken and ignored."""
        if self.guard.verifier is not None:
            self.principal = self.admitted(token)
            self.authenticated = True
            self._close_at_expiry(self.principal)

    def _close_at_expiry(self, principal: Principal | None) -> None:
        """Let the token last as long as it says; a later token replaces an earlier one."""
        if self._expiry is not None:
            self._expiry.cancel()
        if principal is not None:
            remaining, words = max(0.0, principal.expires_at - time.time()), (CLOSE_NOT_AUTHENTICATED, "token expired")
            self._expiry = asyncio.get_running_loop().call_later(remaining, self.close, *words)

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Begin to send what is queued."""
        self.count.add()
        self.set_nodelay(True)  # else the second of two small messages waits 40 ms for the first one's acknowledgement
        self.outbox = Outbox()
        self._waiting = asyncio.Event()
        self._writer = asyncio.ensure_future(self._write_from_outbox())
        asyncio.get_running_loop().call_later(AUTHENTICATION_SECONDS, self._close_when_unknown)
        self._close_at_expiry(self.principal)
        self.opened()

    def on_close(self) -> None:
        """Stop sending and let the subclass forget the peer."""
        self.count.remove()
        self._writer.cancel()
        if self._expiry is not None:
            self._expiry.cancel()
        self.closed()

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Hand a message to `receive`; answer what was refused. The next message waits until this one is done."""
        if self._is_ending():
            return None
        self.acting_on = None
        try:
            rest = self.receive(message)
        except SearchlightError as fault:
            self._refuse(fault)
            return None
        return None if rest is None else self._finish(rest)

    async def _finish(self, rest: Awaitable[None]) -> None:
        try:
            await rest
        except SearchlightError as fault:
            self._refuse(fault)

    def _refuse(self, fault: SearchlightError) -> None:
        reply_to = fault.reply_to if isinstance(fault, BadMessage) else self.acting_on
        self.count_refused(fault.code)
        self.send(Error(code=fault.code, message=fault.message, reply_to=reply_to))
        if isinstance(fault, NotAuthenticated):
            self._last_word = (CLOSE_NOT_AUTHENTICATED, "not authenticated")
            self._waiting.set()

    def count_refused(self, code: str) -> None:
        """Count what this peer said in vain."""
        self.metrics.refused.labels(self.role.value, code).inc()

    def require_authenticated(self) -> None:
        """Refuse everything but `authenticate` from a peer that has not said who it is.

        Raises:
            NotAuthenticated: it has not.
        """
        if not self.authenticated:
            raise NotAuthenticated("expected 'authenticate' with a valid token first")

    def send(self, message: Message) -> None:
        """Queue a message that must arrive."""
        self.send_command(encode(message))

    def send_command(self, payload: bytes, framed: bytes | None = None) -> None:
        """Send a text that must arrive; a peer that cannot keep up is let go with 1013."""
        if self._is_ending() or self._written_now(text_frame(payload) if framed is None else framed):
            return
        try:
            self.outbox.put_command(payload)
        except PeerTooSlow as fault:
            structlog.get_logger().warning("peer_too_slow", path=self.request.path, reason=str(fault))
            self.close(CLOSE_TRY_AGAIN, "too slow")
            return
        self._waiting.set()

    def send_frames(self, payloads: list[bytes], framed: bytes) -> None:
        """Send texts that newer ones make worthless; `framed` is their WebSocket frames, shared by all peers."""
        if self._is_ending() or self._written_now(framed):
            return
        dropped = self.outbox.dropped_frames
        for payload in payloads:
            self.outbox.put_frame(payload)
        if self.outbox.dropped_frames > dropped:
            self.metrics.dropped.labels(self.role.value).inc(self.outbox.dropped_frames - dropped)
        self._waiting.set()

    def _written_now(self, framed: bytes) -> bool:
        """Write to an idle socket at once, unless something is queued that must come before."""
        if len(self.outbox) or self.ws_connection is None:
            return False
        return write_now(self.ws_connection.stream, framed)

    def _is_ending(self) -> bool:
        return self.ws_connection is None or self._last_word is not None

    async def _write_from_outbox(self) -> None:
        while True:
            item = self.outbox.take()
            if item is None and self._last_word is not None:
                self.close(*self._last_word)
                return
            if item is None:
                self._waiting.clear()
                await self._waiting.wait()
                continue
            try:
                await self.write_message(item[0])
            except WebSocketClosedError:
                return

    def _close_when_unknown(self) -> None:
        if not self.authenticated:
            self.close(CLOSE_NOT_AUTHENTICATED, "not authenticated in time")

    @abstractmethod
    def receive(self, message: str | bytes) -> Awaitable[None] | None:
        """Act on one message; what has to wait for others is returned, to be awaited."""

    @abstractmethod
    def opened(self) -> None:
        """Greet a new peer."""

    @abstractmethod
    def closed(self) -> None:
        """Forget a peer that is gone."""
