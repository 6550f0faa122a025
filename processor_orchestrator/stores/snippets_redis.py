"""The pictures that every orchestrator on one Redis serves. Decides nothing.

Keys, all below `snippets:` behind the installation's prefix
    index               sorted set: "<id> <sha256>" by when it came
    of:<id>             sorted set: sha256 by when it came
    facts:<id> <sha256> JSON; jpeg:<id> <sha256> the picture; both end by themselves as well
    sizes, bytes        hash: "<id> <sha256>" -> bytes of its JPEG, and their sum
    owners              hash: id -> subject of the token that it was first uploaded with
"""

import time
from collections.abc import Callable
from typing import Any, Self

import msgspec
from redis.asyncio import Redis

from backbone.errors import Conflict
from backbone.redis_client import redis_client
from backbone.redis_errors import answering
from processor_orchestrator.domain.snippet import Snippet
from processor_orchestrator.stores.redis_store import PREFIX
from processor_orchestrator.stores.snippets import MAX_HISTORY, MAX_SNIPPET_BYTES, MAX_SNIPPETS

SNIPPETS = "snippets:"
WAIT_SECONDS = 3.0

# KEYS[1] is the prefix; the keys below it are made here, for one Redis holds them all.
_FORGET = """
local p = KEYS[1]
local function forget(member)
  local id, sha = string.match(member, '^(%S+) (%S+)$')
  redis.call('ZREM', p .. 'index', member)
  redis.call('ZREM', p .. 'of:' .. id, sha)
  redis.call('DEL', p .. 'facts:' .. member, p .. 'jpeg:' .. member)
  redis.call('DECRBY', p .. 'bytes', redis.call('HGET', p .. 'sizes', member) or 0)
  redis.call('HDEL', p .. 'sizes', member)
  if redis.call('EXISTS', p .. 'of:' .. id) == 0 then redis.call('HDEL', p .. 'owners', id) end
end
local function forget_before(second)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', p .. 'index', '-inf', '(' .. second)) do forget(member) end
end
"""
SWEEP = _FORGET + "forget_before(ARGV[1])"
PUT = (
    _FORGET
    + """
local id, sha, subject, facts, jpeg, now, keep = unpack(ARGV)
local member = id .. ' ' .. sha
forget_before(now - keep)
local owner = redis.call('HGET', p .. 'owners', id)
if owner and owner ~= subject then return -1 end
if subject ~= '' then redis.call('HSET', p .. 'owners', id, subject) end
local is_new = redis.call('ZADD', p .. 'index', now, member)
redis.call('ZADD', p .. 'of:' .. id, now, sha)
redis.call('SET', p .. 'facts:' .. member, facts, 'EX', keep)
redis.call('SET', p .. 'jpeg:' .. member, jpeg, 'EX', keep)
redis.call('INCRBY', p .. 'bytes', #jpeg - (redis.call('HGET', p .. 'sizes', member) or 0))
redis.call('HSET', p .. 'sizes', member, #jpeg)
while redis.call('ZCARD', p .. 'of:' .. id) > tonumber(ARGV[8]) do
  forget(id .. ' ' .. redis.call('ZRANGE', p .. 'of:' .. id, 0, 0)[1])
end
while redis.call('ZCARD', p .. 'index') > tonumber(ARGV[9])
    or tonumber(redis.call('GET', p .. 'bytes')) > tonumber(ARGV[10]) do
  forget(redis.call('ZRANGE', p .. 'index', 0, 0)[1])
end
return is_new
"""
)

_encode = msgspec.json.Encoder().encode
_snippet = msgspec.json.Decoder(Snippet)


class RedisSnippets:
    """Keeps pictures in Redis.

    Args:
        redis: a client that returns bytes.
        keep_seconds: how long a picture is kept.
        prefix: before every key.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self, redis: Redis, *, keep_seconds: float, prefix: str = PREFIX, now: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis
        self._prefix = prefix + SNIPPETS
        self._keep_seconds = keep_seconds
        self._now = now

    @classmethod
    def from_url(cls, url: str, *, keep_seconds: float, prefix: str = PREFIX) -> Self:
        """Return a store for `redis://...`; connects at the first use."""
        redis = redis_client(url, seconds=WAIT_SECONDS)
        return cls(redis, keep_seconds=keep_seconds, prefix=prefix)

    async def put(self, snippet: Snippet, jpeg: bytes) -> bool:
        """Keep a picture in one step."""
        told = (snippet.snippet_id, snippet.sha256, snippet.subject or "", _encode(snippet), jpeg)
        bounds = (MAX_HISTORY, MAX_SNIPPETS, MAX_SNIPPET_BYTES)
        times = (f"{snippet.received_at:.3f}", int(self._keep_seconds))
        async with answering():
            kept: Any = await self._redis.eval(PUT, 1, self._prefix, *told, *times, *bounds)
        if kept == -1:
            raise Conflict(f"expected a snippet id that is free, got {snippet.snippet_id!r}, which another holds")
        return bool(kept)

    async def find(self, snippet_id: str, sha256: str | None = None) -> Snippet | None:
        """Return one picture's facts."""
        if sha256 is None:
            newest = await self.newest(limit=1, snippet_id=snippet_id)
            return newest[0] if newest else None
        async with answering():
            raw = await self._redis.get(f"{self._prefix}facts:{snippet_id} {sha256}")
        return None if raw is None else _snippet.decode(raw)

    async def jpeg(self, snippet: Snippet) -> bytes | None:
        """Return a picture."""
        async with answering():
            picture: Any = await self._redis.get(f"{self._prefix}jpeg:{snippet.snippet_id} {snippet.sha256}")
        return picture if isinstance(picture, bytes) else None

    async def newest(self, *, limit: int, snippet_id: str | None = None) -> list[Snippet]:
        """Return the newest pictures' facts."""
        index = f"{self._prefix}index" if snippet_id is None else f"{self._prefix}of:{snippet_id}"
        before = "" if snippet_id is None else f"{snippet_id} "
        async with answering():
            members: Any = await self._redis.zrevrange(index, 0, limit - 1)  # Any: the library types it loosely
            keys = [f"{self._prefix}facts:{before}{member.decode()}" for member in members]
            found: Any = await self._redis.mget(keys) if keys else []
        return [_snippet.decode(raw) for raw in found if raw is not None]

    async def sweep(self) -> None:
        """Forget what is too old."""
        async with answering():
            await self._redis.eval(SWEEP, 1, self._prefix, f"{self._now() - self._keep_seconds:.3f}")

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()
