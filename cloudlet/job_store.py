"""Keeps jobs and batches in Redis, below this cloudlet's own name. Does not decide what is kept."""

from typing import Self

import msgspec
from redis.asyncio import Redis

from backbone.redis_client import redis_client
from backbone.redis_errors import answer
from backbone.redis_settings import RedisKeys
from cloudlet.domain.batches import Batch
from cloudlet.domain.jobs import Job

WAIT_SECONDS = 3.0
SEEN_SECONDS = 86_400
"""How long a batch that comes again is recognised."""


class JobStore:
    """One cloudlet's corner of Redis.

    Args:
        key: "ip:port" of the cloudlet.
        keys: this installation's.
    """

    def __init__(self, redis: Redis, key: str, keys: RedisKeys) -> None:
        self._redis = redis
        self.replies = f"cloudlet:{key}:results"
        self._jobs = keys.key(f"cloudlet:{key}:jobs")
        self._batches = keys.key(f"cloudlet:{key}:batches")
        self._seen = keys.key(f"cloudlet:{key}:seen:")

    @classmethod
    def from_url(cls, url: str, key: str, *, keys: RedisKeys) -> Self:
        """Return the store at `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=WAIT_SECONDS), key, keys)

    async def jobs(self) -> list[Job]:
        """Return every job that is kept."""
        kept: dict[bytes, bytes] = await answer(self._redis.hgetall(self._jobs))
        return [msgspec.json.decode(value, type=Job) for value in kept.values()]

    async def batches(self) -> list[Batch]:
        """Return every batch that is kept, oldest first."""
        kept: dict[bytes, bytes] = await answer(self._redis.hgetall(self._batches))
        found = [msgspec.json.decode(value, type=Batch) for value in kept.values()]
        return sorted(found, key=lambda batch: batch.received_at)

    async def put_job(self, job: Job) -> None:
        """Keep a job."""
        await answer(self._redis.hset(self._jobs, job.name, msgspec.json.encode(job)))

    async def drop_job(self, name: str) -> None:
        """Forget a job."""
        await answer(self._redis.hdel(self._jobs, name))

    async def put_batch(self, batch: Batch) -> None:
        """Keep a batch, and for a day that it was here."""
        async with self._redis.pipeline(transaction=True) as both:
            both.hset(self._batches, batch.batch_id, msgspec.json.encode(batch))
            both.set(self._seen + batch.batch_id, b"1", ex=SEEN_SECONDS)
            await answer(both.execute())

    async def drop_batch(self, batch_id: str) -> None:
        """Forget a batch, though not that it was here."""
        await answer(self._redis.hdel(self._batches, batch_id))

    async def was_seen(self, batch_id: str) -> bool:
        """Return whether a batch was kept once."""
        return bool(await answer(self._redis.exists(self._seen + batch_id)))

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()
