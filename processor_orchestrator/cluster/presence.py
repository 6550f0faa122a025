"""Says which cameras and snap devices are connected here, and hears which are at the other orchestrators."""

import asyncio
from contextlib import suppress

import msgspec
import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from processor_orchestrator.bus import EventBus, Origin
from processor_orchestrator.cluster.link import ClusterLink
from processor_orchestrator.cluster.redis_channel import RedisChannel
from processor_orchestrator.domain.camera import CameraElsewhere
from processor_orchestrator.domain.events import ConnectionsChanged, PeersMet
from processor_orchestrator.domain.snap_device import Device
from processor_orchestrator.live.service import LiveService
from processor_orchestrator.snap.service import SnapService

PRESENCE_SECONDS = 1.0
GATHER_SECONDS = 0.05
"""Many cameras that join at once are told at once."""

DeviceRow = tuple[str, tuple[str, ...], str | None, float]
"""A connected snap device: id, groups, subject, since."""


class Connected(msgspec.Struct, frozen=True):
    """What an orchestrator tells of itself: its connected cameras as (id, subject, since), and its snap devices.

    `models` are those of the cameras' feature maps.
    """

    cameras: list[tuple[str | int, str | None, float]]
    devices: list[DeviceRow] = []
    models: list[str] = []


_connected = msgspec.json.Decoder(Connected)


class Presence(Part):
    """This orchestrator's presence among the others on its Redis.

    Args:
        instance: names this process among the orchestrators.
    """

    def __init__(
        self,
        *,
        instance: str,
        channel: RedisChannel,
        link: ClusterLink,
        bus: EventBus,
        live: LiveService,
        snap: SnapService,
    ) -> None:
        self._instance = instance
        self._channel = channel
        self._link = link
        self._bus = bus
        self._live = live
        self._snap = snap
        self._others: frozenset[str] = frozenset()
        self._due = asyncio.Event()
        bus.subscribe(ConnectionsChanged, lambda _event: self._due.set(), origin=Origin.HERE)

    async def run(self) -> None:
        """Tell and hear until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_for_ever())
            group.create_task(self._look_when_asked())

    async def stop(self) -> None:
        """Tell the others that this one is gone, and let the connections go."""
        with suppress(Unavailable):  # the presence key ends by itself
            await self._channel.leave(self._instance)
        await self._channel.aclose()

    async def _look_when_asked(self) -> None:
        while True:
            await self._link.asked_to_look()
            await self._exchange()

    async def _tell_for_ever(self) -> None:
        while True:
            self._due.clear()
            await self._exchange()
            try:
                async with asyncio.timeout(PRESENCE_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(GATHER_SECONDS)
            self._due.clear()
            await self._exchange()
            self._link.ask_to_look()

    async def _exchange(self) -> None:
        """Renew this orchestrator's presence and take those of the others."""
        with suppress(Unavailable):  # not loaded yet
            self._live.require_loaded()
            try:
                alive = await self._channel.say_alive(self._instance, msgspec.json.encode(self._present()))
            except Unavailable as fault:
                structlog.get_logger().warning("presence_waits", reason=fault.message)
                return
            self._meet(alive)

    def _present(self) -> Connected:
        return Connected(
            [(camera.camera_id, camera.subject, camera.since) for camera in self._live.online()],
            [
                (device.device_id, tuple(sorted(device.groups)), device.subject, device.since)
                for device in self._snap.online()
            ],
            sorted(self._live.models()),
        )

    def _meet(self, alive: dict[str, bytes]) -> None:
        if self._others != alive.keys():
            structlog.get_logger().info("peers", alive=len(alive))
        self._others = frozenset(alive)
        self._link.others_are(self._others)
        present = [_connected.decode(told) for told in alive.values()]
        cameras = {str(i): CameraElsewhere(i, subject, since) for told in present for i, subject, since in told.cameras}
        devices = tuple(
            Device(device_id, frozenset(groups), subject, since, elsewhere=True)
            for told in present
            for device_id, groups, subject, since in told.devices
        )
        models = frozenset(model for told in present for model in told.models)
        self._bus.publish(PeersMet(cameras, devices, models))
