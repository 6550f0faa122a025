"""Takes requests of devices and answers them: each at least once to the broker, never run twice. Runs and reads none.

A message is acknowledged to the broker once its request is in Redis; a result is acknowledged in Redis once the broker
has the answer. So whatever is killed, the next start goes on from what is kept.
"""

import asyncio
import base64
import uuid
from collections.abc import Awaitable, Callable, Coroutine

import structlog

from backbone.backoff import Backoff
from backbone.errors import BadInput, Unavailable
from backbone.lifecycle import Part
from backbone.wire.jobs import Result
from mqtt_gateway.broker_link import BrokerLink
from mqtt_gateway.domain.answers import answer_to, payload_of, refusal_to
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.open_request import Address, OpenRequest, Record
from mqtt_gateway.domain.request_forms import Asked, Refused, read_request
from mqtt_gateway.handover import Handover
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.request_store import Outcome, RequestStore

REPLIES = "mqtt:results"
"""The stream on which workers tell the gateway's results."""
MOST_SAID_ASIDE = 1_000


class RequestService(Part):
    """The one gateway's requests and answers.

    Args:
        link: to the broker.
        handover: to the workers.
        pause: waits for seconds; a test gives its own.
    """

    def __init__(
        self,
        *,
        link: BrokerLink,
        store: RequestStore,
        handover: Handover,
        metrics: GatewayMetrics,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._link = link
        self._store = store
        self._handover = handover
        self._metrics = metrics
        self._pause = pause
        self._aside: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Give up what is said aside."""
        for task in self._aside:
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)

    # There.

    async def take(self, message: Incoming) -> None:
        """Act on one request; when this returns it is kept, answered or dropped."""
        try:
            asked = read_request(message)
        except BadInput as fault:
            self._metrics.dropped.labels("bad_topic").inc()
            structlog.get_logger().info("request_dropped", reason=fault.message)
            return
        if isinstance(asked, Refused):
            self._metrics.requests.labels(asked.address.form, "refused").inc()
            self._refuse(asked.address, asked.reason)
            return
        request = OpenRequest(asked.task(f"offload-{uuid.uuid4().hex}", REPLIES), asked.address, asked.digest)
        outcome, record = await self._keep(request, message)
        self._metrics.requests.labels(asked.address.form, outcome.value).inc()
        match outcome:
            case Outcome.RUN:
                self._handover.begin(request)
            case Outcome.WAITS:
                self._handover.look()
            case Outcome.FULL:
                text = "expected fewer requests of this client to wait, got one more; try again later"
                self._refuse(asked.address, text)
            case Outcome.KNOWN if record is not None:
                self._repeat(asked, record)

    async def _keep(self, request: OpenRequest, message: Incoming) -> tuple[Outcome, Record | None]:
        packet = message.packet if message.qos > 0 else None
        again, backoff = message.again, Backoff(first=0.1, limit=2.0)
        while True:
            try:
                return await self._store.take(request, packet=packet, again=again)
            except Unavailable as fault:
                # It may have been kept all the same: the answer was lost, not the question.
                again = True
                self._handover.lost(fault)
                await self._pause(backoff.next_wait())

    def _repeat(self, asked: Asked, record: Record) -> None:
        if record.digest != asked.digest:
            text = "requestId: expected a new one for another request, got one that was used before"
            self._refuse(asked.address, text)
        elif record.answer is not None:
            self._say_aside(self._publish(asked.address, base64.b64decode(record.answer)))

    def _refuse(self, address: Address, reason: str) -> None:
        self._metrics.answers.labels("rejected").inc()
        self._say_aside(self._publish(address, payload_of(refusal_to(address, reason), address)))

    def _say_aside(self, what: Coroutine[None, None, None]) -> None:
        """Publish something that may be lost: whoever misses it asks again."""
        if len(self._aside) >= MOST_SAID_ASIDE:
            what.close()
            self._metrics.dropped.labels("too_many_refusals").inc()
            return
        task = asyncio.create_task(what)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    # And back.

    async def deliver(self, result: Result) -> None:
        """Answer a request, and forget it once the broker has the answer.

        Raises:
            Unavailable: Redis did not answer; the result may be delivered again.
        """
        try:
            request = await self._store.opened(result.task_id)
            if request is not None:
                await self._answer(request, result)
                await self._store.delivered(result.task_id)
        except Unavailable as fault:
            self._handover.lost(fault)
            raise

    async def _answer(self, request: OpenRequest, result: Result) -> None:
        answer = answer_to(request.address, result)
        payload = payload_of(answer, request.address)
        await self._store.answered(request, payload)
        self._handover.look()
        await self._publish(request.address, payload)
        self._metrics.answers.labels(answer.status).inc()

    async def _publish(self, address: Address, payload: bytes) -> None:
        correlation = base64.b64decode(address.correlation) if address.correlation is not None else None
        await self._link.publish(address.topic, payload, correlation=correlation)
