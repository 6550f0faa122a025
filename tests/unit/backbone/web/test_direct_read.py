"""Bodies arrive whole and in order over real connections, whichever way their pieces are read."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler, stream_request_body

from backbone.web.direct_read import LEAST_BYTES, DirectServer, DirectStream

PATIENCE = 40.0


@stream_request_body
class Keep(RequestHandler):
    def initialize(self, bodies: list[bytes], streams: list[type]) -> None:
        self.bodies, self.streams = bodies, streams

    def prepare(self) -> None:
        self.body = bytearray()
        self.streams.append(type(self.request.connection.stream))

    def data_received(self, chunk: bytes) -> None:
        self.body += chunk

    def put(self) -> None:
        self.bodies.append(bytes(self.body))


class Sender:
    """A raw connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def put(self, body: bytes, *, cut: int) -> None:
        """Send one body, in pieces of `cut` bytes, and await the answer."""
        self._writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), cut):
            self._writer.write(body[start : start + cut])
            await self._writer.drain()
        answer = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.fixture
async def served() -> AsyncIterator[tuple[Sender, list[bytes], list[type]]]:
    bodies: list[bytes] = []
    streams: list[type] = []
    app = Application([("/", Keep, {"bodies": bodies, "streams": streams})])
    server = DirectServer(app, chunk_size=1024 * 1024, max_body_size=1 << 30)
    listening, port = bind_unused_port()
    server.add_sockets([listening])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Sender(reader, writer), bodies, streams
    writer.close()
    server.stop()
    await server.close_all_connections()


@pytest.mark.parametrize("cut", [999, LEAST_BYTES, 10_000_000])
async def test_bodies_of_every_length_come_whole_over_one_connection(served, cut: int) -> None:
    sender, bodies, streams = served
    sent = [os.urandom(size) for size in (0, 1, LEAST_BYTES - 1, LEAST_BYTES, LEAST_BYTES + 1, 3_000_001)]
    for body in sent:
        await sender.put(body, cut=cut)
    assert bodies == sent
    assert set(streams) == {DirectStream}
