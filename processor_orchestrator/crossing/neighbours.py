"""The other orchestrators on the same Redis: which cameras they hold, and what is handed to their clients.

Decides nothing about sought objects. While no other is alive nothing is published.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

import msgspec
import structlog

from backbone.errors import Unavailable
from backbone.mjpeg import Viewer
from backbone.wire import to_client
from backbone.wire.codec import encode
from backbone.wire.values import Message
from processor_orchestrator.crossing.redis_channel import RedisChannel
from processor_orchestrator.snap.abroad import DeviceRow, SnapSide
from processor_orchestrator.streams.relay import StreamRelay
from processor_orchestrator.tracking.roster import CameraElsewhere
from processor_orchestrator.tracking.sightings import SightingBook
from processor_orchestrator.tracking.switchboard import Switchboard
from processor_orchestrator.tracking.tracking import Delivery

PRESENCE_SECONDS = 1.0
RETRY_SECONDS = 0.5
MAX_WAITING = 500
"""Messages that wait for the others; the oldest is dropped when there are more."""

LEASE_SECONDS = 5.0
"""Live pictures for another orchestrator end when it has not asked again for this long."""

BOXES, SIGHTING, DEMAND, PICTURE, CAMERAS, SNAP = b"b", b"s", b"d", b"p", b"c", b"n"
ORIGIN_BYTES = 32
KEY_BYTES = 2


class Presence(msgspec.Struct, frozen=True):
    """What an orchestrator tells of itself: its connected cameras as (id, subject, since), and its snap devices."""

    cameras: list[tuple[str | int, str | None, float]]
    devices: list[DeviceRow] = []


_presence = msgspec.json.Decoder(Presence)
_sighting = msgspec.json.Decoder(to_client.Sighting)
_demand: msgspec.json.Decoder[tuple[str, float]] = msgspec.json.Decoder(tuple[str, float])


class Neighbours:
    """This orchestrator's side of the exchange with the others."""

    def __init__(
        self,
        *,
        instance: str,
        channel: RedisChannel,
        switchboard: Switchboard,
        book: SightingBook,
        relay: StreamRelay,
        snaps: SnapSide,
    ) -> None:
        self._instance = instance
        self._channel = channel
        self._switchboard = switchboard
        self._book = book
        self._relay = relay
        self._snaps = snaps
        self._others: frozenset[str] = frozenset()
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._something_waits = asyncio.Event()
        self._presence_due = asyncio.Event()
        self._lent: dict[tuple[str, str], _Loan] = {}

    # What happens here.

    def tell_boxes(self, message: Message) -> None:
        """Hand boxes to the clients of the others, while there are others."""
        if self._others:
            self._put(BOXES, encode(message))

    def tell_sighting(self, sighting: to_client.Sighting) -> None:
        """Hand a stored sighting to the clients of the others, while there are others."""
        if self._others:
            self._put(SIGHTING, encode(sighting))

    def tell_snap(self, body: bytes) -> None:
        """Hand a word of the snap desk to the desks of the others, while there are others."""
        if self._others:
            self._put(SNAP, body)

    def cameras_changed(self) -> None:
        """Let the others know soon which cameras and devices are connected here."""
        self._presence_due.set()

    def _put(self, kind: bytes, body: bytes) -> None:
        self._waiting.append(kind + self._instance.encode() + body)
        self._something_waits.set()

    # Life.

    async def run(self) -> None:
        """Exchange until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for part in (self._tell_presence, self._listen, self._publish, self._renew_demand):
                    group.create_task(part())
        finally:
            for loan in list(self._lent.values()):
                self._end(loan)

    async def leave(self) -> None:
        """Tell the others that this one is gone, and let the connections go."""
        with suppress(Unavailable):  # the presence key ends by itself
            await self._channel.leave(self._instance)
        await self._channel.aclose()

    async def _tell_presence(self) -> None:
        while True:
            self._presence_due.clear()
            if self._switchboard.loaded:
                try:
                    self._meet(await self._channel.say_alive(self._instance, msgspec.json.encode(self._present())))
                except Unavailable as fault:
                    structlog.get_logger().warning("presence_waits", reason=fault.message)
            try:
                async with asyncio.timeout(PRESENCE_SECONDS):
                    await self._presence_due.wait()
                if self._others:
                    self._put(CAMERAS, msgspec.json.encode(self._present()))
                await asyncio.sleep(0.05)  # many cameras that join at once are told at once
            except TimeoutError:
                pass

    def _present(self) -> Presence:
        cameras = self._switchboard.tracking.roster.cameras.values()
        online = [(known.camera_id, known.subject, known.since) for known in cameras if known.peer is not None]
        return Presence(online, self._snaps.rows())

    def _meet(self, alive: dict[str, bytes]) -> None:
        if self._others != alive.keys():
            structlog.get_logger().info("neighbours", alive=len(alive))
        self._others = frozenset(alive)
        elsewhere: dict[str, CameraElsewhere] = {}
        present = [_presence.decode(told) for told in alive.values()]
        for told in present:
            elsewhere |= {str(i): CameraElsewhere(i, subject, since) for i, subject, since in told.cameras}
        self._snaps.met([row for told in present for row in told.devices])
        tracking = self._switchboard.tracking
        mine = tracking.roster.cameras
        for key in elsewhere.keys() & tracking.roster.online().keys():
            if elsewhere[key].since > mine[key].since:
                self._switchboard.dismiss_camera(key)
        changed, tracking.roster.elsewhere = tracking.roster.elsewhere != elsewhere, elsewhere
        if changed:
            self._switchboard.deliver([tracking.cameras_told()])

    async def _publish(self) -> None:
        while True:
            await self._something_waits.wait()
            self._something_waits.clear()
            batch = list(self._waiting)
            self._waiting.clear()
            try:
                await self._channel.publish(batch)
            except Unavailable:  # droppable: what is live loses its worth
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        while True:
            try:
                async for payload in self._channel.listen():
                    kind, origin = payload[:1], payload[1 : 1 + ORIGIN_BYTES].decode()
                    if origin != self._instance:
                        await self._take_known(kind, origin, payload[1 + ORIGIN_BYTES :])
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    async def _take_known(self, kind: bytes, origin: str, body: bytes) -> None:
        try:
            if kind == SNAP:
                await self._snaps.crossed(body)
            else:
                self._take(kind, origin, body)
        except (msgspec.MsgspecError, ValueError) as fault:
            structlog.get_logger().warning("bad_crossing", kind=kind.decode(errors="replace"), reason=str(fault)[:200])

    def _take(self, kind: bytes, origin: str, body: bytes) -> None:
        if not self._switchboard.loaded:
            return
        if kind == BOXES:
            self._switchboard.forward_boxes(body, tuple(self._switchboard.tracking.roster.clients))
        elif kind == SIGHTING:
            peers = self._switchboard.tracking.roster.clients_that_want("sightings")
            self._switchboard.deliver([Delivery(peers, _sighting.decode(body))])
        elif kind == CAMERAS:
            self._presence_due.set()
        elif kind == DEMAND:
            self._lend(origin, *_demand.decode(body))
        elif kind == PICTURE:
            size = int.from_bytes(body[:KEY_BYTES])
            self._relay.received_elsewhere(body[KEY_BYTES : KEY_BYTES + size].decode(), body[KEY_BYTES + size :])

    # Live pictures.

    def demand(self, camera: str, fps: float) -> None:
        """Ask whoever holds a camera for its pictures; 0.0 when nobody watches any more."""
        if camera in self._switchboard.tracking.roster.elsewhere:
            self._put(DEMAND, msgspec.json.encode((camera, fps)))

    async def _renew_demand(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            for camera, fps in self._relay.demands().items():
                self.demand(camera, fps)
            for loan in list(self._lent.values()):
                if loan.until < time.monotonic():
                    self._end(loan)

    def _lend(self, origin: str, camera: str, fps: float) -> None:
        loan = self._lent.get((origin, camera))
        if loan is not None and loan.viewer.fps != fps:
            self._end(loan)
            loan = None
        if fps <= 0 or camera not in self._switchboard.tracking.roster.online():
            return
        if loan is None:
            viewer = Viewer(fps)
            try:
                self._relay.broadcast(camera).join(viewer)
            except Unavailable:
                return
            loan = self._lent[origin, camera] = _Loan(origin, camera, viewer)
            loan.task = asyncio.create_task(self._send_pictures(loan))
        loan.until = time.monotonic() + LEASE_SECONDS

    async def _send_pictures(self, loan: "_Loan") -> None:
        key = loan.camera.encode()
        head = PICTURE + self._instance.encode() + len(key).to_bytes(KEY_BYTES) + key
        while True:
            part = await loan.viewer.slot.take(timeout=LEASE_SECONDS)
            if part is None:
                continue
            try:
                await self._channel.publish([head + part.jpeg])  # awaited: a slow Redis leaves the newest in the slot
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _end(self, loan: "_Loan") -> None:
        self._lent.pop((loan.origin, loan.camera), None)
        self._relay.broadcast(loan.camera).leave(loan.viewer)
        if loan.task is not None:
            loan.task.cancel()


class _Loan:
    """Pictures of a camera that another orchestrator asked for."""

    def __init__(self, origin: str, camera: str, viewer: Viewer) -> None:
        self.origin = origin
        self.camera = camera
        self.viewer = viewer
        self.until = 0.0
        self.task: asyncio.Task[Any] | None = None
