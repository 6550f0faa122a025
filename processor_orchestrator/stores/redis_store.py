"""The store that survives: Redis, append-only, every write acknowledged. Decides nothing.

Keys, all below `searchlight:`
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
from backbone.redis_connection import redis_at
from processor_orchestrator.stores import MAX_SIGHTINGS, MAX_TIMELINE_ENTRIES, ONCE_SECONDS, TimelineRow
from processor_orchestrator.stores.answering import answering as _answering
from processor_orchestrator.tracking.events import (
    Event,
    FeatureMapLearned,
    NegativesLearned,
    ObjectClosed,
    ObjectOpened,
    ReferencesLearned,
    SightingRejected,
    learned,
)
from processor_orchestrator.tracking.objects import TrackedObject, known_object
from processor_orchestrator.tracking.sightings import Changes, Sighting

PREFIX = "searchlight:"
EVENTS = PREFIX + "events"
REJECTED = "rejected"
"""The reason of a change that is a sighting's rejection; its text is the sighting's id."""

MAX_EVENTS = 100_000
"""Changes that are kept for the other orchestrators; one that missed more loads the whole state."""

WAIT_SECONDS = 3.0
MAX_TRIES = 20

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(TrackedObject)
_sighting = msgspec.json.Decoder(Sighting)
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

    `instance` names this process among the orchestrators on the same Redis.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.instance = uuid4().hex

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Return a store for `redis://...`; connects at the first use."""
        return cls(redis_at(url, seconds=WAIT_SECONDS))

    async def next_object_id(self) -> int:
        """Return the next id."""
        async with _answering():
            return int(await self._redis.incr(PREFIX + "last_object_id"))

    async def save(self, event: Event) -> None:
        """Store one event in one transaction."""
        for _ in range(MAX_TRIES):
            with suppress(WatchError):  # another orchestrator changed the object meanwhile: look again
                await self._save(event)
                return
        raise Unavailable("expected an object that is left alone for a moment, got changes", code="store_unavailable")

    async def _save(self, event: Event) -> None:
        async with self._transaction() as batch:
            match event:
                case ObjectOpened(opened):
                    _put_object(batch, opened)
                    batch.sadd(PREFIX + "open", opened.object_id)
                    batch.rpush(PREFIX + "object_ids", opened.object_id)
                    if opened.job is not None:
                        batch.hset(PREFIX + "jobs", opened.job, str(opened.object_id))
                    if opened.image is not None:
                        batch.set(f"{PREFIX}image:{opened.object_id}", opened.image)
                case FeatureMapLearned(object_id) | ReferencesLearned(object_id) | NegativesLearned(object_id):
                    await batch.watch(f"{PREFIX}object:{object_id}")  # closed meanwhile, it must not come back
                    known = await self._object(object_id)
                    batch.multi()  # type: ignore[no-untyped-call]  # the library leaves it untyped
                    if known is not None:
                        _put_object(batch, learned(known, event))
                case SightingRejected(_, sighting_id):
                    batch.sadd(PREFIX + "rejected", sighting_id)
                case ObjectClosed(object_id):
                    batch.srem(PREFIX + "open", object_id)
                    keys = (f"{PREFIX}{kind}:{object_id}" for kind in ("object", "image", "chips"))
                    batch.delete(*keys)
            batch.xadd(EVENTS, _note(event, self.instance), maxlen=MAX_EVENTS, approximate=True)

    async def open_object(self, object_id: int) -> TrackedObject | None:
        """Return an object with its image, or None when it is not sought now."""
        async with _answering():
            if not await self._redis.sismember(PREFIX + "open", str(object_id)):
                return None
        known = await self._object(object_id)
        return None if known is None else replace(known, image=await self.image(object_id))

    async def save_sightings(self, changes: Changes, *, once: str | None = None) -> bool:
        """Store sightings and timeline entries in one transaction."""
        try:
            return await self._save_sightings(changes, once=once)
        except WatchError:  # another one stores the same at this moment: asked again, it is known
            raise Unavailable("expected nobody else to store the same, got one; try again") from None

    async def _save_sightings(self, changes: Changes, *, once: str | None) -> bool:
        async with self._transaction() as batch:
            if once is not None and not await _first_time(batch, once):
                return False
            for sighting in changes.sightings:
                _put_sighting(batch, sighting)
            for sighting_id, crop in changes.crops.items():
                batch.set(f"{PREFIX}crop:{sighting_id}", crop)
            for object_id in {entry.object_id for entry in changes.timeline}:
                rows = [_encode((e.second, e.camera_id)) for e in changes.timeline if e.object_id == object_id]
                batch.rpush(f"{PREFIX}timeline:{object_id}", *rows)
                batch.ltrim(f"{PREFIX}timeline:{object_id}", -MAX_TIMELINE_ENTRIES, -1)
        with suppress(Unavailable):  # what was taken is stored; the next call trims as well
            await self._drop_oldest_sightings()
        return True

    async def was_stored(self, once: str) -> bool:
        """Return whether something was stored under that name."""
        return await self._value(f"once:{once}") is not None

    async def save_chips(self, opened: TrackedObject, chips: Sequence[bytes]) -> None:
        """Store the small pictures of a case, unless it was closed meanwhile."""
        keys = [f"{PREFIX}open", f"{PREFIX}chips:{opened.object_id}"]
        values: list[str | bytes] = [str(opened.object_id), _encode(list(chips)), str(int(opened.expires_at) + 1)]
        async with _answering():
            await self._redis.eval(SAVE_CHIPS, len(keys), *keys, *values)

    async def chips(self, object_id: int) -> list[bytes]:
        """Return the small pictures of a case."""
        raw = await self._value(f"chips:{object_id}")
        return [] if raw is None else _chips.decode(raw)

    async def open_objects(self) -> list[TrackedObject]:
        """Return what is sought now, with the images."""
        async with _answering():
            ids = sorted(int(member) for member in await self._redis.smembers(PREFIX + "open"))
            known = [(await self._object(object_id), await self.image(object_id)) for object_id in ids]
        return [replace(sought, image=image) for sought, image in known if sought is not None]

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought."""
        async with _answering():
            return sorted(int(member) for member in await self._redis.lrange(PREFIX + "object_ids", 0, -1))

    async def timeline(self, object_id: int) -> list[TimelineRow]:
        """Return where an object was seen."""
        async with _answering():
            rows = await self._redis.lrange(f"{PREFIX}timeline:{object_id}", 0, -1)
        return [TimelineRow(*_row.decode(row)) for row in rows]

    async def sightings(self, *, limit: int, object_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings."""
        key = PREFIX + ("sightings" if object_id is None else f"of:{object_id}")
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
            raw = await self._redis.mget([f"{PREFIX}sighting:{sighting_id}" for sighting_id in ids])
            marks = await self._redis.smismember(PREFIX + "rejected", ids)
        known = [None if text is None else _sighting.decode(_bytes(text)) for text in raw]
        return [replace(found, rejected=bool(mark)) for found, mark in zip(known, marks, strict=True) if found]

    async def object_of_job(self, job: str) -> int | None:
        """Return the object of a job."""
        async with _answering():
            named = await self._redis.hget(PREFIX + "jobs", job)
            last = await self._redis.get(PREFIX + "last_object_id")
        return known_object(job, None if named is None else int(named), int(last or 0))

    async def image(self, object_id: int) -> bytes | None:
        """Return an object's JPEG."""
        return await self._value(f"image:{object_id}")

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
            value = await self._redis.get(PREFIX + key)
        return None if value is None else _bytes(value)

    async def _object(self, object_id: int) -> TrackedObject | None:
        raw = await self._value(f"object:{object_id}")
        return None if raw is None else _object.decode(raw)

    async def _drop_oldest_sightings(self) -> None:
        async with _answering():
            over = await self._redis.zcard(PREFIX + "sightings") - MAX_SIGHTINGS
            oldest = await self._redis.zrange(PREFIX + "sightings", 0, over - 1) if over > 0 else []
        if not oldest:
            return
        async with self._transaction() as batch:
            for sighting_id in (_bytes(member).decode() for member in oldest):
                batch.delete(f"{PREFIX}sighting:{sighting_id}", f"{PREFIX}crop:{sighting_id}")
                batch.zrem(PREFIX + "sightings", sighting_id)
                batch.srem(PREFIX + "rejected", sighting_id)
                batch.zrem(f"{PREFIX}of:{sighting_id.split('-')[0]}", sighting_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Pipeline]:
        async with _answering(), self._redis.pipeline(transaction=True) as batch:
            yield batch
            await batch.execute()


def _bytes(value: object) -> bytes:
    """Return what a client without `decode_responses` answers; the library's types allow more."""
    if not isinstance(value, bytes):
        raise Unavailable(f"expected bytes from Redis, got {type(value).__name__}", code="store_unavailable")
    return value


def _note(event: Event, origin: str) -> dict[Any, Any]:  # Any: the library's dict type is invariant
    object_id = event.opened.object_id if isinstance(event, ObjectOpened) else event.object_id
    reason, text = (event.reason.value, event.text) if isinstance(event, ObjectClosed) else ("", "")
    if isinstance(event, SightingRejected):
        reason, text = REJECTED, event.sighting_id
    return {"origin": origin, "objectId": object_id, "reason": reason, "text": text}


def _put_object(batch: Pipeline, known: TrackedObject) -> None:
    batch.set(f"{PREFIX}object:{known.object_id}", _encode(replace(known, image=None)))


def _put_sighting(batch: Pipeline, sighting: Sighting) -> None:
    name = sighting.sighting_id
    batch.set(f"{PREFIX}sighting:{name}", _encode(sighting))
    batch.zadd(PREFIX + "sightings", {name: sighting.last_seen})
    batch.zadd(f"{PREFIX}of:{sighting.object_id}", {name: sighting.last_seen})


async def _first_time(batch: Pipeline, once: str) -> bool:
    """Return whether nothing was stored under this name; if something is stored meanwhile the transaction fails."""
    key = f"{PREFIX}once:{once}"
    await batch.watch(key)
    if await batch.exists(key):  # a watching pipeline answers at once
        return False
    batch.multi()  # type: ignore[no-untyped-call] # the library's
    batch.set(key, b"1", ex=ONCE_SECONDS)
    return True
