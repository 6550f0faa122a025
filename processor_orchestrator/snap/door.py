"""Where snap devices come in: the paths on the role's own port, and the same on a port of their own for legacy ones."""

import socket

import structlog
from tornado.httpserver import HTTPServer

from backbone.legacy_fields import UploadCount
from backbone.legacy_networks import LegacyNetworks
from backbone.socket_handler import SocketCount
from backbone.web import Metrics, Route, application, listen
from processor_orchestrator.settings import Settings
from processor_orchestrator.snap.desk import SnapDesk
from processor_orchestrator.snap.handlers_snap import MAX_CLIENTS, SnapSocket
from processor_orchestrator.snap.handlers_snippets import ID_IN_PATH, SnippetHandler
from processor_orchestrator.snap.intake import Intake
from processor_orchestrator.stores.snippets import SnippetStore

PING_SECONDS = 20.0
"""Legacy clients read nothing, and so answer no ping, while their camera warms up."""

ANYWHERE = {"0.0.0.0": ("192.0.2.1", socket.AF_INET), "::": ("2001:db8::1", socket.AF_INET6)}  # noqa: S104 - compared
"""Addresses of no machine (RFC 5737, RFC 3849): the way to them tells this machine's own."""


class SnapDoor:
    """The routes of snap devices, and their own listener."""

    def __init__(
        self, *, desk: SnapDesk, intake: Intake, store: SnippetStore, networks: LegacyNetworks, uploads: UploadCount
    ) -> None:
        self._socket = {"desk": desk, "networks": networks, "count": SocketCount(MAX_CLIENTS)}
        self._snippets = {"intake": intake, "store": store, "networks": networks, "uploads": uploads}

    def routes(self, relay: str) -> list[Route]:
        """Return the routes, with the relay at a path."""
        return [
            Route(relay, SnapSocket, self._socket),
            Route(f"/snippets/({ID_IN_PATH})/?", SnippetHandler, self._snippets),
        ]

    def open(self, settings: Settings, metrics: Metrics) -> HTTPServer | None:
        """Listen for legacy devices and tell the relay's own address; None where no port is set for them."""
        if settings.snap_port == 0:
            return None
        app = application(self.routes("/"), guard=settings.guard(), metrics=metrics, ping_seconds=PING_SECONDS)
        server, port = listen(app, host=settings.host, port=settings.snap_port, tls=settings.tls())
        scheme = "ws" if settings.ssl_cert is None else "wss"
        structlog.get_logger().info("snap_listening", address=f"{scheme}://{own_address(settings.host)}:{port}/")
        return server

    async def close(self, server: HTTPServer | None) -> None:
        """Listen no more."""
        if server is not None:
            server.stop()
            await server.close_all_connections()


def own_address(host: str) -> str:
    """Return the address by which this machine is found when it listens at `host`; nothing is sent to find it."""
    if host not in ANYWHERE:
        return f"[{host}]" if ":" in host else host
    target, family = ANYWHERE[host]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 9))
            found = str(probe.getsockname()[0])
        except OSError:  # no network at all: only this machine finds it
            found = "::1" if family is socket.AF_INET6 else "127.0.0.1"
    return f"[{found}]" if ":" in found else found
