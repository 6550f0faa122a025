"""The processor's side of the socket, against a real server that keeps, drops and refuses connections."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from backbone import steady_socket
from backbone.pictures.cleaner import PictureCleaner
from backbone.wire.from_processor import BoundingBoxes
from backbone.wire.shared import FeatureMap
from camera_processor import orchestrator_client
from camera_processor.domain.commands import (
    Command,
    CommandList,
    Forget,
    ForgetAllBut,
    Judge,
    Learn,
    SeekBox,
    SeekPicture,
)
from camera_processor.domain.stream_demand import StreamDemand
from camera_processor.metrics import ProcessorMetrics
from camera_processor.orchestrator_client import OrchestratorClient
from tests.processes import free_port, until


class Server:
    """A legacy-like orchestrator: it keeps what it hears and says what the test wants."""

    def __init__(self, port: int) -> None:
        self.heard: list[Any] = []
        self.open: list[WebSocketHandler] = []
        outer = self

        class Handler(WebSocketHandler):
            def open(self) -> None:
                outer.open.append(self)

            def on_message(self, message: str | bytes) -> None:
                outer.heard.append(json.loads(message) if isinstance(message, str) else message)

            def on_close(self) -> None:
                outer.open.remove(self)

        self._server = HTTPServer(Application([("/processor", Handler)]))
        self._server.listen(port, "127.0.0.1")

    async def say(self, **message: Any) -> None:
        await self.open[-1].write_message(json.dumps(message))

    def types(self) -> list[str]:
        return [message["type"] for message in self.heard]

    async def aclose(self) -> None:
        self._server.stop()
        for connection in list(self.open):
            connection.close()
        await self._server.close_all_connections()


class Bench:
    """A client with everything that it hands over."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.commands = CommandList()
        self.demand = StreamDemand()
        self.metrics = ProcessorMetrics(CollectorRegistry())
        self.client = OrchestratorClient(
            f"ws://127.0.0.1:{port}/processor",
            camera_id="door",
            token=token,
            commands=self.commands,
            demand=self.demand,
            cleaner=PictureCleaner(),
            metrics=self.metrics,
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
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady_socket, "EAGER_WAIT", 0.05)
    monkeypatch.setattr(orchestrator_client, "SETTLED_SECONDS", 1.0)


def boxes(number: int) -> BoundingBoxes:
    return BoundingBoxes(frame_id=float(number), boxes=[])


async def test_it_says_who_it_is_first(server: Server, port: int) -> None:
    async with running(Bench(port)):
        await until(lambda: server.heard, "the first message")
    assert server.heard[0] == {"type": "identifier", "id": "door", "features": ["case"]}


async def test_with_a_token_it_authenticates_before_anything_else(server: Server, port: int) -> None:
    async with running(Bench(port, token="abc")):
        await until(lambda: len(server.heard) == 2, "two messages")
    assert server.heard == [
        {"type": "authenticate", "jwt": "abc"},
        {"type": "identifier", "id": "door", "features": ["case"]},
    ]


async def test_it_keeps_trying_until_there_is_an_orchestrator(port: int) -> None:
    bench = Bench(port)
    async with running(bench):
        await until(lambda: "refused" in bench.client.last_error, "a refused try")
        late = Server(port)
        await until(lambda: late.heard, "the connection")
        assert bench.client.connected
        await late.aclose()


async def test_what_could_not_be_sent_is_sent_after_reconnecting_even_when_idle(port: int) -> None:
    bench = Bench(port)
    bench.client.send(FeatureMap(object_id=1, feature_map=[1.0], model_id="m"))
    async with running(bench):
        first = Server(port)
        await until(lambda: len(first.heard) == 2, "the kept message")
        await first.aclose()
        await until(lambda: not bench.client.connected, "the loss to be noticed")
        for number in range(3):
            bench.client.send(boxes(number), droppable=False)
        second = Server(port)
        await until(lambda: len(second.heard) == 4, "the kept boxes")
        await second.aclose()
    assert first.types() == ["identifier", "featureMap"]
    assert [message.get("frameId") for message in second.heard] == [None, 0.0, 1.0, 2.0]


async def test_frames_that_nobody_could_hear_are_dropped_oldest_first(port: int) -> None:
    bench = Bench(port)
    kept = orchestrator_client.MAX_KEPT_FRAMES
    for number in range(kept + 10):
        bench.client.send(boxes(number), droppable=True)
    async with running(bench):
        server = Server(port)
        await until(lambda: len(server.heard) == kept + 1, "the newest frames")
        await server.aclose()
    assert server.heard[1]["frameId"] == 10.0


async def test_commands_are_kept_for_the_loop(server: Server, port: int, jpeg: bytes) -> None:
    bench = Bench(port)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say(type="start", objectId=1, frameId=2.5, boxId=3)
        await server.say(type="start", objectId=2, image=base64.b64encode(jpeg).decode())
        await server.say(type="featureMap", objectId=3, featureMap=[0.5])
        await server.say(type="stop", objectId=3)
        heard: list[Command] = []
        await until(lambda: heard.extend(bench.commands.drain()) or Forget(3) in heard, "the last command")
    # After a while with no news the client also settles what it knows; on a busy machine that falls in between.
    seek_box, seek_picture, learn, forget = (one for one in heard if not isinstance(one, ForgetAllBut))
    assert seek_box == SeekBox(1, 3)
    assert isinstance(seek_picture, SeekPicture)
    assert seek_picture.jpeg.startswith(b"\xff\xd8")
    assert (learn, forget) == (Learn(3, [0.5], None), Forget(3))


async def test_objects_that_are_not_named_again_after_a_reconnect_are_forgotten(server: Server, port: int) -> None:
    bench = Bench(port)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say(type="featureMap", objectId=5, featureMap={})
        await until(lambda: len(bench.commands) == 2, "the settling")
    assert bench.commands.drain() == [Learn(5, {}, None), ForgetAllBut(frozenset({5}))]


async def test_a_stream_is_asked_for_by_tokens_and_ends_with_the_connection(port: int) -> None:
    server, bench = Server(port), Bench(port)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say(type="startStream", fps=5, width=320, tokens=2)
        await server.say(type="streamToken", tokens=1)
        await until(lambda: bench.demand.tokens == 3, "the tokens")
        assert (bench.demand.fps, bench.demand.width) == (5, 320)
        await server.aclose()
        await until(lambda: bench.demand.fps == 0, "the end of the stream")


@pytest.mark.parametrize(
    "raw", ["no json", "[]", '{"type":"start"}', '{"type":"dance"}', '{"type":"stop","objectId":0}']
)
async def test_a_bad_message_is_answered_and_the_connection_goes_on(server: Server, port: int, raw: str) -> None:
    bench = Bench(port)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.open[-1].write_message(raw)
        await until(lambda: len(server.heard) == 2, "the answer")
        assert server.heard[1]["type"] == "error"
        await server.say(type="stop", objectId=9)
        await until(lambda: len(bench.commands) >= 1, "the next command")


async def test_a_picture_that_is_none_fails_the_object_and_nothing_else(server: Server, port: int) -> None:
    bench = Bench(port)
    async with running(bench):
        await until(lambda: server.heard, "the connection")
        await server.say(type="start", objectId=4, image=base64.b64encode(b"<svg/>").decode())
        await until(lambda: len(server.heard) == 2, "the answer")
    answer = server.heard[1]
    assert (answer["type"], answer["code"], answer["objectId"]) == ("error", "bad_picture", 4)


async def test_a_cases_threshold_comes_before_its_feature_map(server: Server, port: int) -> None:
    bench = Bench(port)
    async with running(bench):
        await until(lambda: server.open, "the connection")
        await server.say(type="case", objectId=3, name="Anna", threshold=0.4, expiresAt=1.0)
        await server.say(type="featureMap", objectId=3, featureMap=[0.5], modelId="m")
        await until(lambda: len(bench.commands) >= 2, "both")
    heard = [one for one in bench.commands.drain() if not isinstance(one, ForgetAllBut)]
    assert heard == [Judge(3, 0.4), Learn(3, [0.5], "m")]
