"""Requests of tus: which methods reach an upload, and whose turn it is. What waits for bytes gives way."""

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from pi_receiver.intake.gate import Gate
from pi_receiver.tus.handlers import FileHandler, FilesEntrance, routes
from pi_receiver.tus.resumables import Resumables
from tests.fakes.receiver_parts import Parts, keeping, serving
from tests.fakes.waiting import until

PI = "a" * 16
CONTENT = b"b" * 1000
PATIENCE = 40.0
OFFSET_STREAM = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}


class HeldResumables(Resumables):
    """Stops the next request inside its turn, once it is told to, until it is let on."""

    is_held = False

    def hold(self) -> None:
        self.is_held, self.inside, self._on = True, asyncio.Event(), asyncio.Event()

    def let_on(self) -> None:
        self._on.set()

    async def settle(self, upload, *, modified):
        if self.is_held:
            self.is_held = False
            self.inside.set()
            await self._on.wait()
        await super().settle(upload, modified=modified)


class Door:
    """The paths of resumable uploads, and a Pi that asks there."""

    def __init__(self, parts: Parts, resumables: HeldResumables, gate: Gate, url: str) -> None:
        self.parts = parts
        self.resumables = resumables
        self.gate = gate
        self._url = url

    async def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
        """Send a whole request; `_` in a header's name stands for `-`."""
        sent = {"Tus-Resumable": "1.0.0", "pi_id": PI, "pi_num": "1"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await AsyncHTTPClient().fetch(
            self._url + path,
            method=method,
            headers=sent,
            body=body,
            allow_nonstandard_methods=True,
            raise_error=False,
            request_timeout=PATIENCE,
        )

    async def create(self, content: bytes) -> str:
        """Return the path of a new upload."""
        told = {"filename": b"a.txt", "checksum": hashlib.sha256(content).hexdigest().encode()}
        metadata = ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in told.items())
        answer = await self.ask("POST", "/files/", b"", Upload_Length=str(len(content)), Upload_Metadata=metadata)
        assert answer.code == 201, answer.body
        return answer.headers["Location"].removeprefix(self._url)

    async def begin(self, method: str, upload_id: str, length: int, **headers: str):
        """Send a request's head and return its connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self._url.rpartition(":")[2]))
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


@asynccontextmanager
async def opened(folder):
    ids = folder / "ids.txt"
    ids.write_text(f"{PI}\n")
    (folder / "files").mkdir()
    async with keeping(Parts(folder / "files")) as parts:
        resumables = parts.resumables(HeldResumables)
        gate = Gate(ids, parts.store.ledger)
        entrance = FilesEntrance(gate, parts.reception, resumables, stall_seconds=PATIENCE)
        async with serving(routes(entrance)) as url:
            yield Door(parts, resumables, gate, url)
        await resumables.stop()


@pytest.fixture
async def door(tmp_path):
    async with opened(tmp_path) as made:
        yield made


@pytest.fixture
async def upload(door):
    owner = await door.gate.admit({"pi_id": PI, "pi_num": "1"})
    return await door.resumables.create(owner, name="a.txt", digest="0" * 64, length=2 * len(CONTENT))


async def status(reader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return (await reader.readline()).split(b" ")[1]


async def test_a_file_comes_in_pieces_and_the_last_answer_carries_the_receipt(door):
    where = await door.create(CONTENT)
    first = await door.ask("PATCH", where, CONTENT[:300], **OFFSET_STREAM)
    assert (first.code, first.headers["Upload-Offset"], "Receipt" in first.headers) == (204, "300", False)
    asked = await door.ask("HEAD", where)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("300", "1000")
    last = await door.ask("PATCH", where, CONTENT[300:], **OFFSET_STREAM | {"Upload-Offset": "300"})
    assert (last.code, "Receipt" in last.headers) == (204, True)
    assert door.parts.files() == {"station1/a.txt": CONTENT}


async def test_an_upload_that_is_never_sent_tells_that_it_ends_soon(door):
    where = await door.create(CONTENT)
    assert (await door.ask("HEAD", where)).headers["Upload-Expires"] == "Mon, 12 Jan 1970 13:56:40 GMT"


@pytest.mark.parametrize("name", ["PATCH", "patch"])
async def test_post_may_stand_for_another_method_of_an_upload(door, name):
    where = await door.create(CONTENT)
    sent = await door.ask("POST", where, CONTENT, X_HTTP_Method_Override=name, **OFFSET_STREAM)
    assert (sent.code, "Receipt" in sent.headers) == (204, True)
    asked = await door.ask("POST", where, b"", X_HTTP_Method_Override="HEAD")
    assert asked.headers["Upload-Offset"] == "1000"
    assert (await door.ask("POST", where, b"", X_HTTP_Method_Override="OPTIONS")).code == 204
    assert (await door.ask("POST", where, b"", X_HTTP_Method_Override="DELETE")).code == 204
    assert (await door.ask("HEAD", where)).code == 404


@pytest.mark.parametrize(
    "name",
    ["REDIRECT", "_EXECUTE", "NOSUCH", "DETACH", "GET", "PUT", "POST", "", " ", "PREPARE", "x" * 99],
)
async def test_post_may_stand_for_no_other_word(door, name):
    where = await door.create(CONTENT)
    answer = await door.ask("POST", where, b"", X_HTTP_Method_Override=name)
    assert (answer.code, answer.headers["Allow"]) == (405, "DELETE, HEAD, OPTIONS, PATCH")
    assert (await door.ask("HEAD", where)).headers["Upload-Offset"] == "0", "it is still there, and its turn is free"


@pytest.mark.parametrize("name", ["PATCH", "DELETE", "REDIRECT", "_EXECUTE", "NOSUCH", "DETACH"])
async def test_a_creation_can_be_overridden_by_options_only(door, name):
    answer = await door.ask("POST", "/files/", b"", X_HTTP_Method_Override=name)
    assert (answer.code, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    assert (await door.ask("POST", "/files/", b"", X_HTTP_Method_Override="OPTIONS")).code == 204


async def test_only_post_can_be_overridden(door):
    where = await door.create(CONTENT)
    assert (await door.ask("HEAD", where, X_HTTP_Method_Override="DELETE")).code == 200
    assert (await door.ask("HEAD", where)).code == 200


async def test_every_override_is_a_method_that_the_upload_has():
    assert all(hasattr(FileHandler, name.lower()) for name in FileHandler.overrides)


async def test_another_version_is_refused_and_told_which_one_is_meant(door):
    answer = await door.ask("POST", "/files/", b"", Tus_Resumable="0.2.2")
    assert (answer.code, answer.headers["Tus-Version"]) == (412, "1.0.0")


async def test_a_late_piece_does_not_cut_off_the_question_how_far_it_is(door, upload):
    door.resumables.hold()
    asking, asked = await door.begin("HEAD", upload.noted.id, 0)
    await until(door.resumables.inside.is_set, within=PATIENCE)
    late, piece = await door.begin("PATCH", upload.noted.id, len(CONTENT), **OFFSET_STREAM)
    await until(lambda: upload.turn._waiters, within=PATIENCE)
    door.resumables.let_on()
    assert await status(asking) == b"200"
    piece.write(CONTENT)
    assert await status(late) == b"204"
    asked.close()
    piece.close()
    assert upload.file.offset == len(CONTENT)


@pytest.mark.parametrize("method", ["PATCH", "HEAD"])
async def test_a_request_that_waits_for_its_body_gives_way(door, upload, method):
    silent, stays = await door.begin(method, upload.noted.id, len(CONTENT), **OFFSET_STREAM)
    await until(upload.turn.locked, within=PATIENCE)
    asking, asked = await door.begin("HEAD", upload.noted.id, 0)
    assert await status(asking) == b"200"
    async with asyncio.timeout(PATIENCE):
        assert await silent.read() == b""
    stays.close()
    asked.close()
