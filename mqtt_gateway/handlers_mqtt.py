"""What comes in by MQTT: requests of devices, and the word of Home Assistant that it has started. Decides nothing."""

import asyncio
from collections.abc import Callable, Sequence

from backbone.lifecycle import Part
from mqtt_gateway.broker_link import BrokerLink
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.request_service import RequestService

AT_ONCE = 8
"""Messages in work: each waits for Redis, and Redis writes several in one go."""


class MqttHandler(Part):
    """Takes messages from the link and settles each once it was acted on.

    Args:
        status_topic: where Home Assistant says that it came.
        renew: called when it did, and after each connection, for the broker may have lost what it kept.
    """

    def __init__(
        self,
        *,
        link: BrokerLink,
        requests: RequestService,
        status_topic: str,
        renew: Sequence[Callable[[], None]],
        metrics: GatewayMetrics,
    ) -> None:
        self._link = link
        self._requests = requests
        self._status_topic = status_topic
        self._calls = renew
        self._metrics = metrics
        self._come: asyncio.Queue[Incoming] = asyncio.Queue()  # as many as the link has in hand, not more

    async def run(self) -> None:
        """Act on messages until cancelled; what is at hand then was not settled and comes again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(take=self._come.put_nowait, connected=self._renew))
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            message = await self._come.get()
            await self._act(message)
            self._link.settle(message)

    def _renew(self) -> None:
        for call in self._calls:
            call()

    async def _act(self, message: Incoming) -> None:
        if message.topic == self._status_topic:
            if message.payload == b"online":
                self._renew()
        elif message.kept:
            # A retained request would run again with every connection.
            self._metrics.dropped.labels("retained").inc()
        else:
            await self._requests.take(message)
