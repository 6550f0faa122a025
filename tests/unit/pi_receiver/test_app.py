"""The receiver as a whole: it starts and stops, lets its folder go, and keeps what came."""

import asyncio
import base64
from contextlib import asynccontextmanager

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from backbone.errors import Unavailable
from backbone.lifecycle import live
from pi_receiver.app import Receiver
from pi_receiver.settings import Settings
from tests.fakes.waiting import until

PI = {"Tus-Resumable": "1.0.0", "pi_id": "a" * 16, "pi_num": "1"}
MEGABYTE = 1024 * 1024
METADATA = ",".join(
    f"{key} {base64.b64encode(value).decode()}" for key, value in (("filename", b"a.txt"), ("checksum", b"0" * 64))
)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "ids.txt").write_text("a" * 16 + "\n")
    (tmp_path / "files").mkdir()
    return Settings(port=0, ids=tmp_path / "ids.txt", received_files=tmp_path / "files")


@asynccontextmanager
async def running(settings: Settings):
    """Have a receiver live; tell its port."""
    receiver, stop = Receiver(settings), asyncio.Event()
    living = asyncio.ensure_future(live(receiver.parts(), stop))
    await until(lambda: receiver.server.port or living.done())
    yield receiver.server.port
    stop.set()
    await living


async def ask(port: int, method: str, path: str, **headers: str) -> HTTPResponse:
    sent = PI | {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://127.0.0.1:{port}{path}"
    return await AsyncHTTPClient().fetch(
        url, method=method, headers=sent, allow_nonstandard_methods=True, raise_error=False
    )


async def test_it_serves_until_it_is_stopped_and_its_folder_is_free_then(settings):
    for _ in range(2):
        async with running(settings) as port:
            answer = await ask(port, "GET", "/readyz")
            assert answer.code == 200, answer.body
            with pytest.raises(Unavailable, match="only receiver"):
                Receiver(settings)


async def test_what_came_of_a_piece_before_the_stop_counts_after_the_next_start(settings):
    async with running(settings) as port:
        created = await ask(port, "POST", "/files/", Upload_Length=str(3 * MEGABYTE), Upload_Metadata=METADATA)
        path = created.headers["Location"].partition(str(port))[2]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = PI | {"Host": "localhost", "Content-Length": str(3 * MEGABYTE), "Upload-Offset": "0"}
        head |= {"Content-Type": "application/offset+octet-stream"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        writer.write(f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode() + bytes(2 * MEGABYTE))
        part = settings.received_files / ".receiver" / "resumable" / path.rpartition("/")[2]
        await until(lambda: part.exists() and part.stat().st_size >= MEGABYTE)
    async with running(settings) as port:
        offset = int((await ask(port, "HEAD", path)).headers["Upload-Offset"])
    writer.close()
    assert MEGABYTE <= offset <= part.stat().st_size
    assert part.stat().st_size >= offset
