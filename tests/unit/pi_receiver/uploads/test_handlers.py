"""The legacy protocol: a channel, a form for each file, and `200` only for what is on the disk."""

import hashlib

import jwt
import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from backbone.multipart_client import multipart
from pi_receiver.domain.channels import Channels
from pi_receiver.intake.gate import Gate
from pi_receiver.uploads.handlers import Entrance, routes
from tests.fakes.receiver_parts import Parts, keeping, serving

PI, OTHER = "a" * 16, "b" * 16
READINGS = b"1;20.5\n"


class Door:
    """The paths of the legacy protocol, and a Pi that asks there."""

    def __init__(self, parts: Parts, url: str) -> None:
        self.parts = parts
        self._url = url

    async def ask(self, *, pi_id: str = PI, **more: str) -> HTTPResponse:
        headers = {"pi_id": pi_id, "pi_num": "1" if pi_id == PI else "2"} | more
        return await AsyncHTTPClient().fetch(f"{self._url}/upload", headers=headers, raise_error=False)

    async def channel(self) -> str:
        code, letters = (await self.ask()).body.decode().split(" ")
        assert code == "301"
        return letters

    async def send(self, letters: str, name: str = "a.txt", content: bytes = READINGS, **more: str) -> HTTPResponse:
        sent = {"pi_id": PI, "pi_num": "1", "num_files": "1", "checksum": hashlib.sha256(content).hexdigest()} | more
        sent["Content-Type"] = "multipart/form-data; boundary=b"
        body = multipart([("sensor_data_file", name, content)], b"b")
        return await AsyncHTTPClient().fetch(
            f"{self._url}/upload/{letters}", method="POST", headers=sent, body=body, raise_error=False
        )


@pytest.fixture
async def door(tmp_path):
    (tmp_path / "ids.txt").write_text(f"{PI}\n{OTHER}\n")
    (tmp_path / "files").mkdir()
    async with keeping(Parts(tmp_path / "files")) as parts:
        gate = Gate(tmp_path / "ids.txt", parts.store.ledger)
        channels = Channels(most=5, most_of_one=3, seconds=600)
        async with serving(routes(Entrance(gate, channels, parts.reception, stall_seconds=40))) as url:
            yield Door(parts, url)


def said(answer: HTTPResponse) -> tuple[int, str]:
    return answer.code, answer.body.decode()


async def test_a_file_is_answered_200_with_its_receipt_once_it_is_on_the_disk(door):
    answer = await door.send(await door.channel())
    assert said(answer) == (200, "200")
    assert jwt.decode(answer.headers["Receipt"], options={"verify_signature": False})["stored"] == "station1/a.txt"
    assert door.parts.files() == {"station1/a.txt": READINGS}
    assert door.parts.left_over() == []
    assert door.parts.space.left() == door.parts.space.free


async def test_a_channel_dies_with_the_last_file_of_its_sender(door):
    letters = await door.channel()
    assert said(await door.send(letters, num_files="2")) == (200, "200")
    assert said(await door.send(letters, "b.txt", b"2")) == (200, "200")
    assert said(await door.send(letters, "c.txt", b"3")) == (401, "401")
    assert sorted(door.parts.files()) == ["station1/a.txt", "station1/b.txt"]


async def test_a_channel_is_for_its_own_pi(door):
    await door.ask(pi_id=OTHER)
    assert said(await door.send(await door.channel(), pi_id=OTHER, pi_num="2")) == (401, "401")
    assert said(await door.ask(pi_id="c" * 16)) == (200, "401")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"checksum": "0" * 64}, (422, "500")),
        ({"checksum": ""}, (412, "412")),
        ({"num_files": "many"}, (412, "412")),
        ({"pi_num": " "}, (412, "412")),
        ({"name": "a.exe"}, (415, "415")),
        ({"name": "../a.txt"}, (400, "400")),
    ],
)
async def test_a_refusal_leaves_nothing_and_the_channel_open(door, more, told):
    letters = await door.channel()
    answer = await door.send(letters, **more)
    assert said(answer) == told
    assert answer.headers["Problem"]
    assert (door.parts.files(), door.parts.left_over()) == ({}, [])
    assert said(await door.send(letters)) == (200, "200")


@pytest.mark.parametrize(("state", "told"), [("full", (507, "507")), ("ledger_away", (503, "503"))])
async def test_what_the_disk_or_the_ledger_does_not_take_is_not_acknowledged(door, state, told):
    letters = await door.channel()
    setattr(door.parts.steps, state, True)
    answer = await door.send(letters)
    assert said(answer) == told
    assert "Receipt" not in answer.headers
    assert "receipt" not in door.parts.steps.taken
    setattr(door.parts.steps, state, False)
    assert said(await door.send(letters)) == (200, "200")
    assert door.parts.store.ledger.totals() == (1, len(READINGS))


async def test_a_channels_name_is_as_long_as_it_is_asked_for(door):
    lengths = [len((await door.ask(**more)).body) for more in ({}, {"Channel-Letters": "45"})]
    assert lengths == [len("301 ") + 20, len("301 ") + 45]
    assert (await door.ask(**{"Channel-Letters": "19"})).code == 400
