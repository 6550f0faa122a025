"""Keeps requests, their turn and their answers in Redis, so that a kill loses none (adapter of Redis). Runs nothing.

`mqtt:open`            hash: task -> OpenRequest, from when it was taken until its answer was delivered
`mqtt:waiting:CLIENT`  list of tasks that wait for their client's turn;  `mqtt:waiting` how many wait in all
`mqtt:running:CLIENT`  set of tasks that are with the workers
`mqtt:ring`            list of the clients that have both: a task that waits, and room for it
`mqtt:record:...`      Record of a request with an id, for as long as answers are kept
`mqtt:answered:CLIENT` list of records, oldest first, so that a client's answers stay bounded in number and bytes
`mqtt:packets`         hash: packet number -> digest of the text request that came by it last
"""

import base64
from dataclasses import dataclass
from enum import Enum
from typing import Self

import msgspec
from redis.asyncio import Redis

from backbone.redis_client import redis_client
from backbone.redis_errors import answer, answering
from backbone.redis_settings import RedisKeys
from mqtt_gateway.domain import request_scripts as scripts
from mqtt_gateway.domain.open_request import OpenRequest, Record

WAIT_SECONDS = 3.0
MOST_WAITING = 20_000
"""Of all clients together."""

_encode = msgspec.json.Encoder().encode
_open = msgspec.json.Decoder(OpenRequest)
_record = msgspec.json.Decoder(Record)


class Outcome(Enum):
    """What came of a request that was to be kept."""

    RUN = "run"
    WAITS = "waits"
    KNOWN = "known"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one client may have at once.

    Attributes:
        running: tasks that are with the workers.
        waiting: tasks that wait for their turn.
        answers: records that are kept, for at most `seconds` and of at most `answer_bytes` together.
    """

    running: int = 8
    waiting: int = 500
    answers: int = 2_000
    answer_bytes: int = 4 * 1024 * 1024
    seconds: int = 3_600


class RequestStore:
    """The gateway's corner of Redis."""

    def __init__(self, redis: Redis, bounds: Bounds, keys: RedisKeys) -> None:
        self._redis = redis
        self._key = keys.key
        self._bounds = bounds
        self._take = redis.register_script(scripts.TAKE)
        self._next = redis.register_script(scripts.NEXT)
        self._answered = redis.register_script(scripts.ANSWERED)

    @classmethod
    def from_url(cls, url: str, bounds: Bounds, *, keys: RedisKeys) -> Self:
        """Return the store at `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=WAIT_SECONDS), bounds, keys)

    async def take(self, request: OpenRequest, *, packet: int | None, again: bool) -> tuple[Outcome, Record | None]:
        """Keep a request that is new; the record tells of one that is not.

        Args:
            packet: number of the message that it came by; None: it was sent only once (QoS 0).
            again: the message may have come before.
        """
        client, request_id = request.client, request.address.request_id
        names = [_record_of(client, request_id), "mqtt:packets", "mqtt:open", "mqtt:waiting"]
        names += [f"mqtt:waiting:{client}", f"mqtt:running:{client}", "mqtt:ring"]
        told: list[str | bytes | int] = [request.task_id, request.digest, _encode(request), client]
        told += ["" if packet is None or request_id is not None else packet, int(again)]
        told += ["" if request_id is None else _encode(Record(request.digest)), self._bounds.seconds]
        told += [self._bounds.running, self._bounds.waiting, MOST_WAITING]
        outcome, record = await answer(self._take(keys=[self._key(name) for name in names], args=told))
        return Outcome(outcome.decode()), _record.decode(record) if record else None

    async def next(self) -> OpenRequest | None:
        """Return the request whose turn it is, as running from now on; None: nobody has one and room for it."""
        keys = [self._key(name) for name in ("mqtt:ring", "mqtt:waiting", "mqtt:open", "mqtt:running")]
        found = await answer(self._next(keys=keys, args=[self._bounds.running]))
        return _open.decode(found) if found else None

    async def opened(self, task_id: str) -> OpenRequest | None:
        """Return a request whose answer is not delivered."""
        kept = await answer(self._redis.hget(self._key("mqtt:open"), task_id))
        return _open.decode(kept) if kept else None

    async def answered(self, request: OpenRequest, payload: bytes) -> None:
        """Note an answer and make room for the client's next request."""
        client, bounds = request.client, self._bounds
        names = [_record_of(client, request.address.request_id), f"mqtt:running:{client}", f"mqtt:waiting:{client}"]
        names += ["mqtt:ring", f"mqtt:answered:{client}", f"mqtt:answered-bytes:{client}"]
        record = b""
        if request.address.request_id is not None:
            record = _encode(Record(request.digest, base64.b64encode(payload).decode()))
        told: list[str | bytes | int] = [request.task_id, client, record, bounds.seconds]
        told += [bounds.running, bounds.answers, bounds.answer_bytes]
        await answer(self._answered(keys=[self._key(name) for name in names], args=told))

    async def delivered(self, task_id: str) -> None:
        """Forget a request whose answer the broker has."""
        await answer(self._redis.hdel(self._key("mqtt:open"), task_id))

    async def load(self) -> list[OpenRequest]:
        """Put the turns in order after a start and return the requests that are with the workers."""
        found = []
        await answer(self._redis.delete(self._key("mqtt:ring")))
        clients = await self._clients("mqtt:waiting:") | await self._clients("mqtt:running:")
        waiting = 0
        for client in sorted(clients):
            members = await answer(self._redis.smembers(self._key(f"mqtt:running:{client}")))
            running = [member.decode() for member in members]
            kept = [await self.opened(task) for task in running]
            found += [request for request in kept if request is not None]
            length = await answer(self._redis.llen(self._key(f"mqtt:waiting:{client}")))
            waiting += length
            if length and len(running) < self._bounds.running:
                await answer(self._redis.rpush(self._key("mqtt:ring"), client))
        await answer(self._redis.set(self._key("mqtt:waiting"), waiting))
        return found

    async def _clients(self, prefix: str) -> set[str]:
        before = self._key(prefix)
        async with answering():
            return {key.decode().removeprefix(before) async for key in self._redis.scan_iter(f"{before}*", count=1_000)}

    async def counts(self) -> tuple[int, int]:
        """Return how many requests wait for their turn, and how many are not answered in all."""
        async with self._redis.pipeline(transaction=False) as batch:
            batch.get(self._key("mqtt:waiting"))
            batch.hlen(self._key("mqtt:open"))
            waiting, kept = await answer(batch.execute())
        return int(waiting or 0), int(kept)

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()


def _record_of(client: str, request_id: str | None) -> str:
    return f"mqtt:record:{client}:{request_id or ''}"
