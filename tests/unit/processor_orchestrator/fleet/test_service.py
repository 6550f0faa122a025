"""Commands and answers between operators and agents: each is answered once, and none waits for ever."""

import asyncio

import pytest

from backbone.errors import Conflict, NotAllowed, NotFound, Unavailable
from backbone.wire.fleet_values import ContainerView
from backbone.wire.from_fleet_agent import Done, Node, Refused
from backbone.wire.to_fleet_agent import ListContainers, StartContainer
from processor_orchestrator.fleet import service as desk_module
from processor_orchestrator.fleet.service import CLOSE_REPLACED, MAX_WAITING, FleetService, NodeSilent

GATE = ContainerView(name="gate", kind="camera", state="running", since=1.0)


class Agent:
    """An agent's socket that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list = []
        self.closed: tuple[int | None, str | None] | None = None

    def send(self, message) -> None:
        self.heard.append(message)

    def close(self, code=None, reason=None) -> None:
        self.closed = (code, reason)


def node(node_id="pi-3") -> Node:
    told = {"architecture": "arm64", "cores": 4, "memory_bytes": 1, "load": 0.5}
    return Node(node_id=node_id, **told, devices=[], kinds=[], containers=[])


@pytest.fixture
def desk(metrics):
    return FleetService(metrics=metrics, now=lambda: 7.0)


@pytest.fixture
def agent(desk):
    made = Agent()
    made.id = desk.agent_connected(made)
    desk.node_told(made.id, node(), "fleet")
    return made


def asking(desk, node_id="pi-3"):
    return asyncio.ensure_future(
        desk.command(node_id, lambda request_id: ListContainers(request_id=request_id), subject="anna")
    )


async def heard(agent, count=1):
    async with asyncio.timeout(40):
        while len(agent.heard) < count:
            await asyncio.sleep(0)
    return agent.heard[-1]


async def test_an_answer_reaches_the_one_who_asked(desk, agent):
    first, second = asking(desk), asking(desk)
    await heard(agent, 2)
    for command, there in zip(reversed(agent.heard), ([], [GATE]), strict=True):
        desk.answered(agent.id, Done(request_id=command.request_id, containers=there))
    assert (await first, await second) == ([GATE], [])


async def test_a_refusal_is_raised_with_its_code(desk, agent, metrics):
    asked = asyncio.ensure_future(
        desk.command("pi-3", lambda one: StartContainer(request_id=one, kind="miner", name="x"), subject=None)
    )
    command = await heard(agent)
    desk.answered(agent.id, Refused(request_id=command.request_id, code="not_listed", message="expected, got"))
    with pytest.raises(NotAllowed, match="expected, got"):
        await asked
    assert metrics.fleet_commands.labels("startContainer", "not_listed")._value.get() == 1


async def test_a_silent_node_is_given_up_at_the_deadline_and_its_late_answer_is_left_alone(desk, agent, monkeypatch):
    monkeypatch.setattr(desk_module, "ANSWER_SECONDS", 0.05)
    with pytest.raises(NodeSilent) as refused:
        await asking(desk)
    assert (refused.value.status, refused.value.code) == (504, "node_silent")
    desk.answered(agent.id, Done(request_id=agent.heard[0].request_id, containers=[GATE]))
    assert desk.nodes.known()[0].containers == []


async def test_a_node_that_leaves_fails_what_waits_for_it_at_once(desk, agent):
    asked = asking(desk)
    await heard(agent)
    desk.agent_left(agent.id)
    with pytest.raises(Unavailable, match="end of its connection"):
        await asked


async def test_another_agent_cannot_answer_in_its_place(desk, agent):
    intruder = desk.agent_connected(Agent())
    desk.node_told(intruder, node("pi-4"), "fleet")
    asked = asking(desk)
    command = await heard(agent)
    desk.answered(intruder, Done(request_id=command.request_id, containers=[GATE]))
    await asyncio.sleep(0)
    assert not asked.done()
    desk.answered(agent.id, Done(request_id=command.request_id, containers=[]))
    assert await asked == []


async def test_more_than_may_wait_is_refused_and_the_others_go_on(desk, agent):
    waiting = [asking(desk) for _ in range(MAX_WAITING)]
    await heard(agent, MAX_WAITING)
    with pytest.raises(Unavailable, match="at most"):
        await asking(desk)
    for command in agent.heard:
        desk.answered(agent.id, Done(request_id=command.request_id, containers=[]))
    assert await asyncio.gather(*waiting) == [[]] * MAX_WAITING


async def test_an_unknown_node_is_told(desk):
    with pytest.raises(NotFound, match="known node"):
        await asking(desk, "pi-9")


def test_a_newer_agent_of_the_node_closes_the_older(desk, agent):
    newer = desk.agent_connected(Agent())
    desk.node_told(newer, node(), "fleet")
    assert agent.closed is not None
    assert agent.closed[0] == CLOSE_REPLACED


def test_an_agent_of_another_subject_is_refused(desk, agent):
    with pytest.raises(Conflict):
        desk.node_told(desk.agent_connected(Agent()), node(), "intruder")
    assert agent.closed is None


async def test_closing_tells_the_agents_and_whoever_waits(desk, agent):
    asked = asking(desk)
    await heard(agent)
    await desk.stop()
    assert agent.closed == (1001, "going away")
    with pytest.raises(Unavailable):
        await asked


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (None, None),
        ("test:", "test:"),
        ("rtsp://anna:hunter2@10.0.0.7/1?token=x", "rtsp://***@10.0.0.7/1"),
        ("http://anna:hunter2?@10.0.0.7/1?x", "http://***@10.0.0.7/1"),
        ("hunter2@10.0.0.7", "://***@10.0.0.7"),
    ],
)
def test_a_source_is_logged_without_login_and_query(source, shown):
    assert desk_module._shown(source) == shown
