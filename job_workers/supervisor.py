"""Keeps the workers of one Redis: a process a core, started again when it ends, ended when it oversteps."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from backbone.backoff import Backoff
from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.redis_errors import answering
from backbone.web.health import Dependency
from job_workers.metrics import WorkerMetrics
from job_workers.queues.recovery import Recovery
from job_workers.spec import WorkerSpec

WATCH_SECONDS = 1.0
BEAT_SECONDS = 5.0
STOP_SECONDS = 6.0
STEADY_SECONDS = 60.0
"""Who ran for so long did not fail at the start."""
_PAGE = os.sysconf("SC_PAGE_SIZE")

Overstep = tuple[Literal["too_slow", "too_big"], str]


@dataclass(slots=True)
class Worker:
    """One running child."""

    name: str
    process: asyncio.subprocess.Process
    ready: bool = False
    models: tuple[str, ...] = ()
    job: str | None = None
    until: float = field(default=float("inf"))
    """When its job's time is over, seconds of the monotonic clock."""

    def come_up(self, models: Iterable[str]) -> None:
        """Note that it takes jobs, and the models that it has for pictures."""
        self.ready, self.models = True, tuple(models)

    def turn_to(self, job: str | None, *, until: float) -> None:
        """Note which job it has now; None: it waits for the next."""
        self.job, self.until = job, until


class Supervisor(Part):
    """The workers of this process.

    Args:
        spec: what each worker is told; it says how many there are.
        memory_limit: bytes that a child may take.
        grace: seconds beyond a job's deadline.
    """

    def __init__(
        self,
        recovery: Recovery,
        *,
        spec: WorkerSpec,
        memory_limit: int,
        grace: float,
        metrics: WorkerMetrics,
    ) -> None:
        self._recovery = recovery
        self._spec = spec
        self._memory_limit = memory_limit
        self._grace = grace
        self._metrics = metrics
        self._workers: dict[str, Worker] = {}
        self._redis_answers = False

    def redis_state(self) -> Dependency:
        """Return whether Redis answered when it was asked last."""
        return Dependency(ok=self._redis_answers, detail="answers" if self._redis_answers else "does not answer")

    def workers_state(self) -> Dependency:
        """Return how many workers take jobs."""
        ready = self._ready()
        return Dependency(ok=ready > 0, detail=f"{ready} of {self._spec.processes} take jobs")

    def _ready(self) -> int:
        return sum(worker.ready for worker in self._workers.values())

    async def run(self) -> None:
        """Keep workers until cancelled, then let each finish within a bound."""
        slots = [asyncio.create_task(self._keep_one(slot)) for slot in range(self._spec.processes)]
        chores = [asyncio.create_task(self._watch()), asyncio.create_task(self._beat())]
        try:
            await asyncio.gather(*slots, *chores)
        finally:
            for task in (*slots, *chores):
                task.cancel()
            await self._end_all()

    async def _keep_one(self, slot: int) -> None:
        backoff = Backoff()
        while True:
            name, began = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:12]}", time.monotonic()
            if await self._ask(partial(self._recovery.beat, {name: ()})):
                await self._live(name, slot)
                await self._ask(partial(self._recovery.bury, name))
                await self._ask(self._recovery.recover)
            if time.monotonic() - began > STEADY_SECONDS:
                backoff = Backoff()
            await asyncio.sleep(backoff.next_wait())

    async def _live(self, name: str, slot: int) -> None:
        """Run one child from start to end."""
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "job_workers.child", name, str(os.getpid()), str(slot))
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        worker = self._workers[name] = Worker(name, process)
        try:
            await self._listen(worker, process)
        except (ConnectionError, ValueError) as fault:
            structlog.get_logger().warning("worker_unheard", worker=name, reason=str(fault))
            _kill(process)
        code = await process.wait()
        del self._workers[name]
        structlog.get_logger().warning("worker_ended", worker=name, code=code)
        self._metrics.ended.inc()
        self._metrics.ready.set(self._ready())

    async def _listen(self, worker: Worker, process: asyncio.subprocess.Process) -> None:
        """Tell a child what to do and hear it until it ends."""
        if process.stdin is None or process.stdout is None:
            raise ValueError("expected pipes to the worker, got none")
        process.stdin.write(self._spec.line())
        async for line in process.stdout:
            self._heard(worker, line)

    def _heard(self, worker: Worker, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return  # a library's own words
        if told.get("ready"):
            worker.come_up(told.get("models", ()))
            structlog.get_logger().info("worker_ready", worker=worker.name)
        elif "job" in told:
            over = told["job"] is None or not told["deadline"]
            until = float("inf") if over else time.monotonic() + told["deadline"] + self._grace
            worker.turn_to(told["job"], until=until)
            self._metrics.jobs.inc(worker.job is not None)
        self._metrics.ready.set(self._ready())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for worker in list(self._workers.values()):
                overstep = self._overstep(worker)
                if overstep is not None:
                    code, text = overstep
                    structlog.get_logger().warning("worker_oversteps", worker=worker.name, job=worker.job, reason=text)
                    if worker.job is not None:
                        await self._ask(partial(self._recovery.give_up, worker.job, code, text))
                    _kill(worker.process)

    def _overstep(self, worker: Worker) -> Overstep | None:
        if time.monotonic() > worker.until:
            return "too_slow", "expected the task to end before its deadline, it did not"
        taken = _rss(worker.process.pid)
        if taken > self._memory_limit:
            return "too_big", f"expected at most {self._memory_limit >> 20} MB of memory, the task took {taken >> 20}"
        return None

    async def _beat(self) -> None:
        while True:
            alive = {name: worker.models for name, worker in self._workers.items()}
            await self._ask(partial(self._recovery.beat, alive))
            await self._ask(self._recovery.recover)
            await asyncio.sleep(BEAT_SECONDS)

    async def _ask(self, what: Callable[[], object]) -> bool:
        """Do something with Redis in a thread; return whether it answered."""
        try:
            async with answering():
                await asyncio.to_thread(what)
        except Unavailable as fault:
            structlog.get_logger().warning("redis_away", reason=fault.message)
            self._redis_answers = False
        else:
            self._redis_answers = True
        return self._redis_answers

    async def _end_all(self) -> None:
        """Let workers finish what they have, then end them."""
        left = [worker.process for worker in self._workers.values() if worker.process.returncode is None]
        for process in left:
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(process.wait() for process in left))
        for process in left:
            _kill(process)


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def _rss(pid: int) -> int:
    """Return the resident memory of a process in bytes, 0 when it is gone (proc(5): statm)."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
