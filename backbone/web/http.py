"""What every role's HTTP handlers share: access, errors in one shape, safe headers, listening. No role's routes."""

import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from prometheus_client import CollectorRegistry, Counter
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from backbone.errors import NotAllowed, NotFound, SearchlightError
from backbone.lifecycle import Part
from backbone.web.auth import Principal
from backbone.web.direct_read import DirectServer
from backbone.web.guard import SESSION_COOKIE, Access, Guard, token_of

__all__ = ["Access", "BaseHandler", "HttpServer", "Metrics", "NotFoundHandler", "Route", "application", "listen"]

MAX_BODY_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
_READ_METHODS = ("GET", "HEAD", "OPTIONS")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class Route:
    """One path pattern, its handler and what the handler's `initialize` takes."""

    pattern: str
    handler: type[RequestHandler]
    # Any: each handler's collaborators, passed by keyword
    collaborators: dict[str, Any] = field(default_factory=dict)


class Metrics:
    """What an HTTP server counts: what was refused, and why; what was dropped for peers that are too slow."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.refused = Counter(
            "searchlight_refused_total", "Messages and requests that were refused", ["where", "code"], registry=registry
        )
        self.dropped = Counter(
            "searchlight_dropped_total", "Messages that newer ones pushed out", ["where"], registry=registry
        )


class BaseHandler(RequestHandler):
    """A handler that lets in only who may, and whose errors all have one shape (RFC 9457)."""

    access: ClassVar[Access] = Access.CLIENT
    principal: Principal | None = None

    @property
    def guard(self) -> Guard:
        """The rules of this server."""
        guard: Guard = self.settings["guard"]
        return guard

    def set_default_headers(self) -> None:
        """Forbid what a browser would do unasked."""
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Server", "searchlight")

    def prepare(self) -> None:
        """Check host, origin and token before any handler's own work."""
        self.guard.check_host(self.request.host)
        self.check_page_origin()
        self.check_caller()

    def check_caller(self) -> None:
        """Refuse a caller without the right token; a handler with rules of its own replaces this."""
        self.principal = self.guard.authenticate(self.presented_token(), self.access)

    def check_page_origin(self) -> None:
        """Refuse a foreign page that wants to change something (cross-site request forgery)."""
        origin = self.request.headers.get("Origin")
        if self.request.method not in _READ_METHODS and not self.guard.allows_origin(origin, self.request.host):
            raise NotAllowed("expected a page of this origin, got another")

    def presented_token(self) -> str | None:
        """Return the token that came with this request, if any."""
        return token_of(self.request.headers.get("Authorization"), self.get_cookie(SESSION_COOKIE))

    def write_json(self, value: object) -> None:
        """Answer a JSON value."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ANN401 - Tornado's signature
        """Answer `application/problem+json`."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        code, detail = "http_error", None
        if isinstance(error, SearchlightError):
            status_code, code, detail = error.status, error.code, error.message
        elif isinstance(error, HTTPError) and status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            detail = error.log_message % error.args if error.log_message and error.args else error.log_message
        self.set_status(status_code)
        if status_code == HTTPStatus.UNAUTHORIZED:
            self.set_header("WWW-Authenticate", "Bearer")
        title = HTTPStatus(status_code).phrase
        problem = {"title": title, "status": status_code, "code": code, "detail": detail or title}
        self.set_header("Content-Type", "application/problem+json")
        self.finish(json.dumps(problem, ensure_ascii=False))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:  # noqa: ANN401 - Tornado's signature
        """Count what was refused; tell what was not expected, with its traceback."""
        if isinstance(value, SearchlightError):
            self.metrics.refused.labels("http", value.code).inc()
        elif isinstance(value, HTTPError):
            self.metrics.refused.labels("http", str(value.status_code)).inc()
        else:
            structlog.get_logger().error("request_failed", path=self.request.path, exc_info=(typ, value, tb))

    @property
    def metrics(self) -> Metrics:
        """What this server counts."""
        metrics: Metrics = self.settings["metrics"]
        return metrics

    def data_received(self, chunk: bytes) -> None:
        """Streamed bodies are not taken here."""


class NotFoundHandler(BaseHandler):
    """Answers every path that no route knows."""

    access: ClassVar[Access] = Access.OPEN

    def prepare(self) -> None:
        """Answer 404 in the common shape."""
        raise NotFound(f"expected a known path, got {self.request.path[:200]!r}")


def application(routes: Sequence[Route], *, guard: Guard, metrics: Metrics, ping_seconds: float = 10.0) -> Application:
    """Return the Tornado application of a role's HTTP server."""
    return Application(
        [(route.pattern, route.handler, route.collaborators) for route in routes],
        default_handler_class=NotFoundHandler,
        guard=guard,
        metrics=metrics,
        websocket_ping_interval=ping_seconds,
        websocket_ping_timeout=ping_seconds,
        log_function=lambda _handler: None,
    )


def listen(
    app: Application,
    *,
    host: str,
    port: int,
    tls: ssl.SSLContext | None = None,
    max_body: int = MAX_BODY_BYTES,
    chunk_bytes: int | None = None,
) -> tuple[HTTPServer, int]:
    """Start to serve and return the server with the port it got (0 asks for any free one).

    Args:
        chunk_bytes: how much of a streamed body is handed on at once, read with fewer copies; None: Tornado's 64 KiB.
    """
    server = (HTTPServer if chunk_bytes is None else DirectServer)(
        app,
        ssl_options=tls,
        max_body_size=max_body,
        max_header_size=MAX_HEADER_BYTES,
        chunk_size=chunk_bytes,
        idle_connection_timeout=120,
        body_timeout=60,
    )
    sockets = bind_sockets(port, address=host)
    server.add_sockets(sockets)
    return server, int(sockets[0].getsockname()[1])


class HttpServer(Part):
    """A role's HTTP server: listens from its start on, and closes what is still connected when it stops.

    Args:
        address: host and port; port 0 asks for any free one.
        event: name of the log line that tells where it listens.
    """

    def __init__(
        self,
        app: Application,
        *,
        address: tuple[str, int],
        tls: ssl.SSLContext | None = None,
        max_body: int = MAX_BODY_BYTES,
        chunk_bytes: int | None = None,
        event: str = "listening",
    ) -> None:
        self._app = app
        self._host, self._port = address
        self._tls = tls
        self._max_body = max_body
        self._chunk_bytes = chunk_bytes
        self._event = event
        self._server: HTTPServer | None = None

    async def start(self) -> None:
        """Listen, and tell where."""
        self._server, self._port = listen(
            self._app,
            host=self._host,
            port=self._port,
            tls=self._tls,
            max_body=self._max_body,
            chunk_bytes=self._chunk_bytes,
        )
        structlog.get_logger().info(self._event, host=self._host, port=self._port)

    @property
    def port(self) -> int:
        """The port that it listens on, once it has started."""
        return self._port

    async def stop(self) -> None:
        """Take no more connections and close those that are left."""
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
