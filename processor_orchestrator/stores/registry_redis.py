"""The registry that survives and that several orchestrators share: Redis. Decides nothing.

Keys, all below the installation's prefix:
    cloudlets            hash: "ip:port" -> JSON
    jobs_of:<ip:port>    hash: job name -> JSON: of which object, and whether the cloudlet said that it has it
    claim:<ip:port>      which orchestrator sends jobs to it now
"""

import asyncio
from typing import Any, Self

import msgspec
from redis.asyncio import Redis
from redis.exceptions import WatchError

from backbone.errors import Unavailable
from backbone.redis_client import redis_client
from backbone.redis_errors import answering as _answering
from processor_orchestrator.domain.cloudlet import FORGOTTEN_AFTER, Cloudlet, JobNote
from processor_orchestrator.stores.records import read, written
from processor_orchestrator.stores.redis_store import PREFIX
from processor_orchestrator.stores.registry import Decision

ROSTER = "cloudlets"
WAIT_SECONDS = 3.0
MOST_TRIES = 50

# One who holds the claim may renew it; nobody else may take or free it.
CLAIM = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

_encode = msgspec.json.Encoder().encode
_cloudlet = msgspec.json.Decoder(Cloudlet)


class RedisRegistry:
    """Keeps the roster in Redis; see `RegistryStore` for the contract.

    Args:
        redis: a client that returns bytes.
        prefix: before every key.
    """

    def __init__(self, redis: Redis, *, prefix: str = PREFIX) -> None:
        self._redis = redis
        self._prefix = prefix
        self._roster = prefix + ROSTER
        self._one_at_a_time = asyncio.Lock()  # within a process changes queue up; between processes they are retried

    @classmethod
    def from_url(cls, url: str, *, prefix: str = PREFIX) -> Self:
        """Return a registry for `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=WAIT_SECONDS), prefix=prefix)

    async def change(self, decide: Decision) -> list[Cloudlet]:
        """Store what `decide` returns in one transaction; ask again when another server changed the roster."""
        async with self._one_at_a_time, _answering():
            for _ in range(MOST_TRIES):
                try:
                    return await self._try_change(decide)
                except WatchError:
                    continue
        raise Unavailable(f"expected to change the roster within {MOST_TRIES} tries, got others in between each time")

    async def _try_change(self, decide: Decision) -> list[Cloudlet]:
        async with self._redis.pipeline(transaction=True) as batch:
            await batch.watch(self._roster)
            known = (_cloudlet.decode(raw) for raw in (await batch.hgetall(self._roster)).values())
            changed = decide({cloudlet.key: cloudlet for cloudlet in known})
            batch.multi()  # type: ignore[no-untyped-call] # the library's
            for key, cloudlet in changed.items():
                if cloudlet is None:
                    batch.hdel(self._roster, key)
                    batch.delete(f"{self._prefix}jobs_of:{key}")
                else:
                    batch.hset(self._roster, key, _encode(cloudlet))
            await batch.execute()
        return [cloudlet for cloudlet in changed.values() if cloudlet is not None]

    async def cloudlets(self) -> list[Cloudlet]:
        """Return the roster."""
        async with _answering():
            known = await self._redis.hgetall(self._roster)
        return sorted((_cloudlet.decode(raw) for raw in known.values()), key=lambda cloudlet: cloudlet.key)

    async def jobs_of(self, key: str) -> dict[str, JobNote]:
        """Return the jobs of a cloudlet."""
        async with _answering():
            jobs: Any = await self._redis.hgetall(f"{self._prefix}jobs_of:{key}")  # Any: typed loosely
        notes = [read(raw, JobNote) for raw in jobs.values()]
        return {note.job: note for note in notes}

    async def note_job(self, key: str, note: JobNote) -> None:
        """Note a job of a cloudlet."""
        async with _answering(), self._redis.pipeline(transaction=True) as batch:
            batch.hset(f"{self._prefix}jobs_of:{key}", note.job, written(note))
            batch.expire(f"{self._prefix}jobs_of:{key}", int(2 * FORGOTTEN_AFTER))
            await batch.execute()

    async def drop_job(self, key: str, job: str) -> None:
        """Forget a job of a cloudlet."""
        async with _answering():
            await self._redis.hdel(f"{self._prefix}jobs_of:{key}", job)

    async def claim(self, key: str, owner: str, *, seconds: float) -> bool:
        """Take or renew the claim."""
        async with _answering():
            return bool(await self._redis.eval(CLAIM, 1, f"{self._prefix}claim:{key}", owner, str(int(seconds * 1000))))

    async def release(self, key: str, owner: str) -> None:
        """Free the claim."""
        async with _answering():
            await self._redis.eval(RELEASE, 1, f"{self._prefix}claim:{key}", owner)

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()
