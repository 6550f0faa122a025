"""`/snap`, and `/` on the legacy port: the texts of cameras and of whoever has them take a picture. Decides nothing."""

import asyncio
import time
from collections.abc import Awaitable
from typing import ClassVar

import structlog

from backbone.errors import BadInput, NotAllowed, Unavailable
from backbone.outbox import Outbox
from backbone.web.auth import Principal
from backbone.web.guard import Access
from backbone.web.http import BaseHandler, Route
from backbone.web.legacy_networks import LegacyNetworks
from backbone.web.socket_handler import BaseSocket, SocketCount
from backbone.wire import from_snap, strict_json, to_snap
from backbone.wire.codec import CONTROL_BYTES, type_of
from backbone.wire.from_snap import Hello, Snap
from backbone.wire.shared import Authenticate
from backbone.wire.values import Message
from processor_orchestrator.domain.snap_device import Device
from processor_orchestrator.snap.allowance import Allowance
from processor_orchestrator.snap.service import SnapService

MAX_CLIENTS = 1_000
MAX_TEXT_BYTES = CONTROL_BYTES
MAX_WAITING_BYTES = 8 * 1024 * 1024
"""Texts that may wait for one slow client; with one more it is let go."""

MAY_JOIN = (Access.SNAP, Access.CLIENT)


def relay_routes(path: str, *, service: SnapService, networks: LegacyNetworks, count: SocketCount) -> list[Route]:
    """Return the relay at a path: `/snap`, and `/` on the port of legacy devices; both count their clients together."""
    return [Route(path, SnapSocket, {"service": service, "networks": networks, "count": count})]


def routes(*, service: SnapService) -> list[Route]:
    """Return the paths where operators ask for pictures."""
    return [
        Route("/api/snap", SnapsHandler, {"service": service}),
        Route("/api/snap/devices", SnapDevicesHandler, {"service": service}),
    ]


class SnapSocket(BaseSocket):
    """One client of the relay."""

    role: ClassVar[Access] = Access.SNAP

    @property
    def max_message_size(self) -> int:
        """The largest message that is read at all, bytes: pictures come another way."""
        return MAX_TEXT_BYTES

    def initialize(self, service: SnapService, networks: LegacyNetworks, count: SocketCount) -> None:
        """Take the collaborators."""
        self._service = service
        self._networks = networks
        self._allowance = Allowance()
        self.count = count

    def prepare(self) -> None:
        """Let in who shows a token, may show one as the first message, or calls from a legacy network."""
        super().prepare()
        if not self.authenticated and self._networks.holds(self.request.remote_ip or ""):
            self.authenticated = True

    def admitted(self, token: str | None) -> Principal | None:
        """Return who a token speaks for: a device or an operator."""
        return self._networks.authenticate(self.guard, token, "", MAY_JOIN)

    def opened(self) -> None:
        """Take the client in as soon as it may hear what others say."""
        self.outbox = Outbox(max_command_bytes=MAX_WAITING_BYTES)
        self._name = self._service.joined(self) if self.authenticated else None

    def closed(self) -> None:
        """Forget the client."""
        if self._name is not None:
            self._service.left(self._name)
            self._name = None

    def receive(self, message: str | bytes) -> Awaitable[None] | None:
        """Relay a text, or act on one of our messages; who talks too fast is read slowly."""
        if not isinstance(message, str):
            raise BadInput("expected a text, got a binary message")
        if from_snap.is_ours(message):
            return self._act(message)
        self.require_authenticated()
        if self._name is not None:
            self._service.say(self._name, message)
        wait = self._allowance.take(time.monotonic())
        return asyncio.sleep(wait) if wait > 0 else None

    async def _act(self, message: str) -> None:
        said = from_snap.decode(message)
        self.acting_on = type_of(said)
        if isinstance(said, Authenticate):
            self.authenticate(said.jwt)
            if self._name is None:
                self._name = self._service.joined(self)
            return
        self.require_authenticated()
        if self._name is None:
            return  # it was let go meanwhile
        match said:
            case Hello():
                self._service.hello(self._name, said, self._subject())
            case Snap():
                self._service.ask(said, self._tell, by=self._name)
            case answer:
                await self._service.answered(self._name, answer)
        wait = self._allowance.take(time.monotonic())
        if wait > 0:
            await asyncio.sleep(wait)

    def _subject(self) -> str | None:
        """Return who this client's token speaks for; only a device's token makes a device."""
        if self.principal is None:
            return None
        if self.guard.roles[Access.SNAP] not in self.principal.roles:
            raise NotAllowed(
                f"hello: expected a token with the role {self.guard.roles[Access.SNAP]!r}, got one without"
            )
        return self.principal.subject

    def _tell(self, message: Message) -> None:
        if self._name is not None:
            self.send(message)


class SnapsHandler(BaseHandler):
    """Pictures at an operator's wish."""

    def initialize(self, service: SnapService) -> None:
        """Take the service."""
        self._service = service

    async def post(self) -> None:
        """Have devices take pictures; answer the summary when all have answered, at the deadline at the latest."""
        value = strict_json.loads(self.request.body, max_bytes=MAX_TEXT_BYTES)
        if not isinstance(value, dict):
            raise BadInput(f"expected a JSON object with 'to', got {type(value).__name__}")
        asked = from_snap.snap_of(value | {"type": "snap"})
        ended: asyncio.Future[to_snap.Summary] = asyncio.get_running_loop().create_future()

        def tell(message: Message) -> None:
            if isinstance(message, to_snap.Summary) and not ended.done():
                ended.set_result(message)

        snap_id = self._service.ask(asked, tell)
        try:
            async with asyncio.timeout(asked.deadline_seconds + 5):  # more than the service takes, unless it stops
                self.write_json(summary_view(await ended))
        except TimeoutError:
            structlog.get_logger().warning("snap_lost", snap=snap_id)
            raise Unavailable("expected the snap to end at its deadline, got no summary") from None


class SnapDevicesHandler(BaseHandler):
    """The devices that can be asked."""

    def initialize(self, service: SnapService) -> None:
        """Take the service."""
        self._service = service

    def get(self) -> None:
        """Answer every known device, by name."""
        self.write_json({"data": [_device_view(device) for device in self._service.devices()]})


def summary_view(summary: to_snap.Summary) -> dict[str, object]:
    """Return a summary as JSON, without its type."""
    rows = [
        {
            "deviceId": row.device_id,
            "state": row.state,
            "sha256": row.sha256,
            "reason": row.reason,
            "seconds": row.seconds,
        }
        for row in summary.devices
    ]
    return {"snapId": summary.snap_id, "devices": rows, "complete": summary.complete}


def _device_view(device: Device) -> dict[str, object]:
    return {
        "deviceId": device.device_id,
        "groups": sorted(device.groups),
        "state": "online" if device.online else "offline",
        "since": device.since,
    }
