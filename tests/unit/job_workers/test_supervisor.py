"""Workers are kept, ended when they overstep, and end with their supervisor; stub programs stand in for them."""

import asyncio
import contextlib
import os
import shlex
import sys

import pytest
from prometheus_client import CollectorRegistry
from redis.exceptions import ConnectionError as RedisConnectionError

from job_workers import supervisor as supervisor_module
from job_workers.domain.sandbox_policy import Policy
from job_workers.metrics import WorkerMetrics
from job_workers.spec import WorkerSpec
from job_workers.supervisor import Supervisor
from tests.fakes.waiting import is_alive, until

SPEC = WorkerSpec(
    redis_url="redis://127.0.0.1",
    redis_prefix="rq",
    queues=("match",),
    processes=2,
    engine=None,
    detector="hog",
    smallest_face=60,
    longest_side=2_000,
    footage_folder="/footage",
    programs_folder="/programs",
    cache_folder="/cache",
    cache_bytes=1,
    policy=Policy(),
)
READY = '{"ready": true}'


class FakeRecovery:
    """Notes who is alive and what was given up; Redis is away when it is told to be."""

    def __init__(self) -> None:
        self.away, self.refused = False, 0
        self.alive: set[str] = set()
        self.models: dict[str, tuple[str, ...]] = {}
        self.buried: list[str] = []
        self.given_up: list[tuple[str, str]] = []

    def _asked(self) -> None:
        if self.away:
            self.refused += 1
            raise RedisConnectionError("nobody there")

    def beat(self, workers) -> None:
        self._asked()
        self.alive |= set(workers)
        self.models |= workers

    def bury(self, worker: str) -> None:
        self._asked()
        self.buried.append(worker)

    def recover(self) -> int:
        self._asked()
        return 0

    def give_up(self, job_id: str, code: str, message: str) -> None:
        self._asked()
        self.given_up.append((job_id, code))


class House:
    """A supervisor whose workers say what they are told to and then sleep."""

    def __init__(self, folder, monkeypatch) -> None:
        self.folder, self.recovery, self.registry = folder, FakeRecovery(), CollectorRegistry()
        self.supervisor = Supervisor(
            self.recovery, spec=SPEC, memory_limit=1 << 40, grace=0.01, metrics=WorkerMetrics(self.registry)
        )
        monkeypatch.setattr(sys, "executable", str(folder / "worker"))

    def workers_say(self, *lines: str) -> None:
        said = "\n".join(f"echo {shlex.quote(line)}" for line in lines)
        script = f'#!/bin/sh\nread spec\necho "$spec" > {self.folder}/spec\necho $$ >> {self.folder}/pids\n'
        path = self.folder / "worker"
        path.write_text(f"{script}{said}\nexec sleep 1000\n")
        path.chmod(0o755)

    def pids(self) -> list[int]:
        path = self.folder / "pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    @contextlib.asynccontextmanager
    async def run(self):
        running = asyncio.create_task(self.supervisor.run())
        yield
        running.cancel()
        await asyncio.wait([running])


@pytest.fixture
def house(tmp_path, monkeypatch):
    return House(tmp_path, monkeypatch)


async def test_workers_come_up_with_what_they_are_told_and_end_with_their_supervisor(house):
    house.workers_say("a library's own words", READY)
    assert house.supervisor.workers_state().ok is False
    async with house.run():
        await until(lambda: house.supervisor.workers_state().detail == "2 of 2 take jobs")
        assert house.supervisor.workers_state().ok
        assert house.supervisor.redis_state().ok
        assert WorkerSpec.of_line((house.folder / "spec").read_text()) == SPEC
        assert len(house.recovery.alive) == 2
        pids = house.pids()
        assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


async def test_the_models_of_a_worker_are_told_with_its_life(house, monkeypatch):
    monkeypatch.setattr(supervisor_module, "BEAT_SECONDS", 0.01)
    house.workers_say('{"ready": true, "models": ["m", "s"]}')
    async with house.run():
        await until(lambda: list(house.recovery.models.values()) == [("m", "s")] * 2)


async def test_a_worker_that_dies_is_buried_and_another_one_takes_its_place(house):
    house.workers_say(READY)
    async with house.run():
        await until(lambda: house.supervisor.workers_state().detail == "2 of 2 take jobs")
        os.kill(house.pids()[0], 9)
        await until(lambda: len(house.pids()) == 3)
        await until(lambda: house.supervisor.workers_state().detail == "2 of 2 take jobs")
    assert len(house.recovery.buried) == 1
    assert house.registry.get_sample_value("job_workers_ended_total") == 1


async def test_a_job_over_its_deadline_is_given_up_and_its_worker_ended(house):
    house.workers_say(READY, '{"job": "j", "deadline": 0.01}')
    async with house.run():
        await until(lambda: len(house.recovery.given_up) >= 2)
        await until(lambda: not any(is_alive(pid) for pid in house.pids()[:2]))
    assert set(house.recovery.given_up) == {("j", "too_slow")}


async def test_a_job_without_a_deadline_and_one_that_is_over_keep_their_workers(house):
    house.workers_say(READY, '{"job": "j", "deadline": 0}', '{"job": "k", "deadline": 0.01}', '{"job": null}')
    async with house.run():
        await until(lambda: house.registry.get_sample_value("job_workers_jobs_begun_total") == 4)
        await until(lambda: house.supervisor.workers_state().ok)
    assert house.recovery.given_up == []


async def test_while_redis_is_away_no_worker_is_started_and_that_is_told(house):
    house.workers_say(READY)
    house.recovery.away = True
    async with house.run():
        await until(lambda: house.recovery.refused >= 4)
        assert not house.supervisor.redis_state().ok
        assert house.pids() == []
        house.recovery.away = False
        await until(lambda: house.supervisor.workers_state().ok)
        assert house.supervisor.redis_state().ok
