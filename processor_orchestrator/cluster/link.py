"""Joins this process' bus to those of the other orchestrators, by pub/sub: only another subscriber of the bus.

What happens here is told there while there are others; what happens there is published here as from elsewhere. Such
events are worth something at their moment only: they may be lost.
"""

import asyncio
from collections.abc import Callable

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from processor_orchestrator.bus import EventBus, Inbox, Origin
from processor_orchestrator.cluster import moment_codec
from processor_orchestrator.cluster.redis_channel import RedisChannel
from processor_orchestrator.domain.events import PictureSent

RETRY_SECONDS = 0.5
MAX_WAITING = 500
"""Events that wait for the others; the oldest is dropped when there are more."""

ORIGIN_BYTES = 32
PRESENCE = b"c"
"""The first byte of a word between the presences themselves: look at once who is connected."""


class ClusterLink(Part):
    """This process' side of the exchange.

    Args:
        instance: names this process among the orchestrators, 32 characters.
        loaded: whether this process knows the cases; until then it takes nothing up.
    """

    def __init__(self, *, instance: str, channel: RedisChannel, bus: EventBus, loaded: Callable[[], bool]) -> None:
        self._origin = instance.encode()
        self._channel = channel
        self._bus = bus
        self._loaded = loaded
        self._alone = True
        self._waiting: Inbox[bytes] = Inbox(most=MAX_WAITING)
        self._look = asyncio.Event()
        for event_type in moment_codec.FORMS:
            if event_type is not PictureSent:  # those are sent as fast as Redis takes them, see `send_now`
                bus.subscribe(event_type, self._put, origin=Origin.HERE)

    def others_are(self, alive: frozenset[str]) -> None:
        """Take who else is alive: while nobody is, nothing is sent."""
        self._alone = not alive

    def ask_to_look(self) -> None:
        """Have the others look at once who is connected here."""
        if not self._alone:
            self._waiting.put(PRESENCE + self._origin)

    async def asked_to_look(self) -> None:
        """Return when another one asked to look."""
        await self._look.wait()
        self._look.clear()

    async def send_now(self, event: object) -> None:
        """Send an event and return when Redis has taken it: whoever sends much waits here, not in a queue.

        Raises:
            Unavailable: Redis is away.
        """
        await self._channel.publish([self._framed(event)])

    def _put(self, event: object) -> None:
        if not self._alone:
            self._waiting.put(self._framed(event))

    def _framed(self, event: object) -> bytes:
        raw = moment_codec.write(event)
        return raw[:1] + self._origin + raw[1:]

    async def run(self) -> None:
        """Exchange until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_for_ever())
            group.create_task(self._listen_for_ever())

    async def _send_for_ever(self) -> None:
        while True:
            batch = await self._waiting.take_all()
            try:
                await self._channel.publish(batch)
            except Unavailable:  # what is live loses its worth
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                async for payload in self._channel.listen():
                    self._take(payload)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)

    def _take(self, payload: bytes) -> None:
        kind, origin, body = payload[:1], payload[1 : 1 + ORIGIN_BYTES], payload[1 + ORIGIN_BYTES :]
        if origin == self._origin or not self._loaded():
            return
        if kind == PRESENCE:
            self._look.set()
            return
        try:
            event = moment_codec.read(kind + body)
        except ValueError as fault:
            structlog.get_logger().warning("bad_moment", kind=kind.decode(errors="replace"), reason=str(fault)[:200])
            return
        self._bus.publish(event, origin=Origin.ELSEWHERE)
