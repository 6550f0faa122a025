"""Remembers in Redis which topics the broker keeps something of ours on, so that a later run can clear them."""

from collections.abc import Awaitable, Callable, Collection

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backbone.errors import Unavailable
from backbone.redis_client import redis_client
from backbone.redis_settings import RedisKeys

NAME = "mqtt:retained"
WAIT_SECONDS = 3.0


class RetainedStore:
    """One set of topics."""

    def __init__(self, redis: Redis, keys: RedisKeys) -> None:
        self._redis = redis
        self._key = keys.key(NAME)

    @classmethod
    def from_url(cls, url: str, *, keys: RedisKeys) -> "RetainedStore":
        """Return the store at `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=WAIT_SECONDS), keys)

    async def topics(self) -> set[str]:
        """Return every topic that may hold something."""
        try:
            kept: set[bytes] = await self._redis.smembers(self._key)  # type: ignore[assignment] # it answers bytes
            return {topic.decode() for topic in kept}
        except (RedisError, OSError, TimeoutError) as fault:
            raise _away(fault) from None

    async def add(self, topics: Collection[str]) -> None:
        """Note topics before anything is told on them."""
        await self._change(self._redis.sadd, topics)

    async def drop(self, topics: Collection[str]) -> None:
        """Forget topics that were cleared."""
        await self._change(self._redis.srem, topics)

    async def _change(self, change: Callable[..., Awaitable[int] | int], topics: Collection[str]) -> None:
        if topics:
            try:
                await change(self._key, *topics)  # type: ignore[misc] # the client's types
            except (RedisError, OSError, TimeoutError) as fault:
                raise _away(fault) from None

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()


def _away(fault: Exception) -> Unavailable:
    return Unavailable(f"expected Redis to answer, got: {fault}", code="store_unavailable")
