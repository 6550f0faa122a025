"""R3: match jobs while workers and Redis are killed with -9; every job ends, each result comes once."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from backbone.errors import Unavailable
from backbone.jobs.job_queue import JobQueue
from backbone.wire.jobs import MATCH, Failed, GalleryFile, MatchTask, Photo, Sought
from tests.conftest import RedisServer
from tests.processes import Role

STREAM, GROUP = "results", "test"
NOBODY = Sought(name="nobody", tolerance=0.1, embeddings=((9.0,) * 128,))
RECOVERED_SECONDS = 100.0


class Fire:
    """One run.

    Args:
        seed: of when and whom the kills hit.
        longest: seconds after which a run that stands still has failed.
    """

    def __init__(self, redis: RedisServer, workers: Role, *, seed: int, longest: float) -> None:
        self._redis = redis
        self._workers = workers
        self._random = random.Random(seed)
        self._longest = longest
        self._queue = JobQueue.from_url(redis.url)
        self.results: Counter[str] = Counter()
        self._heard: set[str] = set()
        self.failed: list[Failed] = []
        self.recovered: list[float] = []

    async def run(self, *, jobs: int, photo: Path, model_id: str, worker_kills: int, redis_kills: int) -> float:
        """Return the seconds that all jobs took."""
        gallery = await self._queue.put_gallery(GalleryFile(model_id=model_id, sought=(NOBODY,)))
        await self._queue.put_blobs({"blob:photo": photo.read_bytes()})
        began = time.monotonic()
        sent = Photo(key="blob:photo", name=photo.name, received_at=1.0)
        for number in range(jobs):
            await self._queue.enqueue(MATCH, MatchTask(f"job-{number}", STREAM, "fire", (sent,), gallery))
        kills = [self._kill_a_worker] * worker_kills + [self._kill_redis] * redis_kills
        self._random.shuffle(kills)
        async with asyncio.timeout(self._longest), asyncio.TaskGroup() as group:
            reading = group.create_task(self._read(jobs))
            for number, kill in enumerate(kills, start=1):
                # Spread over the run: the next kill waits for its share of the results.
                while len(self.results) < jobs * number / (len(kills) + 1) and not reading.done():
                    await asyncio.sleep(0.02)
                await kill()
        await self._queue.aclose()
        return time.monotonic() - began

    async def _read(self, jobs: int) -> None:
        while len(self.results) < jobs:
            try:
                async for entry, result in self._queue.read_results(STREAM, GROUP, "reader"):
                    # What was heard when Redis died before the acknowledgement comes again, as the same entry.
                    if entry not in self._heard:
                        self._heard.add(entry)
                        self.results[result.task_id] += 1
                        if isinstance(result, Failed):
                            self.failed.append(result)
                    await self._queue.ack(STREAM, GROUP, entry)
                    if len(self.results) == jobs:
                        break
            except Unavailable:
                await asyncio.sleep(0.2)

    async def _kill_a_worker(self) -> None:
        children = Path(f"/proc/{self._workers.process.pid}/task/{self._workers.process.pid}/children")
        while not (pids := children.read_text(encoding="ascii").split()):
            await asyncio.sleep(0.02)
        before = len(self.results)
        os.kill(int(self._random.choice(pids)), signal.SIGKILL)
        moment = time.monotonic()
        while len(self.results) == before and time.monotonic() - moment < RECOVERED_SECONDS:
            await asyncio.sleep(0.02)
        self.recovered.append(time.monotonic() - moment)

    async def _kill_redis(self) -> None:
        await asyncio.to_thread(self._redis.kill)
        await asyncio.sleep(self._random.uniform(0.1, 0.5))
        await asyncio.to_thread(self._redis.start)
