"""Requests for one resumable upload take turns: what waits for bytes gives way, what only asks is answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backbone.web.http import Metrics, application, listen
from pi_receiver.app import Receiver
from pi_receiver.settings import Settings
from tests.fakes.waiting import until

PI = "a" * 16
CONTENT = b"b" * 1000
PATIENCE = 40.0


class Held:
    """A receiver whose next request for an upload stops inside its turn until it is let on."""

    def __init__(self, receiver: Receiver, port: int) -> None:
        self.resumables = receiver.resumables
        self.gate = receiver.gate
        self._port = port
        self._settle = self.resumables.settle
        self._on = asyncio.Event()
        self.inside = asyncio.Event()

    async def hold(self, upload) -> None:
        self.resumables.settle = self._settle
        self.inside.set()
        await self._on.wait()
        await self._settle(upload)

    def let_on(self) -> None:
        self._on.set()

    async def begin(self, method: str, upload_id: str, length: int, **headers: str):
        """Send a request's head and return its connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        sent = {
            "Host": "localhost",
            "Tus-Resumable": "1.0.0",
            "pi_id": PI,
            "pi_num": "1",
            "Content-Length": str(length),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in (sent | headers).items())
        writer.write(f"{method} /files/{upload_id} HTTP/1.1\r\n{lines}\r\n".encode())
        return reader, writer

    async def begin_patch(self, upload_id: str):
        kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        return await self.begin("PATCH", upload_id, len(CONTENT), **kind)


@pytest.fixture
async def held(tmp_path) -> AsyncIterator[Held]:
    async with serving(tmp_path) as running:
        yield running


@asynccontextmanager
async def serving(folder) -> AsyncIterator[Held]:
    ids, files = folder / "ids.txt", folder / "files"
    ids.write_text(f"{PI}\n")
    files.mkdir()
    receiver = Receiver(Settings(port=0, ids=ids, received_files=files))
    keeping = asyncio.create_task(receiver.keeper.run())
    app = application(receiver.routes(), guard=receiver.settings.guard(), metrics=Metrics(receiver.registry))
    server, port = listen(app, host="127.0.0.1", port=0)
    yield Held(receiver, port)
    server.stop()
    await server.close_all_connections()
    await receiver.resumables.drained()
    keeping.cancel()
    receiver.close()


async def status(reader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return (await reader.readline()).split(b" ")[1]


@pytest.fixture
async def upload(held):
    owner = await held.gate.admit({"pi_id": PI, "pi_num": "1"})
    return await held.resumables.create(owner, name="a.txt", digest="0" * 64, length=2 * len(CONTENT))


async def test_a_late_piece_does_not_cut_off_the_question_how_far_it_is(held, upload):
    held.resumables.settle = held.hold
    asking, asked = await held.begin("HEAD", upload.noted.id, 0)
    await until(held.inside.is_set, within=PATIENCE)
    late, piece = await held.begin_patch(upload.noted.id)
    await until(lambda: upload.turn._waiters, within=PATIENCE)
    held.let_on()
    assert await status(asking) == b"200"
    piece.write(CONTENT)
    assert await status(late) == b"204"
    asked.close()
    piece.close()
    assert upload.file.offset == len(CONTENT)


@pytest.mark.parametrize("method", ["PATCH", "HEAD"])
async def test_a_request_that_waits_for_its_body_gives_way(held, upload, method):
    kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    silent, stays = await held.begin(method, upload.noted.id, len(CONTENT), **kind)
    await until(upload.turn.locked, within=PATIENCE)
    asking, asked = await held.begin("HEAD", upload.noted.id, 0)
    assert await status(asking) == b"200"
    async with asyncio.timeout(PATIENCE):
        assert await silent.read() == b""
    stays.close()
    asked.close()
