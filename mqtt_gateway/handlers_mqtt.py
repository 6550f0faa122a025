"""What comes in by MQTT: requests of devices, and the word of Home Assistant that it has started. Decides nothing."""

import asyncio
from collections.abc import Callable

from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.request_desk import RequestDesk

AT_ONCE = 8
"""Messages in work: each waits for Redis, and Redis writes several in one go."""


class MqttDoor:
    """Takes messages from the link and settles each once it was acted on.

    Args:
        status_topic: where Home Assistant says that it came.
        born: called when it did.
    """

    def __init__(
        self, *, desk: RequestDesk, status_topic: str, born: Callable[[], None], metrics: GatewayMetrics
    ) -> None:
        self._desk = desk
        self._status_topic = status_topic
        self._born = born
        self._metrics = metrics
        self._come: asyncio.Queue[Incoming] = asyncio.Queue()  # as many as the link has in hand, not more

    def put(self, message: Incoming) -> None:
        """Take a message; it is acted on soon."""
        self._come.put_nowait(message)

    async def run(self, settle: Callable[[Incoming], None]) -> None:
        """Act on messages until cancelled; what is at hand then was not settled and comes again."""

        async def work() -> None:
            while True:
                message = await self._come.get()
                await self._act(message)
                settle(message)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())

    async def _act(self, message: Incoming) -> None:
        if message.topic == self._status_topic:
            if message.payload == b"online":
                self._born()
        elif message.kept:
            # A retained request would run again with every connection.
            self._metrics.dropped.labels("retained").inc()
        else:
            await self._desk.take(message)
