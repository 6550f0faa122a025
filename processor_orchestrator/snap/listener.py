"""The relay of legacy snap devices on a port of its own, where their programs look for it. Decides nothing."""

import socket
import ssl

import structlog
from tornado.web import Application

from backbone.lifecycle import Part
from backbone.web.http import HttpServer

PING_SECONDS = 20.0
"""Legacy clients read nothing, and so answer no ping, while their camera warms up."""

ANYWHERE = {"0.0.0.0": ("192.0.2.1", socket.AF_INET), "::": ("2001:db8::1", socket.AF_INET6)}  # noqa: S104 - compared
"""Addresses of no machine (RFC 5737, RFC 3849): the way to them tells this machine's own."""


class SnapListener(Part):
    """Listens for legacy devices and tells the relay's own address.

    Args:
        address: host and port; port 0: there is no such relay.
    """

    def __init__(self, app: Application, *, address: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        self._host, self._port = address
        self._server = HttpServer(app, address=address, tls=tls, event="snap_port")
        self._scheme = "ws" if tls is None else "wss"

    async def start(self) -> None:
        """Listen, where a port is set."""
        if self._port:
            await self._server.start()
            address = f"{self._scheme}://{own_address(self._host)}:{self._server.port}/"
            structlog.get_logger().info("snap_listening", address=address)

    async def stop(self) -> None:
        """Listen no more."""
        await self._server.stop()


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
