"""Hands kept requests to the workers: each client in its turn, and again whatever may have been lost. Answers none.

Redis says what is with the workers. After a start, and whenever a call failed that may have changed that, all of it is
handed over again: the queue knows what it has already.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from backbone.backoff import Backoff
from backbone.errors import Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.lifecycle import Part
from backbone.wire.offload import OFFLOAD
from mqtt_gateway.domain.open_request import OpenRequest
from mqtt_gateway.request_store import RequestStore

AT_ONCE = 4


class Handover(Part):
    """The one way to the workers.

    Args:
        pause: waits for seconds; a test gives its own.
    """

    def __init__(
        self,
        *,
        store: RequestStore,
        queue: JobQueue,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._queue = queue
        self._pause = pause
        self._to_run: asyncio.Queue[OpenRequest] = asyncio.Queue()  # as many as clients may have running, not more
        self._handing: set[str] = set()
        self._turn = asyncio.Event()
        self._in_order = asyncio.Event()
        self._out_of_order = asyncio.Event()
        self.last_error = "not read yet"

    @property
    def works(self) -> bool:
        """Whether Redis answered when it was asked last."""
        return self._in_order.is_set()

    def begin(self, request: OpenRequest) -> None:
        """Hand over a request whose turn it is."""
        self._to_run.put_nowait(request)

    def look(self) -> None:
        """Look whose turn it is: a request waits, or there is room for one."""
        self._turn.set()

    def lost(self, fault: Unavailable) -> None:
        """Note that Redis did not answer: what was asked may have been done or not."""
        if self.works:
            structlog.get_logger().warning("store_away", reason=fault.message)
        self.last_error = fault.message
        self._in_order.clear()
        self._out_of_order.set()

    async def resume(self) -> None:
        """Begin with what is with the workers, or begin anew: Redis is there, and may not have what it had."""
        self._in_order.clear()
        self._out_of_order.set()

    async def run(self) -> None:
        """Hand over until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_order())
            group.create_task(self._take_turns())
            for _ in range(AT_ONCE):
                group.create_task(self._hand_over())

    async def _keep_order(self) -> None:
        backoff = Backoff(first=0.1, limit=2.0)
        while True:
            await self._out_of_order.wait()
            self._out_of_order.clear()
            try:
                for request in await self._store.load():
                    self.begin(request)
            except Unavailable as fault:
                self.lost(fault)
                await self._pause(backoff.next_wait())
                continue
            backoff.reset()
            self._in_order.set()
            self.look()

    async def _take_turns(self) -> None:
        while True:
            await self._in_order.wait()
            self._turn.clear()
            try:
                request = await self._store.next()
            except Unavailable as fault:
                self.lost(fault)
                continue
            if request is not None:
                self.begin(request)
                self.look()
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
                self.lost(fault)
            finally:
                self._handing.discard(request.task_id)
