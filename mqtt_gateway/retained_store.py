"""Remembers in Redis which topics the broker keeps something of ours on, so that a later run can clear them."""

from collections.abc import Collection
from typing import Self

from redis.asyncio import Redis

from backbone.redis_client import redis_client
from backbone.redis_errors import answer
from backbone.redis_settings import RedisKeys

NAME = "mqtt:retained"
WAIT_SECONDS = 3.0


class RetainedStore:
    """One set of topics."""

    def __init__(self, redis: Redis, keys: RedisKeys) -> None:
        self._redis = redis
        self._key = keys.key(NAME)

    @classmethod
    def from_url(cls, url: str, *, keys: RedisKeys) -> Self:
        """Return the store at `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=WAIT_SECONDS), keys)

    async def topics(self) -> set[str]:
        """Return every topic that may hold something."""
        kept: set[bytes] = await answer(self._redis.smembers(self._key))
        return {topic.decode() for topic in kept}

    async def add(self, topics: Collection[str]) -> None:
        """Note topics before anything is told on them."""
        if topics:
            await answer(self._redis.sadd(self._key, *topics))

    async def drop(self, topics: Collection[str]) -> None:
        """Forget topics that were cleared."""
        if topics:
            await answer(self._redis.srem(self._key, *topics))

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()
