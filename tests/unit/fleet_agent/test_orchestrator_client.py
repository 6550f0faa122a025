"""The agent's side of the socket, against a real server that keeps, drops and refuses connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from backbone import steady_socket
from backbone.wire.from_fleet_agent import Done, Node
from backbone.wire.to_fleet_agent import ListContainers, StartContainer, StopContainer
from fleet_agent.orchestrator_client import OrchestratorClient
from fleet_agent.outgoing_messages import MAX_KEPT, OutgoingMessages
from tests.processes import free_port, until


class Server:
    """An orchestrator that keeps what it hears and says what the test wants."""

    def __init__(self, port: int) -> None:
        self.heard: list[Any] = []
        self.open: list[WebSocketHandler] = []
        outer = self

        class Handler(WebSocketHandler):
            def open(self) -> None:
                outer.open.append(self)

            def on_message(self, message: str | bytes) -> None:
                outer.heard.append(json.loads(message))

            def on_close(self) -> None:
                outer.open.remove(self)

        self._server = HTTPServer(Application([("/fleet", Handler)]))
        self._server.listen(port, "127.0.0.1")

    async def say(self, raw: str) -> None:
        await self.open[-1].write_message(raw)

    async def aclose(self) -> None:
        self._server.stop()
        for connection in list(self.open):
            connection.close()
        await self._server.close_all_connections()


def node(load: float = 0.5) -> Node:
    return Node(
        node_id="pi-3", architecture="arm64", cores=4, memory_bytes=1, load=load, devices=[], kinds=[], containers=[]
    )


class Bench:
    """A client with every command that it hands over."""

    def __init__(self, port: int, metrics, token: str | None = None) -> None:
        self.commands: list[Any] = []
        self.outgoing = OutgoingMessages(metrics)
        self.client = OrchestratorClient(
            f"ws://127.0.0.1:{port}/fleet",
            token=token,
            outgoing=self.outgoing,
            node=node,
            take=self.commands.append,
            metrics=metrics,
        )


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[None]:
    task = asyncio.create_task(bench.client.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def server(port: int) -> AsyncIterator[Server]:
    opened = Server(port)
    yield opened
    await opened.aclose()


@pytest.fixture(autouse=True)
def eager(monkeypatch) -> None:
    monkeypatch.setattr(steady_socket, "EAGER_WAIT", 0.05)


async def test_it_tells_its_node_first(server, port, metrics):
    async with running(Bench(port, metrics)):
        await until(lambda: server.heard, "the first message")
    assert (server.heard[0]["type"], server.heard[0]["nodeId"]) == ("node", "pi-3")


async def test_with_a_token_it_authenticates_before_anything_else(server, port, metrics):
    async with running(Bench(port, metrics, token="abc")):
        await until(lambda: len(server.heard) == 2, "two messages")
    assert [message["type"] for message in server.heard] == ["authenticate", "node"]


async def test_it_keeps_trying_and_tells_its_node_on_every_connection(port, metrics):
    bench = Bench(port, metrics)
    async with running(bench):
        await until(lambda: "refused" in bench.client.state().detail, "a refused try")
        for _ in range(2):
            server = Server(port)
            await until(lambda heard=server.heard: heard, "the connection")
            assert server.heard[0]["type"] == "node"
            await server.aclose()
            await until(lambda: not bench.client.state().ok, "the loss to be noticed")


async def test_commands_are_handed_on_in_order(server, port, metrics):
    bench = Bench(port, metrics)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say('{"type":"startContainer","requestId":"1","kind":"camera","name":"gate","source":"test:"}')
        await server.say('{"type":"stopContainer","requestId":"2","name":"gate"}')
        await server.say('{"type":"listContainers","requestId":"3"}')
        await until(lambda: len(bench.commands) == 3, "three commands")
    assert bench.commands == [
        StartContainer(request_id="1", kind="camera", name="gate", source="test:"),
        StopContainer(request_id="2", name="gate"),
        ListContainers(request_id="3"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "no json",
        "[]",
        '{"type":"runAnything","image":"x"}',
        '{"type":"stopContainer","requestId":"1","name":"--all"}',
        '{"type":"stopContainer","requestId":"1","name":"gate\\n"}',
        '{"type":"startContainer","requestId":"1","kind":"camera","name":"' + "a" * 64 + '"}',
        '{"type":"startContainer","name":"gate"}',
    ],
)
async def test_a_bad_message_is_answered_and_the_connection_goes_on(server, port, metrics, raw):
    bench = Bench(port, metrics)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say(raw)
        await until(lambda: len(server.heard) == 2, "the answer")
        assert server.heard[1]["type"] == "error"
        await server.say('{"type":"listContainers","requestId":"3"}')
        await until(lambda: bench.commands, "the next command")


async def test_an_answer_for_an_orchestrator_that_is_gone_is_dropped_and_counted(port, metrics):
    bench = Bench(port, metrics)
    bench.outgoing.answer(Done(request_id="1", containers=[]))
    assert metrics.dropped_answers._value.get() == 1


async def test_only_the_newest_state_waits_and_answers_are_kept_within_a_bound(server, port, metrics):
    bench = Bench(port, metrics)
    async with running(bench):
        await until(lambda: bench.client.state().ok, "the connection")
        for number in range(3):
            bench.outgoing.tell(node(load=float(number)))
        for number in range(MAX_KEPT + 5):
            bench.outgoing.answer(Done(request_id=str(number), containers=[]))
        await until(lambda: len(server.heard) >= MAX_KEPT + 2, "what was kept")
    loads = [message["load"] for message in server.heard if message["type"] == "node"]
    assert loads[-1] == 2.0
    assert metrics.dropped_answers._value.get() == 5


async def test_why_the_orchestrator_closed_the_connection_is_told_in_its_own_words(port, metrics):
    bench, server = Bench(port, metrics), Server(port)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say('{"type":"error","code":"not_allowed","message":"expected a token of the role fleet"}')
        server.open[-1].close()
        await until(lambda: "expected a token" in bench.client.state().detail, "the reason")
        await server.aclose()
        await until(lambda: "expected a token" not in bench.client.state().detail, "a later try")
