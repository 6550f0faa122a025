"""Brings requests of devices to the workers and answers back: each at least once to the broker, never run twice.

A message is acknowledged to the broker once its request is in Redis; a result is acknowledged in Redis once the broker
has the answer. So whatever is killed, the next start goes on from what is kept.
"""

import asyncio
import base64
import uuid
from collections.abc import Coroutine

import structlog

from backbone.backoff import Backoff
from backbone.errors import SearchlightError, Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.wire.from_device import request_id_of
from backbone.wire.jobs import Failed, Result
from backbone.wire.offload import OFFLOAD, Offloaded, Status
from backbone.wire.to_device import OffloadAnswer, answer_of, as_json, as_text
from mqtt_gateway.broker_link import BrokerLink
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.open_request import Address, OpenRequest, Record
from mqtt_gateway.domain.request_forms import Asked, answer_topic, client_of, is_json, read_request
from mqtt_gateway.metrics import GatewayMetrics
from mqtt_gateway.request_store import Outcome, RequestStore

REPLIES = "mqtt:results"
GROUP = "mqtt_gateway"
UNACKNOWLEDGED_MS = 2_000
HANDING_OVER = 4
MOST_DELIVERING = 200
"""Answers that wait for the broker here; further ones wait in Redis."""
MOST_SAID_ASIDE = 1_000
FAILED_STATUS: dict[str, Status] = {"too_slow": "timeout", "too_big": "memory"}


class RequestDesk:
    """The one gateway's way there and back.

    Args:
        link: to the broker.
        queue: to the workers.
    """

    def __init__(self, *, link: BrokerLink, store: RequestStore, queue: JobQueue, metrics: GatewayMetrics) -> None:
        self._link = link
        self._store = store
        self._queue = queue
        self._metrics = metrics
        self._to_run: asyncio.Queue[OpenRequest] = asyncio.Queue()
        self._handing: set[str] = set()
        self._turn = asyncio.Event()
        self._in_order = asyncio.Event()
        self._out_of_order = asyncio.Event()
        self._out_of_order.set()
        self._delivering: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(MOST_DELIVERING)
        self._aside: set[asyncio.Task[None]] = set()
        self.last_error = "not read yet"

    @property
    def works(self) -> bool:
        """Whether Redis answers."""
        return self._in_order.is_set()

    async def run(self) -> None:
        """Carry requests there and answers back until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_order())
            group.create_task(self._take_turns())
            group.create_task(self._read_results())
            for _ in range(HANDING_OVER):
                group.create_task(self._hand_over())

    # There.

    async def take(self, message: Incoming) -> None:
        """Act on one request; when this returns it is kept, answered or dropped."""
        try:
            client = client_of(message.topic)
        except SearchlightError as fault:
            self._metrics.dropped.labels("bad_topic").inc()
            structlog.get_logger().info("request_dropped", reason=fault.message)
            return
        form = "json" if is_json(message) else "text"
        topic = f"result/{client}"
        try:
            topic = answer_topic(message, client)
            asked = read_request(message)
        except SearchlightError as fault:
            self._metrics.requests.labels(form, "refused").inc()
            self._refuse(_address(message, topic, _named(message)), fault)
            return
        await self._keep(message, asked, _address(message, topic, asked.request_id), form)

    async def _keep(self, message: Incoming, asked: Asked, address: Address, form: str) -> None:
        task = asked.task(f"offload-{uuid.uuid4().hex}", REPLIES)
        request = OpenRequest(task, address, asked.digest)
        packet = message.packet if message.qos > 0 else None
        again, backoff = message.again, Backoff(first=0.1, limit=2.0)
        while True:
            try:
                outcome, record = await self._store.take(request, packet=packet, again=again)
                break
            except Unavailable as fault:
                # It may have been kept all the same: the answer was lost, not the question.
                again = True
                self._lost(fault)
                await asyncio.sleep(backoff.next_wait())
        self._metrics.requests.labels(form, outcome.value).inc()
        match outcome:
            case Outcome.RUN:
                self._to_run.put_nowait(request)
            case Outcome.WAITS:
                self._turn.set()
            case Outcome.FULL:
                text = "expected fewer requests of this client to wait, got one more; try again later"
                self._refuse(address, Unavailable(text))
            case Outcome.KNOWN if record is not None:
                self._repeat(asked, address, record)

    def _repeat(self, asked: Asked, address: Address, record: Record) -> None:
        if record.digest != asked.digest:
            text = "requestId: expected a new one for another request, got one that was used before"
            self._refuse(address, SearchlightError(text))
        elif record.answer is not None:
            self._say_aside(self._publish(address, base64.b64decode(record.answer)))

    def _refuse(self, address: Address, fault: SearchlightError) -> None:
        self._metrics.answers.labels("rejected").inc()
        answer = OffloadAnswer(request_id=address.request_id or None, status="rejected", message=fault.message)
        payload = as_text(answer) if address.request_id is None else as_json(answer)
        self._say_aside(self._publish(address, payload))

    def _say_aside(self, what: Coroutine[None, None, None]) -> None:
        """Publish something that may be lost: whoever misses it asks again."""
        if len(self._aside) >= MOST_SAID_ASIDE:
            what.close()
            self._metrics.dropped.labels("too_many_refusals").inc()
            return
        task = asyncio.create_task(what)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _take_turns(self) -> None:
        while True:
            await self._in_order.wait()
            self._turn.clear()
            try:
                request = await self._store.next()
            except Unavailable as fault:
                self._lost(fault)
                continue
            if request is not None:
                self._to_run.put_nowait(request)
                self._turn.set()
            await self._turn.wait()

    async def _hand_over(self) -> None:
        while True:
            request = await self._to_run.get()
            if request.task_id in self._handing:
                continue  # two at once would both find that the queue has it not
            self._handing.add(request.task_id)
            try:
                await self._queue.enqueue(OFFLOAD, request.task)
            except Unavailable as fault:
                self._lost(fault)  # what is with the workers by our books is handed over again
            finally:
                self._handing.discard(request.task_id)

    def _lost(self, fault: Unavailable) -> None:
        if self.works:
            structlog.get_logger().warning("store_away", reason=fault.message)
        self.last_error = fault.message
        self._in_order.clear()
        self._out_of_order.set()

    async def _keep_order(self) -> None:
        """After a start, and whenever Redis was away, hand over what is with the workers by our books."""
        backoff = Backoff(first=0.1, limit=2.0)
        while True:
            await self._out_of_order.wait()
            self._out_of_order.clear()
            try:
                for request in await self._store.load():
                    self._to_run.put_nowait(request)
            except Unavailable as fault:
                self._lost(fault)
                await asyncio.sleep(backoff.next_wait())
                continue
            backoff.reset()
            self._in_order.set()
            self._turn.set()

    # And back.

    async def _read_results(self) -> None:
        while True:
            await self._in_order.wait()
            try:
                async for entry_id, result in self._queue.read_results(
                    REPLIES, GROUP, GROUP, idle_ms=UNACKNOWLEDGED_MS
                ):
                    if entry_id not in self._delivering:
                        await self._room.acquire()
                        self._delivering[entry_id] = asyncio.create_task(self._deliver(entry_id, result))
            except Unavailable as fault:
                self._lost(fault)

    async def _deliver(self, entry_id: str, result: Result) -> None:
        """Answer a request; when Redis is away meanwhile, the result comes again."""
        try:
            request = await self._store.opened(result.task_id)
            if request is not None:
                answer = answer_of(_offloaded(result), request.address.request_id)
                payload = as_text(answer) if request.address.request_id is None else as_json(answer)
                await self._store.answered(request, payload)
                self._turn.set()
                await self._publish(request.address, payload)
                self._metrics.answers.labels(answer.status).inc()
            await self._store.delivered(result.task_id, REPLIES, GROUP, entry_id)
        except Unavailable as fault:
            self._lost(fault)
        finally:
            self._delivering.pop(entry_id, None)
            self._room.release()

    async def _publish(self, address: Address, payload: bytes) -> None:
        correlation = base64.b64decode(address.correlation) if address.correlation is not None else None
        await self._link.publish(address.topic, payload, correlation=correlation)


def _address(message: Incoming, topic: str, request_id: str | None) -> Address:
    correlation = None if message.correlation is None else base64.b64encode(message.correlation).decode()
    return Address(topic, request_id, correlation)


def _named(message: Incoming) -> str | None:
    """Return the request's id, empty where it has the JSON form but no id, None where it has the text form."""
    return (request_id_of(message.payload) or "") if is_json(message) else None


def _offloaded(result: Result) -> Offloaded:
    """Return how a task ended, also where its worker gave up."""
    match result:
        case Offloaded():
            return result
        case Failed(task_id=task_id, tag=tag, code=code, message=message):
            return Offloaded(task_id, tag, FAILED_STATUS.get(code, "rejected"), message=message)
    text = f"expected the result of an offload task, got {type(result).__name__}"
    return Offloaded(result.task_id, result.tag, "rejected", message=text)
