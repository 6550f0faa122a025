"""What every role's WebSocket handlers share: access, bounds, answered errors. No role's messages."""

import asyncio
import time
from abc import abstractmethod
from typing import ClassVar

import structlog
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from backbone.auth import Principal
from backbone.errors import NotAuthenticated, SearchlightError, Unavailable
from backbone.guard import Access
from backbone.outbox import Outbox, PeerTooSlow
from backbone.web import BaseHandler
from backbone.wire.codec import PICTURE_MESSAGE_BYTES, BadMessage, encode
from backbone.wire.shared import Error
from backbone.wire.values import Message

CLOSE_TRY_AGAIN = 1013
CLOSE_NOT_AUTHENTICATED = 4401
AUTHENTICATION_SECONDS = 10.0


class SocketCount:
    """Counts the open sockets of one path against a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.open = 0


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

    @property
    def max_message_size(self) -> int:
        """The largest message that is read at all, bytes; each type's own limit is checked when it is decoded."""
        return PICTURE_MESSAGE_BYTES

    def prepare(self) -> None:
        """Check host and capacity; a token may come now or as the first message."""
        self.guard.check_host(self.request.host)
        if self.count.open >= self.count.limit:
            raise Unavailable(f"expected at most {self.count.limit} connections, got one more")
        if self.guard.verifier is None or self.presented_token() is not None:
            self.admit(self.guard.authenticate(self.presented_token(), self.role))

    def check_origin(self, origin: str) -> bool:
        """Let in pages of this origin and the listed ones."""
        return self.guard.allows_origin(origin, self.request.host)

    def admit(self, principal: Principal | None) -> None:
        """Note who the peer is; the socket is closed when the token expires."""
        self.principal, self.authenticated = principal, True
        if principal is not None:
            remaining = max(0.0, principal.expires_at - time.time())
            self._expiry = asyncio.get_running_loop().call_later(remaining, self.close, CLOSE_NOT_AUTHENTICATED)

    def authenticate(self, token: str) -> None:
        """Check a token that came as a message; with authentication off any is taken and ignored."""
        if self.guard.verifier is not None:
            self.admit(self.guard.authenticate(token, self.role))

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Begin to send what is queued."""
        self.count.open += 1
        self.outbox = Outbox()
        self._waiting = asyncio.Event()
        self._writer = asyncio.ensure_future(self._write_from_outbox())
        asyncio.get_running_loop().call_later(AUTHENTICATION_SECONDS, self._close_when_unknown)
        self.opened()

    def on_close(self) -> None:
        """Stop sending and let the subclass forget the peer."""
        self.count.open -= 1
        self._writer.cancel()
        if (expiry := getattr(self, "_expiry", None)) is not None:
            expiry.cancel()
        self.closed()

    async def on_message(self, message: str | bytes) -> None:
        """Hand a message to `receive`; answer what was refused."""
        self.acting_on = None
        try:
            await self.receive(message)
        except SearchlightError as fault:
            reply_to = fault.reply_to if isinstance(fault, BadMessage) else self.acting_on
            self.figures.refused.labels(self.role.value, fault.code).inc()
            self.send(Error(code=fault.code, message=fault.message, reply_to=reply_to))
            if isinstance(fault, NotAuthenticated):
                self.close(CLOSE_NOT_AUTHENTICATED, "not authenticated")

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

    def send_command(self, payload: bytes) -> None:
        """Queue a text that must arrive; a peer that cannot keep up is let go with 1013."""
        try:
            self.outbox.put_command(payload)
        except PeerTooSlow as fault:
            structlog.get_logger().warning("peer_too_slow", path=self.request.path, reason=str(fault))
            self.close(CLOSE_TRY_AGAIN, "too slow")
            return
        self._waiting.set()

    def send_frame(self, payload: bytes) -> None:
        """Queue a text that a newer one makes worthless."""
        self.outbox.put_frame(payload)
        self._waiting.set()

    async def _write_from_outbox(self) -> None:
        while True:
            item = self.outbox.take()
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
    async def receive(self, message: str | bytes) -> None:
        """Act on one message."""

    @abstractmethod
    def opened(self) -> None:
        """Greet a new peer."""

    @abstractmethod
    def closed(self) -> None:
        """Forget a peer that is gone."""
