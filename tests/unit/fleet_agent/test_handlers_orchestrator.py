"""Commands in, answers out, with the engine's doings in between; the engine is a fake one on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backbone.wire.from_fleet_agent import Done, Refused
from backbone.wire.to_fleet_agent import ListContainers, StartContainer, StopContainer
from fleet_agent import handlers_orchestrator
from fleet_agent.container_engine import ContainerEngine
from fleet_agent.handlers_orchestrator import MAX_WAITING, CommandHandler
from tests.processes import until
from tests.unit.fleet_agent.conftest import DEVICES, NODE


class Bench:
    """A handler with everything that it answers."""

    def __init__(self, url, allow_list, metrics) -> None:
        self.answers: list[Done | Refused] = []
        self.looks = 0
        self.engine = ContainerEngine(url, node=NODE)
        self.handler = CommandHandler(
            allow_list=allow_list,
            container_engine=self.engine,
            metrics=metrics,
            devices=lambda: dict(DEVICES),
            answer=self.answers.append,
            after=self._looked,
        )

    async def _looked(self) -> None:
        self.looks += 1

    async def asks(self, command) -> Done | Refused:
        before = len(self.answers)
        self.handler.take(command)
        await until(lambda: len(self.answers) > before, "an answer")
        return self.answers[-1]


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[Bench]:
    task = asyncio.create_task(bench.handler.run())
    try:
        yield bench
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bench.engine.stop()


@pytest.fixture
async def bench(fake_engine, allow_list, metrics):
    async with running(Bench(fake_engine.url, allow_list, metrics)) as made:
        yield made


def start(name="gate", **place) -> StartContainer:
    return StartContainer(request_id=f"start {name}", kind="camera", name=name, **place)


async def test_a_camera_is_started_listed_and_stopped(bench, fake_engine):
    started = await bench.asks(start(device="/dev/video0"))
    assert (started.request_id, [(one.name, one.state) for one in started.containers]) == (
        "start gate",
        [("gate", "running")],
    )
    listed = await bench.asks(ListContainers(request_id="l"))
    assert listed.containers == started.containers
    stopped = await bench.asks(StopContainer(request_id="s", name="gate"))
    assert (stopped.containers, fake_engine.containers) == ([], {})


async def test_the_same_command_many_times_starts_one(bench, fake_engine):
    for _ in range(5):
        bench.handler.take(start(device="/dev/video0"))
    await until(lambda: len(bench.answers) == 5, "five answers")
    assert {type(answer) for answer in bench.answers} == {Done}
    assert len(fake_engine.containers) == 1
    assert sum(line == "POST containers/create" for line in fake_engine.log) == 1


async def test_what_has_ended_is_started_again_by_the_same_command(bench, fake_engine):
    await bench.asks(start(source="test:"))
    fake_engine.end_all()
    (again,) = (await bench.asks(start(source="test:"))).containers
    assert again.state == "running"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (start("x", device="/dev/sda"), "not_listed"),
        (start("x", source="file:/etc/passwd"), "not_listed"),
        (start("x", device="/dev/video9"), "no_device"),
        (start("x", device="/dev/video0"), "device_taken"),
        (start("gate", source="test:"), "conflict"),
        (start("x"), "bad_input"),
        (StartContainer(request_id="r", kind="miner", name="x"), "not_listed"),
        (StopContainer(request_id="r", name="redis"), "unknown_container"),
        (StartContainer(request_id="r", kind="worker", name="w"), "no_image"),
    ],
)
async def test_what_may_not_be_is_refused_with_its_code_and_changes_nothing(bench, fake_engine, metrics, command, code):
    await bench.asks(start(device="/dev/video0"))
    refused = await bench.asks(command)
    assert (type(refused), refused.code) == (Refused, code)
    assert len(fake_engine.containers) == 1


async def test_an_engine_that_is_away_refuses_commands_and_the_agent_goes_on(bench, fake_engine):
    fake_engine.stop()
    assert (await bench.asks(ListContainers(request_id="l"))).code == "engine_away"
    fake_engine.start()
    assert isinstance(await bench.asks(ListContainers(request_id="l")), Done)


async def test_a_command_is_over_at_its_bound(bench, fake_engine, monkeypatch):
    monkeypatch.setattr(handlers_orchestrator, "COMMAND_SECONDS", 0.1)
    fake_engine.silent = True
    refused = await bench.asks(ListContainers(request_id="l"))
    fake_engine.silent = False
    assert (refused.code, "within 0.1 s" in refused.message) == ("unavailable", True)


async def test_more_commands_than_may_wait_are_refused_at_once(fake_engine, allow_list, metrics):
    bench = Bench(fake_engine.url, allow_list, metrics)
    for _ in range(MAX_WAITING + 2):
        bench.handler.take(ListContainers(request_id="l"))
    assert [answer.code for answer in bench.answers] == ["busy", "busy"]
    await bench.engine.stop()


async def test_the_node_is_looked_at_after_what_may_have_changed_it(bench):
    await bench.asks(ListContainers(request_id="l"))
    await bench.asks(start(source="test:"))
    await until(lambda: bench.looks == 1, "one look")
