"""The store that survives: Redis, append-only, every write acknowledged. Decides nothing.

Keys, all below the installation's prefix, `searchlight:` unless another is set:
    last_object_id          counter
    open                    set of the ids that are sought
    object_ids              list of all ids that ever were
    object:<id>, image:<id> what is sought (JSON), its JPEG; both gone once the object is closed
    sightings, of:<object>  sorted sets of sighting ids by last_seen
    sighting:<id>, crop:<id>
    timeline:<object>       list of JSON [second, camera id]
    chips:<object>          small pictures of a case's references (JSON list of base64); gone once it is closed
    jobs                    hash: name of a cloudlet's job -> object id
    rejected                set of the sighting ids that a person rejected
    once:<name>             what was stored once
    events                  stream of what changed, for the other orchestrators: origin, objectId, reason, text
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Self
from uuid import uuid4

import msgspec
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import WatchError

from backbone.errors import Unavailable
from backbone.redis_client import redis_client
from backbone.redis_errors import answering as _answering
from processor_orchestrator.domain.case import Case, case_named
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseEvent,
    CaseOpened,
    FeatureMapLearned,
    LikenessUnmade,
    NegativesLearned,
    ReferencesLearned,
    SightingRejected,
    learned,
)
from processor_orchestrator.domain.sighting import Changes, Sighting
from processor_orchestrator.stores import MAX_SIGHTINGS, MAX_TIMELINE_ENTRIES, ONCE_SECONDS, TimelineRow
from processor_orchestrator.stores.records import read, written

PREFIX = "searchlight:"
"""Before every key of an installation that sets no prefix of its own."""

EVENTS = "events"
REJECTED = "rejected"
"""The reason of a change that is a sighting's rejection; its text is the sighting's id."""

MAX_EVENTS = 100_000
"""Changes that are kept for the other orchestrators; one that missed more loads the whole state."""

WAIT_SECONDS = 3.0
MAX_TRIES = 20

_encode = msgspec.json.Encoder().encode
_chips = msgspec.json.Decoder(list[bytes])
_row = msgspec.json.Decoder(tuple[int, str | int])

SAVE_CHIPS = """
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  redis.call('SET', KEYS[2], ARGV[2], 'EXAT', ARGV[3])
end
"""


class RedisStore:
    """Keeps everything in Redis; see `Store` for the contract.

    Args:
        redis: a client that returns bytes.
        prefix: before every key.

    `instance` names this process among the orchestrators on the same Redis.
    """

    def __init__(self, redis: Redis, *, prefix: str = PREFIX) -> None:
        self._redis = redis
        self._prefix = prefix
        self.instance = uuid4().hex

    @classmethod
    def from_url(cls, url: str, *, prefix: str = PREFIX) -> Self:
        """Return a store for `redis://...`; connects at the first use."""
        return cls(redis_client(url, seconds=WAIT_SECONDS), prefix=prefix)

    async def next_case_id(self) -> int:
        """Return the next id."""
        async with _answering():
            return int(await self._redis.incr(self._prefix + "last_object_id"))

    async def save(self, event: CaseEvent) -> None:
        """Store one event in one transaction."""
        for _ in range(MAX_TRIES):
            with suppress(WatchError):  # another orchestrator changed the case meanwhile: look again
                await self._save(event)
                return
        raise Unavailable("expected a case that is left alone for a moment, got changes", code="store_unavailable")

    async def _save(self, event: CaseEvent) -> None:
        async with self._transaction() as batch:
            match event:
                case CaseOpened(opened):
                    self._put_case(batch, opened)
                    batch.sadd(self._prefix + "open", opened.case_id)
                    batch.rpush(self._prefix + "object_ids", opened.case_id)
                    if opened.job is not None:
                        batch.hset(self._prefix + "jobs", opened.job, str(opened.case_id))
                    if opened.image is not None:
                        batch.set(f"{self._prefix}image:{opened.case_id}", opened.image)
                case FeatureMapLearned() | ReferencesLearned() | NegativesLearned() | LikenessUnmade():
                    case_id = event.case_id
                    await batch.watch(f"{self._prefix}object:{case_id}")  # closed meanwhile, it must not come back
                    known = await self._case(case_id)
                    batch.multi()  # type: ignore[no-untyped-call]  # the library leaves it untyped
                    if known is not None:
                        self._put_case(batch, learned(known, event))
                case SightingRejected(_, sighting_id):
                    batch.sadd(self._prefix + "rejected", sighting_id)
                case CaseClosed(case_id):
                    batch.srem(self._prefix + "open", case_id)
                    keys = (f"{self._prefix}{kind}:{case_id}" for kind in ("object", "image", "chips"))
                    batch.delete(*keys)
            batch.xadd(self._prefix + EVENTS, _note(event, self.instance), maxlen=MAX_EVENTS, approximate=True)

    async def open_case(self, case_id: int) -> Case | None:
        """Return a case with its image, or None when it is not open."""
        async with _answering():
            if not await self._redis.sismember(self._prefix + "open", str(case_id)):
                return None
        known = await self._case(case_id)
        return None if known is None else replace(known, image=await self.image(case_id))

    async def save_sightings(self, changes: Changes, *, once: str | None = None) -> bool:
        """Store sightings and timeline entries in one transaction."""
        try:
            return await self._save_sightings(changes, once=once)
        except WatchError:  # another one stores the same at this moment: asked again, it is known
            raise Unavailable("expected nobody else to store the same, got one; try again") from None

    async def _save_sightings(self, changes: Changes, *, once: str | None) -> bool:
        async with self._transaction() as batch:
            if once is not None and not await self._first_time(batch, once):
                return False
            for sighting in changes.sightings:
                self._put_sighting(batch, sighting)
            for sighting_id, crop in changes.crops.items():
                batch.set(f"{self._prefix}crop:{sighting_id}", crop)
            for case_id in {entry.case_id for entry in changes.timeline}:
                rows = [_encode((e.second, e.camera_id)) for e in changes.timeline if e.case_id == case_id]
                batch.rpush(f"{self._prefix}timeline:{case_id}", *rows)
                batch.ltrim(f"{self._prefix}timeline:{case_id}", -MAX_TIMELINE_ENTRIES, -1)
        with suppress(Unavailable):  # what was taken is stored; the next call trims as well
            await self._drop_oldest_sightings()
        return True

    async def was_stored(self, once: str) -> bool:
        """Return whether something was stored under that name."""
        return await self._value(f"once:{once}") is not None

    async def save_chips(self, opened: Case, chips: Sequence[bytes]) -> None:
        """Store the small pictures of a case, unless it was closed meanwhile."""
        keys = [f"{self._prefix}open", f"{self._prefix}chips:{opened.case_id}"]
        values: list[str | bytes] = [str(opened.case_id), _encode(list(chips)), str(int(opened.expires_at) + 1)]
        async with _answering():
            await self._redis.eval(SAVE_CHIPS, len(keys), *keys, *values)

    async def chips(self, case_id: int) -> list[bytes]:
        """Return the small pictures of a case."""
        raw = await self._value(f"chips:{case_id}")
        return [] if raw is None else _chips.decode(raw)

    async def open_cases(self) -> list[Case]:
        """Return the open cases with their images, in two round trips."""
        async with _answering():
            ids = sorted(int(member) for member in await self._redis.smembers(self._prefix + "open"))
            keys = [f"{self._prefix}{kind}:{case_id}" for kind in ("object", "image") for case_id in ids]
            found: Any = await self._redis.mget(keys) if keys else []  # Any: the library types it loosely
        pairs = zip(found[: len(ids)], found[len(ids) :], strict=True)
        return [replace(read(_bytes(raw), Case), image=image) for raw, image in pairs if raw is not None]

    async def last_seen(self, case_ids: Sequence[int]) -> dict[int, float]:
        """Return when cases were seen last, in one round trip."""
        if not case_ids:
            return {}
        async with _answering(), self._redis.pipeline(transaction=False) as batch:
            for case_id in case_ids:
                batch.zrevrange(f"{self._prefix}of:{case_id}", 0, 0, withscores=True)
            newest: Any = await batch.execute()  # Any: the library types it loosely
        return {case_id: float(rows[0][1]) for case_id, rows in zip(case_ids, newest, strict=True) if rows}

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought."""
        async with _answering():
            return sorted(int(member) for member in await self._redis.lrange(self._prefix + "object_ids", 0, -1))

    async def timeline(self, case_id: int) -> list[TimelineRow]:
        """Return where a person was seen."""
        async with _answering():
            rows = await self._redis.lrange(f"{self._prefix}timeline:{case_id}", 0, -1)
        return [TimelineRow(*_row.decode(row)) for row in rows]

    async def sightings(self, *, limit: int, case_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings."""
        key = self._prefix + ("sightings" if case_id is None else f"of:{case_id}")
        async with _answering():
            ids = [_bytes(member).decode() for member in await self._redis.zrevrange(key, 0, limit - 1)]
        return await self._sightings(ids)

    async def sighting(self, sighting_id: str) -> Sighting | None:
        """Return one sighting."""
        return next(iter(await self._sightings([sighting_id])), None)

    async def _sightings(self, ids: list[str]) -> list[Sighting]:
        if not ids:
            return []
        async with _answering():
            raw = await self._redis.mget([f"{self._prefix}sighting:{sighting_id}" for sighting_id in ids])
            marks = await self._redis.smismember(self._prefix + "rejected", ids)
        known = [None if text is None else read(_bytes(text), Sighting) for text in raw]
        return [replace(found, rejected=bool(mark)) for found, mark in zip(known, marks, strict=True) if found]

    async def case_of_job(self, job: str) -> int | None:
        """Return the case of a job."""
        async with _answering():
            named = await self._redis.hget(self._prefix + "jobs", job)
            last = await self._redis.get(self._prefix + "last_object_id")
        return case_named(job, None if named is None else int(named), int(last or 0))

    async def image(self, case_id: int) -> bytes | None:
        """Return a case's JPEG."""
        return await self._value(f"image:{case_id}")

    async def crop(self, sighting_id: str) -> bytes | None:
        """Return a sighting's JPEG."""
        return await self._value(f"crop:{sighting_id}")

    async def check(self) -> None:
        """Return when Redis answers."""
        async with _answering():
            await self._redis.ping()

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._redis.aclose()

    async def _value(self, key: str) -> bytes | None:
        async with _answering():
            value = await self._redis.get(self._prefix + key)
        return None if value is None else _bytes(value)

    async def _case(self, case_id: int) -> Case | None:
        raw = await self._value(f"object:{case_id}")
        return None if raw is None else read(raw, Case)

    async def _drop_oldest_sightings(self) -> None:
        async with _answering():
            over = await self._redis.zcard(self._prefix + "sightings") - MAX_SIGHTINGS
            oldest = await self._redis.zrange(self._prefix + "sightings", 0, over - 1) if over > 0 else []
        if not oldest:
            return
        async with self._transaction() as batch:
            for sighting_id in (_bytes(member).decode() for member in oldest):
                batch.delete(f"{self._prefix}sighting:{sighting_id}", f"{self._prefix}crop:{sighting_id}")
                batch.zrem(self._prefix + "sightings", sighting_id)
                batch.srem(self._prefix + "rejected", sighting_id)
                batch.zrem(f"{self._prefix}of:{sighting_id.split('-')[0]}", sighting_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Pipeline]:
        async with _answering(), self._redis.pipeline(transaction=True) as batch:
            yield batch
            await batch.execute()

    def _put_case(self, batch: Pipeline, case: Case) -> None:
        batch.set(f"{self._prefix}object:{case.case_id}", written(replace(case, image=None)))

    def _put_sighting(self, batch: Pipeline, sighting: Sighting) -> None:
        name = sighting.sighting_id
        batch.set(f"{self._prefix}sighting:{name}", written(sighting))
        batch.zadd(self._prefix + "sightings", {name: sighting.last_seen})
        batch.zadd(f"{self._prefix}of:{sighting.case_id}", {name: sighting.last_seen})

    async def _first_time(self, batch: Pipeline, once: str) -> bool:
        """Return whether nothing was stored under this name; if something is meanwhile the transaction fails."""
        key = f"{self._prefix}once:{once}"
        await batch.watch(key)
        if await batch.exists(key):  # a watching pipeline answers at once
            return False
        batch.multi()  # type: ignore[no-untyped-call] # the library's
        batch.set(key, b"1", ex=ONCE_SECONDS)
        return True


def _bytes(value: object) -> bytes:
    """Return what a client without `decode_responses` answers; the library's types allow more."""
    if not isinstance(value, bytes):
        raise Unavailable(f"expected bytes from Redis, got {type(value).__name__}", code="store_unavailable")
    return value


def _note(event: CaseEvent, origin: str) -> dict[Any, Any]:  # Any: the library's dict type is invariant
    reason, text = (event.reason.value, event.text) if isinstance(event, CaseClosed) else ("", "")
    if isinstance(event, SightingRejected):
        reason, text = REJECTED, event.sighting_id
    return {"origin": origin, "objectId": event.case_id, "reason": reason, "text": text}
