"""The gateway's neighbours in memory: the broker's link, Redis' store of requests, and the workers' queue."""

import asyncio
from collections import deque
from collections.abc import Collection

from backbone.errors import Unavailable
from backbone.wire.offload import OffloadTask
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.domain.open_request import OpenRequest, Record
from mqtt_gateway.request_store import Outcome


class Failing:
    """What can be away: as many calls of a name as `away` says are refused."""

    def __init__(self) -> None:
        self.away: dict[str, int] = {}

    def called(self, name: str) -> None:
        if self.away.get(name, 0) > 0:
            self.away[name] -= 1
            raise Unavailable(f"{name}: expected an answer, got none", code="store_unavailable")


class FakeLink:
    """A broker that takes everything while it is there; what is published meanwhile waits."""

    def __init__(self) -> None:
        self.there = asyncio.Event()
        self.there.set()
        self.published: list[tuple[str, bytes, bytes | None]] = []
        self.settled: list[Incoming] = []

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None
    ) -> None:
        assert not retain, "an answer is never retained"
        await self.there.wait()
        self.published.append((topic, payload, correlation))

    async def run(self, *, take, connected) -> None:
        self.take = take
        connected()
        await asyncio.Event().wait()

    def settle(self, message: Incoming) -> None:
        self.settled.append(message)


class FakeStore(Failing):
    """What Redis keeps of requests; one client has `running` with the workers, the others wait.

    Args:
        keeps_unheard: a `take` that is refused has kept the request all the same.
    """

    def __init__(self, *, running: int = 8, waiting: int = 500, keeps_unheard: bool = False) -> None:
        super().__init__()
        self.most_running, self.most_waiting, self.keeps_unheard = running, waiting, keeps_unheard
        self.open: dict[str, OpenRequest] = {}
        self.running: set[str] = set()
        self.waiting: deque[str] = deque()
        self.records: dict[str, Record] = {}
        self.packets: dict[int, str] = {}
        self.payloads: dict[str, bytes] = {}

    async def take(self, request: OpenRequest, *, packet: int | None, again: bool) -> tuple[Outcome, Record | None]:
        try:
            self.called("take")
        except Unavailable:
            if self.keeps_unheard:
                self._taken(request, packet, again)
            raise
        return self._taken(request, packet, again)

    def _taken(self, request: OpenRequest, packet: int | None, again: bool) -> tuple[Outcome, Record | None]:
        request_id = request.address.request_id
        if request_id is not None and request_id in self.records:
            return Outcome.KNOWN, self.records[request_id]
        if request_id is None and again and self.packets.get(packet) == request.digest:
            return Outcome.KNOWN, None
        if len(self.running) >= self.most_running and len(self.waiting) >= self.most_waiting:
            return Outcome.FULL, None
        if request_id is not None:
            self.records[request_id] = Record(request.digest)
        elif packet is not None:
            self.packets[packet] = request.digest
        self.open[request.task_id] = request
        if len(self.running) < self.most_running:
            self.running.add(request.task_id)
            return Outcome.RUN, None
        self.waiting.append(request.task_id)
        return Outcome.WAITS, None

    async def next(self) -> OpenRequest | None:
        self.called("next")
        if not self.waiting or len(self.running) >= self.most_running:
            return None
        task_id = self.waiting.popleft()
        self.running.add(task_id)
        return self.open[task_id]

    async def opened(self, task_id: str) -> OpenRequest | None:
        self.called("opened")
        return self.open.get(task_id)

    async def answered(self, request: OpenRequest, payload: bytes) -> None:
        self.called("answered")
        self.running.discard(request.task_id)
        self.payloads[request.task_id] = payload

    async def delivered(self, task_id: str) -> None:
        self.called("delivered")
        self.open.pop(task_id, None)

    async def load(self) -> list[OpenRequest]:
        self.called("load")
        return [self.open[task_id] for task_id in sorted(self.running)]


class FakeQueue(Failing):
    """Tasks that workers were handed; one that is there already is not handed over again."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: dict[str, OffloadTask] = {}
        self.asked = 0

    async def enqueue(self, queue: str, task: OffloadTask) -> None:
        assert queue == "offload"
        self.asked += 1
        self.called("enqueue")
        self.tasks.setdefault(task.task_id, task)


async def no_pause(_seconds: float) -> None:
    """Let others go on, and wait for nothing."""
    await asyncio.sleep(0)


class FakeRetained(Failing):
    """Topics that may hold something."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: set[str] = set()

    async def topics(self) -> set[str]:
        self.called("topics")
        return set(self.kept)

    async def add(self, topics: Collection[str]) -> None:
        if topics:
            self.called("add")
            self.kept |= set(topics)

    async def drop(self, topics: Collection[str]) -> None:
        self.called("drop")
        self.kept -= set(topics)
