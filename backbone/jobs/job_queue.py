"""Hands tasks to the job workers and reads their results, by rq and Redis. Does not run a task.

rq blocks: every call runs in a thread. Tasks are JSON texts; no pickle is written or read (whoever can write to Redis
would run code in the workers).
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import msgspec
import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ResponseError
from rq import Queue, Retry
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from backbone.jobs.worker_models import WorkerModels
from backbone.redis_errors import answering
from backbone.redis_settings import DEFAULT_PREFIX, RedisKeys
from backbone.wire.jobs import (
    ALIVE,
    BLOB_SECONDS,
    ENCODE,
    FOOTAGE,
    MATCH,
    OPEN_TASKS,
    RUN_TASK,
    GalleryFile,
    Result,
    Task,
)
from backbone.wire.offload import OFFLOAD

T = TypeVar("T")
WAIT_SECONDS = 3.0
BLOCK_MS = 1_000
CLAIM_IDLE_MS = 30_000
QUEUES = (ENCODE, MATCH, FOOTAGE, OFFLOAD)
DEADLINE_SECONDS = {ENCODE: 120, MATCH: 300, FOOTAGE: 86_400, OFFLOAD: 60}
MOST_JOBS = 500
FINISHED = "finished"

_encode = msgspec.json.Encoder().encode
_result = msgspec.json.Decoder(Result)
_gallery = msgspec.json.Decoder(GalleryFile)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as people see it: done of total, and the seconds that are likely left."""

    id: str
    queue: str
    state: str
    tag: str
    done: int | None = None
    total: int | None = None
    eta_seconds: float | None = None
    error: str | None = None


class JobQueue:
    """The queues and result streams of one installation; what others keep in the same Redis is not seen."""

    def __init__(self, redis: Redis, keys: RedisKeys) -> None:
        self._redis = redis
        self._keys = keys

    @classmethod
    def from_url(cls, url: str, *, prefix: str = DEFAULT_PREFIX) -> Self:
        """Return the queue at `redis://...`; connects at the first use."""
        redis = Redis.from_url(url, socket_timeout=WAIT_SECONDS + BLOCK_MS / 1000, protocol=2)
        return cls(redis, RedisKeys(prefix))

    async def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        """Keep pictures until their job has seen them."""

        def put() -> None:
            with self._redis.pipeline(transaction=True) as batch:
                for key, content in blobs.items():
                    batch.set(self._keys.key(key), content, ex=BLOB_SECONDS)
                batch.execute()

        await self._call(put)

    async def get_blob(self, key: str) -> bytes | None:
        """Return a picture, None when it is gone."""
        blob: bytes | None = await self._call(lambda: self._redis.get(self._keys.key(key)))
        return blob

    async def drop_blobs(self, keys: Iterable[str]) -> None:
        """Delete pictures."""
        spent = [self._keys.key(key) for key in keys]
        if spent:
            await self._call(lambda: self._redis.delete(*spent))

    async def put_gallery(self, gallery: GalleryFile, *, owner: str = "") -> str:
        """Keep a gallery and return its key; the same gallery of the same owner has the same key."""
        content = _encode(gallery)
        key = f"gallery:{owner}:{hashlib.sha256(content).hexdigest()}"
        await self._call(lambda: self._redis.set(self._keys.key(key), content, ex=BLOB_SECONDS))
        return key

    async def take_from_gallery(self, key: str, name: str) -> None:
        """Take a person out of a gallery that tasks may still read; others may take somebody out at the same time."""
        kept = self._keys.key(key)

        def take(batch: Pipeline) -> None:
            content, seconds = batch.get(kept), batch.ttl(kept)
            batch.multi()
            if isinstance(content, bytes) and isinstance(seconds, int) and seconds > 0:
                batch.set(kept, _encode(_gallery.decode(content).without(name)), ex=seconds)

        await self._call(lambda: self._redis.transaction(take, kept))

    async def galleries(self, owner: str) -> dict[str, tuple[str, ...]]:
        """Return who is in the galleries of an owner, by key. It walks all keys: for rare use."""

        def read() -> dict[str, tuple[str, ...]]:
            found = {}
            for key in self._redis.scan_iter(self._keys.key(f"gallery:{owner}:*"), count=1_000):
                content = self._redis.get(key)
                if isinstance(content, bytes):
                    found[self._keys.name(key)] = _gallery.decode(content).names
            return found

        galleries: dict[str, tuple[str, ...]] = await self._call(read)
        return galleries

    async def enqueue(self, queue: str, task: Task, *, deadline: int | None = None) -> None:
        """Hand over a task; one that is there already is not handed over again. The deadline is in seconds."""

        def hand_over() -> None:
            job_id = self._keys.job_id(task.task_id)
            if Job.exists(job_id, self._redis):
                return
            self._redis.zadd(self._keys.key(f"{OPEN_TASKS}:{queue}"), {job_id: time.time()})
            self._queue(queue).enqueue_call(
                RUN_TASK,
                args=(_encode(task).decode(),),
                job_id=job_id,
                timeout=DEADLINE_SECONDS[queue] if deadline is None else deadline,
                retry=Retry(max=3),
                meta={"tag": task.tag},
            )

        await self._call(hand_over)

    async def note_error(self, task_id: str, message: str) -> None:
        """Note why a task's result is a failure, for as long as its job is known."""

        def note() -> None:
            try:
                job = Job.fetch(self._keys.job_id(task_id), connection=self._redis, serializer=JSONSerializer)
            except NoSuchJobError:
                return
            job.meta["error"] = message
            job.save_meta()  # type: ignore[no-untyped-call] # rq's

        await self._call(note)

    async def jobs(self) -> list[JobView]:
        """Return the jobs that wait, run, or were given up; and for an hour the footage that could not be read."""
        views: list[JobView] = await self._call(lambda: [view for name in QUEUES for view in self._jobs_in(name)])
        return views

    async def workers(self) -> int:
        """Return how many workers are alive, whichever queues they serve."""
        pattern = self._keys.key(f"{ALIVE}*")
        count: int = await self._call(lambda: sum(1 for _ in self._redis.scan_iter(pattern, count=1_000)))
        return count

    async def models(self) -> WorkerModels:
        """Return the models of the workers that are alive; those of the version before do not tell theirs."""

        def read() -> WorkerModels:
            keys = list(self._redis.scan_iter(self._keys.key(f"{ALIVE}*"), count=1_000))
            told: Any = self._redis.mget(keys) if keys else []  # Any: the library types it loosely
            return WorkerModels.of(raw.decode() for raw in told if raw)

        models: WorkerModels = await self._call(read)
        return models

    def _queue(self, name: str) -> Queue:
        return Queue(self._keys.key(name), connection=self._redis, serializer=JSONSerializer)

    def _jobs_in(self, name: str) -> list[JobView]:
        queue = self._queue(name)
        ids = [*queue.started_job_registry.get_job_ids(), *queue.job_ids, *queue.failed_job_registry.get_job_ids()]
        if name == FOOTAGE:
            ids += queue.finished_job_registry.get_job_ids()
        found = Job.fetch_many(ids[:MOST_JOBS], connection=self._redis, serializer=JSONSerializer)
        views = [_view(job, queue=name, task_id=self._keys.task_id(job.id)) for job in found if job is not None]
        return [view for view in views if view.state != FINISHED or view.error is not None]

    async def open_results(self, stream: str, group: str) -> None:
        """Make the group that reads a stream, where there is none."""

        def make() -> None:
            try:
                self._redis.xgroup_create(self._keys.key(stream), group, id="0", mkstream=True)
            except ResponseError as fault:
                if "BUSYGROUP" not in str(fault):
                    raise

        await self._call(make)

    async def read_results(
        self,
        stream: str,
        group: str,
        consumer: str,
        *,
        idle_ms: int = CLAIM_IDLE_MS,
        in_hand: Collection[str] = (),
        poisoned: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[tuple[str, Result]]:
        """Yield results as they come, and again those that a consumer took and did not acknowledge within `idle_ms`.

        Args:
            in_hand: entries that are not claimed again; looked at anew each time.
            poisoned: called for each entry that holds no result, which is acknowledged and not yielded.

        Raises:
            Unavailable: Redis is away.
        """
        await self.open_results(stream, group)
        claimed_at = 0.0
        unread: dict[Any, Any] = {self._keys.key(stream): ">"}  # Any: the library's dict type is invariant
        while True:
            entries: list[tuple[bytes, dict[bytes, bytes]]] = []
            if time.monotonic() - claimed_at > idle_ms / 2000:
                claimed_at = time.monotonic()
                entries = await self._call(lambda: self._claimed(stream, group, consumer, idle_ms, in_hand))
            if not entries:
                read = await self._call(
                    lambda: self._redis.xreadgroup(group, consumer, unread, count=100, block=BLOCK_MS)
                )
                entries = read[0][1] if read else []
            for entry_id, values in entries:
                try:
                    result = _result.decode(values.get(b"result", b""))
                except msgspec.MsgspecError as fault:
                    structlog.get_logger().error(
                        "bad_result", stream=stream, entry=entry_id.decode(), reason=str(fault)
                    )
                    await self.ack(stream, group, entry_id.decode())
                    poisoned()
                    continue
                yield entry_id.decode(), result

    def _claimed(
        self, stream: str, group: str, consumer: str, idle_ms: int, in_hand: Collection[str]
    ) -> list[tuple[bytes, dict[bytes, bytes]]]:
        """Claim what was taken, by whomever, and not acknowledged; each claim counts as a delivery."""
        held, key = frozenset(in_hand), self._keys.key(stream)
        # Any: the library's types cover what these calls do not ask for
        waiting: Any = self._redis.xpending_range(key, group, "-", "+", count=100 + len(held), idle=idle_ms)
        ids = [entry["message_id"] for entry in waiting if entry["message_id"].decode() not in held]
        claimed: Any = self._redis.xclaim(key, group, consumer, idle_ms, ids) if ids else []
        return [(entry_id, values) for entry_id, values in claimed if entry_id is not None]

    async def deliveries(self, stream: str, group: str, entry_id: str) -> int:
        """Return how often a result that is not acknowledged was delivered."""
        key = self._keys.key(stream)
        pending = await self._call(lambda: self._redis.xpending_range(key, group, entry_id, entry_id, count=1))
        return int(pending[0]["times_delivered"]) if pending else 0

    async def ack(self, stream: str, group: str, entry_id: str) -> None:
        """Note that a result had its effect; it is deleted."""
        key = self._keys.key(stream)

        def acknowledge() -> None:
            with self._redis.pipeline(transaction=True) as batch:
                batch.xack(key, group, entry_id)
                batch.xdel(key, entry_id)
                batch.execute()

        await self._call(acknowledge)

    async def aclose(self) -> None:
        """Let the connections go."""
        await asyncio.to_thread(self._redis.close)

    async def _call(self, what: Callable[[], Any]) -> Any:  # noqa: ANN401 - the library's answers
        async with answering():
            return await asyncio.to_thread(what)


def _view(job: Job, *, queue: str, task_id: str) -> JobView:
    meta = job.get_meta(refresh=False)
    done, total = meta.get("done"), meta.get("total")
    return JobView(
        id=task_id,
        queue=queue,
        state=job.get_status(refresh=False).value,
        tag=str(meta.get("tag", "")),
        done=done,
        total=total,
        eta_seconds=_seconds_left(job, done, total),
        error=meta.get("error"),
    )


def _seconds_left(job: Job, done: object, total: object) -> float | None:
    """Return how long a job that runs is likely to go on, at the pace that it has had so far."""
    if job.started_at is None or job.ended_at is not None or not isinstance(done, int) or not isinstance(total, int):
        return None
    began = job.started_at if job.started_at.tzinfo is not None else job.started_at.replace(tzinfo=UTC)
    passed = max(0.0, (datetime.now(UTC) - began).total_seconds())
    return round(passed / done * max(0, total - done), 1) if done > 0 else None
