"""What orchestrators tell each other, by Redis: a stream of changes, presence keys and pub/sub. Decides nothing."""

from collections.abc import AsyncIterator
from typing import Any, Self

import msgspec
from redis.asyncio import Redis

from backbone.redis_client import redis_client
from backbone.redis_errors import answering as _answering
from processor_orchestrator.stores.redis_store import EVENTS, PREFIX

ALIVE_SECONDS = 5
"""A presence key that is not renewed for this long is gone, and its orchestrator with it."""

TAIL_MS = 1_000
MAX_READ = 500
SOCKET_SECONDS = 3.0
BEGINNING = "0-0"


class Change(msgspec.Struct, frozen=True):
    """A case changed at the orchestrator `origin`; what it is now stands in the store."""

    entry_id: str
    origin: str
    case_id: int
    reason: str | None
    text: str


class RedisChannel:
    """The way from one orchestrator to the others.

    Args:
        redis: a client that returns bytes.
        prefix: before every key. Redis' channels know no database numbers: theirs have the number behind the prefix.
    """

    def __init__(self, redis: Redis, *, prefix: str = PREFIX) -> None:
        database = redis.connection_pool.connection_kwargs.get("db") or 0
        self._redis = redis
        self._prefix = prefix
        self._events = prefix + EVENTS
        self._moments = f"{prefix}{database}:moments"

    @classmethod
    def from_url(cls, url: str, *, prefix: str = PREFIX) -> Self:
        """Return a channel for `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=SOCKET_SECONDS), prefix=prefix)

    async def newest_entry(self) -> str:
        """Return the id of the newest change."""
        async with _answering():
            newest: Any = await self._redis.xrevrange(self._events, count=1)  # Any: the library types it loosely
        return newest[0][0].decode() if newest else BEGINNING

    async def follows(self, entry_id: str) -> bool:
        """Return whether every change after `entry_id` is still there, so that a tail may go on from it."""
        async with _answering():
            if entry_id == BEGINNING:
                return True
            return bool(await self._redis.xrange(self._events, min=entry_id, max=entry_id, count=1))

    async def changes_after(self, entry_id: str) -> list[Change]:
        """Return the next changes; waits up to a second for one."""
        async with _answering():
            answer: Any = await self._redis.xread(
                {self._events: entry_id}, count=MAX_READ, block=TAIL_MS
            )  # Any: as above
        return [_change(raw_id, fields) for _, entries in answer or [] for raw_id, fields in entries]

    async def say_alive(self, instance: str, presence: bytes) -> dict[str, bytes]:
        """Renew this orchestrator's presence and return that of the others that are alive."""
        members = self._prefix + "orchestrators"
        async with _answering():
            async with self._redis.pipeline(transaction=False) as batch:
                batch.set(f"{self._prefix}alive:{instance}", presence, ex=ALIVE_SECONDS)
                batch.sadd(members, instance)
                batch.smembers(members)
                *_, raw = await batch.execute()
            others = sorted(name.decode() for name in raw if name.decode() != instance)
            found: Any = await self._redis.mget([f"{self._prefix}alive:{name}" for name in others]) if others else []
            alive = {name: value for name, value in zip(others, found, strict=True) if value is not None}
            gone = [name for name in others if name not in alive]
            if gone:
                await self._redis.srem(members, *gone)
        return alive

    async def leave(self, instance: str) -> None:
        """Take this orchestrator's presence away."""
        async with _answering():
            await self._redis.delete(f"{self._prefix}alive:{instance}")

    async def publish(self, payloads: list[bytes]) -> None:
        """Hand payloads to whoever listens now."""
        async with _answering(), self._redis.pipeline(transaction=False) as batch:
            for payload in payloads:
                batch.publish(self._moments, payload)
            await batch.execute()

    async def listen(self) -> AsyncIterator[bytes]:
        """Yield what is published from now on, an empty one while nothing is; ends with `Unavailable`."""
        async with _answering(), self._redis.pubsub() as pubsub:
            await pubsub.subscribe(self._moments)
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=1.0)
                if message is not None and message["type"] == "message":
                    yield message["data"]

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()


def _change(raw_id: bytes, fields: dict[bytes, bytes]) -> Change:
    return Change(
        entry_id=raw_id.decode(),
        origin=fields[b"origin"].decode(),
        case_id=int(fields[b"objectId"]),
        reason=fields[b"reason"].decode() or None,
        text=fields[b"text"].decode(),
    )
