"""A form sent to servers that answer, answer late, hang up, or are not there: a status or Unavailable, never else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tornado.httputil import HTTPFile, HTTPHeaders, parse_body_arguments

from backbone.errors import Unavailable
from backbone.multipart_client import MultipartClient, multipart

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(answer: Answer) -> AsyncIterator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def post(url: str, seconds: float = 0.5) -> int:
    client = MultipartClient(token="shown")
    try:
        return await client.post(url, [("zip", "a.zip", b"content")], seconds=seconds)
    finally:
        client.close()


async def test_the_status_of_an_answer_is_returned_whatever_it_is():
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"--\r\n"))
        writer.write(b"HTTP/1.1 503 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with peer(refuse) as url:
        assert await post(url, seconds=40) == 503
    assert b"Authorization: Bearer shown" in asked[0]
    assert b'name="zip"; filename="a.zip"\r\n\r\ncontent\r\n' in asked[0]


async def test_a_peer_that_does_not_answer_in_time_is_unavailable():
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with peer(wait) as url:
        with pytest.raises(Unavailable, match=r"expected an answer of http://127.*within 0.5 s, got: .*Timeout"):
            await post(url)


async def test_a_peer_that_hangs_up_is_unavailable():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with peer(hang_up) as url:
        with pytest.raises(Unavailable):
            await post(url)


async def test_nobody_at_the_address_is_unavailable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable):
            await post(f"http://127.0.0.1:{taken.getsockname()[1]}/")


async def test_a_name_that_is_looked_up_for_too_long_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    async def never(*_args: object, **_kwargs: object) -> None:
        await asyncio.sleep(30)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    with pytest.raises(Unavailable, match="resolving"):
        await post("http://cloudlet.test:8100/")


def test_file_names_are_escaped_so_that_none_ends_its_header():
    body = multipart([("zip", 'a"\r\nb.zip', b"\x00")], b"edge")
    arguments: dict[str, list[bytes]] = {}
    files: dict[str, list[HTTPFile]] = {}
    kind = "multipart/form-data; boundary=edge"
    parse_body_arguments(kind, body, arguments, files, HTTPHeaders({"Content-Type": kind}))
    assert arguments == {}
    assert [(file.filename, file.body) for file in files["zip"]] == [("a%22%0D%0Ab.zip", b"\x00")]
