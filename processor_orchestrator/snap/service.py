"""The snap relay of one orchestrator: texts to every other client, snaps to devices, summaries back."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from backbone.errors import Conflict, NotAllowed, NotFound, Unavailable
from backbone.lifecycle import Part
from backbone.wire import from_snap, to_snap
from backbone.wire.codec import encode
from backbone.wire.snap_values import ALL, Answer, Failed, Uploaded
from backbone.wire.values import Message
from processor_orchestrator.bus import EventBus, Inbox, Origin
from processor_orchestrator.domain.events import ConnectionsChanged, PeersMet, SnapSaid, SnapText
from processor_orchestrator.domain.snap import Snap
from processor_orchestrator.domain.snap_device import Device, PeerId, SnapDevices
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.stores.snippets import SnippetStore

LEGACY_SNAP = "snap"
LEGACY_DEADLINE_SECONDS = 10.0
MAX_UNDER_WAY = 64
MOST_CROSSED = 500
CLOSE_REPLACED = 4409

Tell = Callable[[Message], None]


class SnapPeer(Protocol):
    """A connected client."""

    def send_command(self, payload: bytes) -> None:
        """Send a text that must arrive; a client that cannot keep up is let go."""

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Let the client go."""


class _UnderWay:
    """A snap that somebody waits for."""

    def __init__(self, snap: Snap, tell: Tell, timer: asyncio.TimerHandle) -> None:
        self.snap = snap
        self.tell = tell
        self.timer = timer


class SnapService(Part):
    """Everyone who is connected to this orchestrator's relay.

    Args:
        snippets: what devices uploaded; a device's word for it is checked here.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        snippets: SnippetStore,
        bus: EventBus,
        metrics: OrchestratorMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._devices = SnapDevices()
        self._bus = bus
        self._crossed: Inbox[SnapSaid] = Inbox(most=MOST_CROSSED)
        bus.subscribe(SnapSaid, self._crossed.put, origin=Origin.ELSEWHERE)
        bus.subscribe(PeersMet, self._met)
        self._snippets = snippets
        self._metrics = metrics
        self._now = now
        self._peers: dict[PeerId, SnapPeer] = {}
        self._under_way: dict[str, _UnderWay] = {}

    # Clients.

    def joined(self, peer: SnapPeer) -> PeerId:
        """Take in a client."""
        name = self._devices.joined()
        self._peers[name] = peer
        self._metrics.snap_clients.set(len(self._peers))
        return name

    def left(self, name: PeerId) -> None:
        """Forget a client."""
        self._peers.pop(name, None)
        self._metrics.snap_clients.set(len(self._peers))
        device = self._devices.left(name, now=self._now())
        if device is not None:
            structlog.get_logger().info("snap_device_left", device=device)
            self._bus.publish(ConnectionsChanged())

    def hello(self, name: PeerId, said: from_snap.Hello, subject: str | None) -> None:
        """Let a client speak for a device.

        Raises:
            SearchlightError: the name is another's, or means everybody.
        """
        replaced = self._devices.hello(name, said.device_id, said.groups, subject, now=self._now())
        if replaced is not None and replaced in self._peers:
            self._peers[replaced].close(CLOSE_REPLACED, "a newer connection speaks for this device")
        structlog.get_logger().info("snap_device_joined", device=said.device_id, groups=list(said.groups))
        self._bus.publish(ConnectionsChanged())

    async def stop(self) -> None:
        """Let every client go; nobody waits for a summary any more."""
        for waiting in self._under_way.values():
            waiting.timer.cancel()
        self._under_way.clear()
        for peer in list(self._peers.values()):
            peer.close(1001, "the server stops")

    # Legacy texts.

    def say(self, name: PeerId, text: str) -> None:
        """Hand a client's text to every other one, here and elsewhere; devices understand `snap` as JSON."""
        snap_id = uuid.uuid4().hex if text == LEGACY_SNAP else None
        self._hand_on(text, snap_id, but=name)
        self._bus.publish(SnapSaid(SnapText(text=text, snap_id=snap_id)))

    def _hand_on(self, text: str, snap_id: str | None, *, but: PeerId | None) -> None:
        self._metrics.snap_texts.inc()
        plain = text.encode()
        for_device = plain
        if snap_id is not None:
            message = to_snap.Snap(snap_id=snap_id, to=ALL, deadline_seconds=LEGACY_DEADLINE_SECONDS, legacy=True)
            for_device = encode(message)
        for other in self._devices.peers():
            if other != but:
                is_device = self._devices.device_of(other) is not None
                self._peers[other].send_command(for_device if is_device else plain)

    # Snaps.

    def ask(self, said: from_snap.Snap, tell: Tell, *, by: PeerId | None = None) -> str:
        """Have devices take a picture and return the snap's id; `tell` gets their answers and then the summary.

        Args:
            by: the requester, where it is a client of the relay; it is not asked.

        Raises:
            NotFound: no device of that name or group is known, and no legacy client could be meant.
            Conflict: a snap of this id is under way.
            Unavailable: too many are.
        """
        if len(self._under_way) >= MAX_UNDER_WAY:
            raise Unavailable(f"expected at most {MAX_UNDER_WAY} snaps at a time, got one more; try again")
        snap_id = uuid.uuid4().hex if said.snap_id is None else said.snap_id
        if snap_id in self._under_way:
            raise Conflict(f"snapId: expected one that is not under way, got {snap_id!r}")
        own = None if by is None else self._devices.device_of(by)
        meant = [device for device in self._devices.meant(said.to, now=self._now()) if device.device_id != own]
        if not meant and said.to != ALL:
            raise NotFound(f"to: expected a known device or group, or 'all', got {said.to!r}", code="unknown_device")
        self._begin(Snap.of(snap_id, meant, now=time.monotonic()), tell, said.deadline_seconds)
        message = to_snap.Snap(snap_id=snap_id, to=said.to, deadline_seconds=said.deadline_seconds)
        self._pass_on(message, but=by)
        self._bus.publish(SnapSaid(message))
        structlog.get_logger().info("snap_asked", snap=snap_id, to=said.to, devices=len(meant))
        return snap_id

    def _begin(self, snap: Snap, tell: Tell, seconds: float) -> None:
        timer = asyncio.get_running_loop().call_later(seconds, self._end, snap.snap_id)
        self._under_way[snap.snap_id] = _UnderWay(snap, tell, timer)

    def _pass_on(self, message: to_snap.Snap, *, but: PeerId | None) -> None:
        """Send a snap to the devices here that it means, and the plain word to legacy clients when all are meant."""
        payload = encode(message)
        for device in self._devices.online_here():
            if device.is_meant(message.to) and device.peer is not None and device.peer != but:
                self._peers[device.peer].send_command(payload)
        if message.to == ALL:
            for other in self._devices.peers():
                if other != but and self._devices.device_of(other) is None:
                    self._peers[other].send_command(LEGACY_SNAP.encode())

    async def answered(self, name: PeerId, said: Answer) -> None:
        """Take a device's answer.

        Raises:
            NotAllowed: it speaks for another device.
            Unavailable: whether its picture came cannot be checked now.
        """
        if self._devices.device_of(name) != said.device_id:
            raise NotAllowed(f"deviceId: expected 'hello' of {said.device_id!r} on this connection before, got none")
        await self._hear(said)
        self._bus.publish(SnapSaid(said))

    async def _hear(self, said: Answer) -> None:
        if said.snap_id not in self._under_way:
            return  # at another orchestrator, a legacy one that nobody waits for, or over
        checked = await self._checked(said)
        waiting = self._under_way.get(said.snap_id)  # it may have ended meanwhile
        if waiting is None or not waiting.snap.hear(checked, now=time.monotonic()):
            return
        waiting.tell(checked)
        if waiting.snap.settled:
            self._end(said.snap_id)

    async def _checked(self, said: Answer) -> Answer:
        """Return an answer, or `failed` in the place of one that tells of a picture which never came."""
        if not isinstance(said, Uploaded) or await self._snippets.find(said.device_id, said.sha256) is not None:
            return said
        reason = f"expected its picture at /snippets/{said.device_id}/, got none with the digest that it told"
        return Failed(snap_id=said.snap_id, device_id=said.device_id, reason=reason)

    def _end(self, snap_id: str) -> None:
        waiting = self._under_way.pop(snap_id)
        waiting.timer.cancel()
        summary = waiting.snap.summary()
        for result in summary.devices:
            self._metrics.snaps.labels(result.state).inc()
        structlog.get_logger().info("snap_ended", snap=snap_id, complete=summary.complete)
        waiting.tell(summary)

    def devices(self) -> Iterable[Device]:
        """Return every known device, by name."""
        return self._devices.known(self._now()).values()

    def online(self) -> list[Device]:
        """Return the devices that are connected here."""
        return self._devices.online_here()

    # Other orchestrators.

    async def run(self) -> None:
        """Act on what was said at the relays of the other orchestrators, until cancelled."""
        while True:
            said = await self._crossed.take()
            try:
                await self._take(said)
            except Unavailable as fault:  # whether the picture came cannot be checked now
                structlog.get_logger().warning("snap_answer_lost", reason=fault.message)

    async def _take(self, said: SnapSaid) -> None:
        match said.message:
            case SnapText(text=text, snap_id=snap_id):
                self._hand_on(text, snap_id, but=None)
            case to_snap.Snap() as snap:
                self._pass_on(snap, but=None)
            case answer:
                await self._hear(answer)

    def _met(self, event: PeersMet) -> None:
        """Take what the others hold; a device whose newer socket is there is let go here."""
        for peer in self._devices.met(event.devices):
            self._peers[peer].close(CLOSE_REPLACED, "a newer connection speaks for this device")
