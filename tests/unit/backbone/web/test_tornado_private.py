"""Tornado's private parts are there, take what we give them and mean what we believe; a new Tornado is held to this."""

import asyncio
import inspect
import socket

import pytest
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, WebSocketProtocol13, websocket_connect

from backbone.web.tornado_private import OpenProtocol, OpenStream, unmasked

MASK = bytes(4)  # changes nothing
TEXT, CONTINUED, CLOSE, FINAL, MASKED = 1, 0, 8, 0x80, 0x80


def frame(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    return bytes([(FINAL if final else 0) | opcode, MASKED | len(payload)]) + MASK + payload


class Limits:
    max_message_size = 1000
    compression_options = None
    ping_interval = ping_timeout = None


class Listener:
    def __init__(self) -> None:
        self.messages: list[str | bytes] = []
        self.closed_with: list[int | None] = []

    def on_message(self, message: str | bytes) -> None:
        self.messages.append(message)

    def on_ws_connection_close(self, code: int | None = None, reason: str | None = None) -> None:
        self.closed_with.append(code)


class Closable:
    """What a protocol does to its stream while it reads and ends."""

    def __init__(self) -> None:
        self.is_closed = False

    def closed(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


class Scripted(OpenProtocol):
    """Reads from the bytes that it is given; notes the parts that Tornado asks for and what it hears of the end."""

    def __init__(self, content: bytes) -> None:
        self.listener = Listener()
        super().__init__(self.listener, False, Limits())
        self.stream = Closable()
        self.content = content
        self.parts: list[int] = []
        self.aborts = 0

    async def read_exactly(self, size: int) -> bytes:
        self.parts.append(size)
        if len(self.content) < size:
            raise StreamClosedError
        data, self.content = self.content[:size], self.content[size:]
        return data

    def before_abort(self) -> None:
        self.aborts += 1


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("__init__", ["self", "handler", "mask_outgoing", "params"]),
        ("_receive_frame_loop", ["self"]),
        ("_receive_frame", ["self"]),
        ("_read_bytes", ["self", "n"]),
        ("_handle_message", ["self", "opcode", "data"]),
        ("_abort", ["self"]),
    ],
)
def test_a_private_method_takes_what_it_is_given(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(WebSocketProtocol13, name)).parameters) == parameters


@pytest.mark.parametrize("name", ["_receive_frame_loop", "_receive_frame", "_read_bytes"])
def test_what_reads_is_awaited(name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(WebSocketProtocol13, name))


def test_the_mask_is_that_of_the_standard() -> None:
    assert unmasked(bytes.fromhex("37fa213d"), bytes.fromhex("7f9f4d5158")) == b"Hello"  # RFC 6455 section 5.7


async def test_a_frame_is_read_part_by_part_and_handed_on() -> None:
    protocol = Scripted(frame(TEXT, b"hello"))
    await protocol.read_frame()
    assert (protocol.parts, protocol.listener.messages) == ([2, 4, 5], ["hello"])


async def test_a_whole_message_may_be_handed_on_without_its_frame() -> None:
    protocol = Scripted(b"")
    assert protocol.handle_message(TEXT, "grüß".encode()) is None
    assert protocol.listener.messages == ["grüß"]


async def test_a_handler_that_waits_is_to_be_awaited() -> None:
    class Slow(Listener):
        async def on_message(self, message: str | bytes) -> None:
            await asyncio.sleep(0)
            super().on_message(message)

    protocol = Scripted(b"")
    protocol.listener = protocol.handler = Slow()
    handled = protocol.handle_message(TEXT, b"later")
    assert protocol.listener.messages == []
    await handled
    assert protocol.listener.messages == ["later"]


async def test_no_plain_message_comes_within_a_fragmented_one() -> None:
    protocol = Scripted(frame(TEXT, b"one ", final=False) + frame(CONTINUED, b"two"))
    assert protocol.takes_plain_messages()
    await protocol.read_frame()
    assert not protocol.takes_plain_messages()
    await protocol.read_frame()
    assert protocol.takes_plain_messages()
    assert protocol.listener.messages == ["one two"]


async def test_tornado_aborts_by_the_method_that_we_hear_of() -> None:
    protocol = Scripted(frame(3, b"what"))
    await protocol.read_frame()
    assert protocol.aborts == 1
    assert protocol.stream.closed()
    assert protocol.client_terminated
    assert protocol.server_terminated


async def test_an_abort_of_ours_is_heard_as_well() -> None:
    protocol = Scripted(b"")
    protocol.abort()
    assert (protocol.aborts, protocol.stream.closed()) == (1, True)


async def test_reading_all_ends_with_word_to_the_handler() -> None:
    protocol = Scripted(frame(TEXT, b"hello"))
    await protocol.read_all()
    assert (protocol.listener.messages, protocol.listener.closed_with) == (["hello"], [None])


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_connection_is_read_by_read_all_and_compression_is_seen(compressed: bool) -> None:
    seen: list[bool] = []

    class Watched(OpenProtocol):
        async def read_all(self) -> None:
            seen.append(self.takes_plain_messages())
            await super().read_all()

    class Echo(WebSocketHandler):
        def get_compression_options(self) -> dict[str, object] | None:
            return {} if compressed else None

        def get_websocket_protocol(self) -> Watched:
            plain = super().get_websocket_protocol()
            return Watched(self, False, plain.params)

        def on_message(self, message: str | bytes) -> None:
            self.write_message(message)

    server = HTTPServer(Application([("/", Echo)]))
    listening, port = bind_unused_port()
    server.add_sockets([listening])
    client = await websocket_connect(f"ws://127.0.0.1:{port}/", compression_options={} if compressed else None)
    await client.write_message("said")
    assert await asyncio.wait_for(client.read_message(), 20) == "said"
    assert seen == [not compressed]
    client.close()
    server.stop()
    await server.close_all_connections()


async def test_a_stream_tells_whether_bytes_wait_in_it() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        stream = OpenStream(ours)
        assert not stream.holds_unread()
        theirs.send(b"0123456789")
        assert await stream.read_bytes(3) == b"012"
        assert stream.holds_unread()
        assert await stream.read_bytes(7) == b"3456789"
        assert not stream.holds_unread()
        stream.close()


def test_reading_from_a_stream_takes_a_size_and_whether_less_will_do() -> None:
    assert list(inspect.signature(IOStream.read_bytes).parameters) == ["self", "num_bytes", "partial"]
