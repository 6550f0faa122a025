"""Messages arrive whole, in order and once, however the bytes are cut and the frames are mixed."""

import asyncio
import os
import random
import struct

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from backbone.web.buffered_protocol import CHUNK_BYTES, BufferedProtocol

FINAL, CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 0, 1, 2, 8, 9, 10
PATIENCE = 40.0


def frame(opcode, payload, *, final=True, masked=True):
    size = len(payload)
    mark = 0x80 if masked else 0
    head = bytes([(FINAL if final else 0) | opcode])
    if size < 126:
        head += bytes([mark | size])
    elif size < 65_536:
        head += struct.pack("!BH", mark | 126, size)
    else:
        head += struct.pack("!BQ", mark | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


class Echo(WebSocketHandler):
    """Keeps what came; `slow` messages are awaited."""

    heard: list
    ended: asyncio.Event
    busy = 0

    def initialize(self, heard, ended):
        self.heard, self.ended = heard, ended

    def get_websocket_protocol(self):
        plain = super().get_websocket_protocol()
        assert isinstance(plain, WebSocketProtocol13)
        return BufferedProtocol(self, False, plain.params)

    @property
    def max_message_size(self):
        return 200_000

    async def on_message(self, message):
        assert not self.busy, "two messages of one peer at once"
        self.busy += 1
        if message == "slow":
            await asyncio.sleep(0.01)
        self.heard.append(message)
        self.busy -= 1

    def on_close(self):
        self.heard.append(("closed", self.close_code))
        self.ended.set()


@pytest.fixture
async def peer():
    """A raw connection after the handshake, what the server heard, and when it ended."""
    heard, ended = [], asyncio.Event()
    server = HTTPServer(Application([("/", Echo, {"heard": heard, "ended": ended})]))
    listening, port = bind_unused_port()
    server.add_sockets([listening])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b" 101 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    yield reader, writer, heard, ended
    writer.close()
    server.stop()
    await server.close_all_connections()


async def ended_with(peer, content):
    """Send bytes and return what the server heard until it closed."""
    _, writer, heard, ended = peer
    writer.write(content)
    await writer.drain()
    await asyncio.wait_for(ended.wait(), PATIENCE)
    return heard


BYE = frame(CLOSE, struct.pack("!H", 1000))


async def test_many_messages_in_one_write(peer):
    said = [f"number {number}" for number in range(500)]
    content = b"".join(frame(TEXT, text.encode()) for text in said)
    assert await ended_with(peer, content + BYE) == [*said, ("closed", 1000)]


async def test_the_next_message_waits_until_one_is_done(peer):
    content = frame(TEXT, b"slow") + frame(TEXT, b"quick") + frame(TEXT, b"slow") + BYE
    assert await ended_with(peer, content) == ["slow", "quick", "slow", ("closed", 1000)]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 2 * CHUNK_BYTES + 1, 200_000])
async def test_messages_of_every_length_form(peer, size):
    payload = os.urandom(size)
    assert await ended_with(peer, frame(BINARY, payload) + BYE) == [payload, ("closed", 1000)]


async def test_fragments_with_a_ping_between_them(peer):
    reader = peer[0]
    content = frame(TEXT, b"one ", final=False) + frame(PING, b"there?") + frame(CONTINUED, b"two") + BYE
    assert await ended_with(peer, content) == ["one two", ("closed", 1000)]
    assert b"there?" in await asyncio.wait_for(reader.read(100), PATIENCE)


async def test_a_message_over_the_bound_ends_the_connection(peer):
    assert await ended_with(peer, frame(TEXT, b"before") + frame(TEXT, bytes(200_001))) == ["before", ("closed", None)]


@pytest.mark.parametrize(
    "broken",
    [frame(TEXT, b"\xff\xfe"), frame(3, b"what"), frame(CONTINUED, b"of what"), b"\xf1\x80\0\0\0\0"],
    ids=["no UTF-8", "unknown kind", "end of nothing", "unknown bits"],
)
async def test_what_is_broken_ends_the_connection(peer, broken):
    assert await ended_with(peer, frame(TEXT, b"before") + broken) == ["before", ("closed", None)]


async def test_a_new_message_within_a_fragmented_one_ends_the_connection(peer):
    assert await ended_with(peer, frame(TEXT, b"half", final=False) + frame(TEXT, b"new")) == [("closed", None)]


@pytest.mark.parametrize("seed", range(20))
async def test_however_the_bytes_are_cut(peer, seed):
    chance = random.Random(seed)
    said, content = [], b""
    for _ in range(30):
        payload = bytes(chance.randrange(128) for _ in range(chance.choice((0, 1, 120, 126, 300, 70_000))))
        kind = chance.choice((TEXT, BINARY))
        said.append(payload.decode() if kind == TEXT else payload)
        cut = chance.randrange(len(payload) + 1)
        if chance.random() < 0.3:
            content += frame(kind, payload[:cut], final=False)
            content += frame(PONG, b"") if chance.random() < 0.5 else b""
            content += frame(CONTINUED, payload[cut:])
        else:
            content += frame(kind, payload)
    content += BYE
    _, writer, _, _ = peer
    while len(content) > 64:
        piece = chance.choice((1, 2, 3, 7, 200, 5_000, 90_000))
        writer.write(content[: min(piece, len(content) - 64)])
        content = content[min(piece, len(content) - 64) :]
        await asyncio.sleep(0)
    assert await ended_with(peer, content) == [*said, ("closed", 1000)]
