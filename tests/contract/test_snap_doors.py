"""Who may snap, speak for a device, put a picture and look at one."""

import asyncio
import hashlib
import io
import json
from typing import Any

import pytest
from PIL import Image
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from processor_orchestrator.snap import service as desk
from processor_orchestrator.snap.handlers_snippets import ID_IN_PATH
from tests.contract.conftest import Within, within
from tests.contract.raw_socket import connect
from tests.contract.tokens import key, token
from tests.peers import peer
from tests.processes import ANSWER_SECONDS, until

PUBLIC = {"public_key": key("ES256").public}
LOCAL = PUBLIC | {"legacy_networks": "127.0.0.0/8"}


def bearer(role: str, subject: str = "anna") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(roles=[role], sub=subject)}"}


def png(colour: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(out, "PNG")
    return out.getvalue()


async def put(house: Within, snippet: str, body: bytes, headers: dict[str, str] | None = None) -> HTTPResponse:
    url = f"{house.url}/snippets/{snippet}/"
    client = AsyncHTTPClient(force_instance=True)
    return await client.fetch(
        url, method="PUT", body=body, headers=headers, raise_error=False, request_timeout=ANSWER_SECONDS
    )


async def get(house: Within, path: str, headers: dict[str, str] | None = None) -> HTTPResponse:
    client = AsyncHTTPClient(force_instance=True)
    return await client.fetch(house.url + path, headers=headers, raise_error=False, request_timeout=ANSWER_SECONDS)


def code_of(answer: HTTPResponse) -> tuple[int, str]:
    return answer.code, str(json.loads(answer.body)["code"])


async def devices(house: Within) -> list[str]:
    return [device.device_id for device in house.orchestrator.snap.devices() if device.online]


async def test_a_legacy_camera_without_a_token_is_let_in_from_a_listed_network_only() -> None:
    async with within(**LOCAL) as house, peer(house.url, "/snap") as one, peer(house.url, "/snap") as other:
        await one.say_raw("snap")
        assert await other.connection.read_message() == "snap"
        assert (await put(house, "1", png())).code == 200
        assert (await get(house, "/snippets/1/")).code == 401, "what was put is for operators"
        assert (await get(house, "/snippets/1/", bearer("client"))).code == 200
    async with within(**PUBLIC) as house, peer(house.url, "/snap") as stranger:
        async with peer(house.url, "/snap", headers=bearer("snap")) as known:
            await stranger.say_raw("snap")
            assert (await stranger.hear("error"))["code"] == "not_authenticated"
            await known.say(type="snap", to="attic")
            assert (await known.hear())["code"] == "unknown_device", "it heard nothing of the stranger"
        assert (await put(house, "1", png())).code == 401


async def test_a_token_may_come_as_the_first_message() -> None:
    async with within(**PUBLIC) as house, peer(house.url, "/snap") as late:
        await late.say(type="authenticate", jwt=token(roles=["snap"]))
        await late.say(type="hello", deviceId="door")
        await late.say(type="snap", to="attic")
        assert (await late.hear())["code"] == "unknown_device"
        assert await devices(house) == ["door"]


async def test_an_operator_asks_and_is_no_device() -> None:
    async with within(**PUBLIC) as house, peer(house.url, "/snap", headers=bearer("client")) as operator:
        await operator.say(type="hello", deviceId="door")
        assert (await operator.hear())["code"] == "not_allowed"
        assert await devices(house) == []


async def test_the_newest_of_one_subject_speaks_for_a_device_and_another_subject_never() -> None:
    async with (
        within(**PUBLIC) as house,
        peer(house.url, "/snap", headers=bearer("snap", "door")) as older,
        peer(house.url, "/snap", headers=bearer("snap", "door")) as newer,
        peer(house.url, "/snap", headers=bearer("snap", "thief")) as thief,
    ):
        await older.say(type="hello", deviceId="door", groups=["roof"])
        await older.say(type="snap", to="attic")
        await older.hear("error")
        await thief.say(type="hello", deviceId="door")
        assert (await thief.hear())["code"] == "conflict"
        await newer.say(type="hello", deviceId="door")
        assert await older.hear() is None
        assert older.connection.close_code == 4409
        assert await devices(house) == ["door"]
        await thief.say(type="uploaded", deviceId="door", snapId="one", sha256="0" * 64)
        assert (await thief.hear())["code"] == "not_allowed"


async def test_a_snippet_id_belongs_to_the_subject_that_came_first() -> None:
    async with within(**LOCAL) as house:
        assert (await put(house, "door", png(), bearer("snap", "door"))).code == 200
        assert code_of(await put(house, "door", png("red"), bearer("snap", "thief"))) == (409, "conflict")
        assert code_of(await put(house, "door", png("red"))) == (409, "conflict")
        assert code_of(await put(house, "door", png("red"), bearer("client"))) == (403, "not_allowed")
        kept = await house.orchestrator.snippets.newest(limit=9)
        assert [row.sha256 for row in kept] == [hashlib.sha256(png()).hexdigest()]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "bad_picture"),
        (b"no picture", {}, 400, "bad_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}, 400, "bad_picture"),
        (png()[:-30], {}, 400, "bad_picture"),
        (png(), {"Content-Digest": "sha-256=:AAAA:"}, 400, "digest_mismatch"),
        (png(), {"Content-Digest": "md5=:AAAA:"}, 400, "bad_digest"),
        (png(), {"Content-Digest": "sha-256=AAAA"}, 400, "bad_digest"),
        (png(), {"Content-Type": "multipart/form-data; boundary=x"}, 400, "bad_multipart"),
    ],
)
async def test_what_is_no_picture_or_not_the_one_that_was_told_changes_nothing(
    body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async with within() as house:
        assert code_of(await put(house, "door", body, headers)) == (status, code)
        assert await house.orchestrator.snippets.newest(limit=9) == []


async def test_names_that_mean_everybody_or_leave_the_store_are_refused() -> None:
    async with within() as house, peer(house.url, "/snap") as one:
        for name in ("all", "../x", "", "a" * 65, "-x", "a b", "a\n"):
            await one.say(type="hello", deviceId=name)
            assert (await one.hear())["code"] in {"bad_input", "bad_message"}, name
        for name in ("..%2Fx", "%2e%2e", "a%0a", "a" * 65):
            assert (await put(house, name, png())).code == 404, name
        assert await devices(house) == []


async def test_pictures_are_served_by_digest_and_history_is_kept() -> None:
    async with within() as house:
        digests = [hashlib.sha256(png(colour)).hexdigest() for colour in ("navy", "red")]
        for colour in ("navy", "red"):
            assert (await put(house, "2", png(colour))).code == 200
        newest, first = await get(house, "/snippets/2/"), await get(house, f"/snippets/2/?sha256={digests[0]}")
        assert pixel(newest) != pixel(first)
        assert (await get(house, f"/snippets/2?sha256={'0' * 64}")).code == 404
        kept = await house.orchestrator.snippets.newest(limit=9, snippet_id="2")
        assert [row.sha256 for row in kept] == digests[::-1]


def pixel(answer: HTTPResponse) -> Any:
    assert (answer.code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    return Image.open(io.BytesIO(answer.body)).getpixel((1, 1))


@pytest.mark.parametrize(
    "said",
    [
        {"type": "hello"},
        {"type": "hello", "deviceId": 1},
        {"type": "hello", "deviceId": "a", "groups": "roof"},
        {"type": "hello", "deviceId": "a", "groups": ["g"] * 17},
        {"type": "snap"},
        {"type": "snap", "to": "all", "deadlineSeconds": 1e6},
        {"type": "snap", "to": "all", "deadlineSeconds": 0},
        {"type": "snap", "to": "all", "snapId": "a b"},
        {"type": "uploaded", "snapId": "1", "deviceId": "a", "sha256": "0"},
        {"type": "failed", "snapId": "1", "deviceId": "a", "reason": "x" * 501},
    ],
)
async def test_a_message_of_ours_that_is_wrong_is_answered_and_not_relayed(said: dict[str, Any]) -> None:
    async with within() as house, peer(house.url, "/snap") as one, peer(house.url, "/snap") as other:
        await one.say(**said)
        answer = await one.hear("error")
        assert (answer["code"], answer["replyTo"]) == ("bad_message", said["type"])
        await one.say_raw("still here")
        assert await other.connection.read_message() == "still here"
        assert house.refused(where="snap", code="bad_message") == 1


async def test_the_same_snap_is_not_under_way_twice_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with within() as house, peer(house.url, "/snap") as camera, peer(house.url, "/snap") as one:
        await camera.say(type="hello", deviceId="a")
        await until(house.orchestrator.snap.online, "the camera")
        await one.say(type="snap", to="a", snapId="1", deadlineSeconds=60)
        await one.say(type="snap", to="a", snapId="1", deadlineSeconds=60)
        assert (await one.hear("error"))["code"] == "conflict"
        monkeypatch.setattr(desk, "MAX_UNDER_WAY", 1)
        await one.say(type="snap", to="a", snapId="2")
        assert (await one.hear("error"))["code"] == "unavailable"
        await camera.say(type="failed", snapId="1", deviceId="a", reason="x")
        assert (await one.hear("summary"))["snapId"] == "1"
        await one.say(type="snap", to="a", snapId="2", deadlineSeconds=0.5)
        assert (await one.hear("summary"))["devices"] == [{"deviceId": "a", "state": "silent"}]


async def test_the_legacy_port_leads_to_the_relay_and_the_pictures_only() -> None:
    async with within() as house:
        patterns = [route.pattern for route in house.orchestrator.snap_routes("/")]
        assert patterns == ["/", f"/snippets/({ID_IN_PATH})/?"]


async def test_what_is_no_text_or_too_long_costs_its_sender_only() -> None:
    async with within() as house, peer(house.url, "/snap") as bad, peer(house.url, "/snap") as good:
        await bad.say_raw(b"\x00\x01", binary=True)
        assert (await bad.hear())["code"] == "bad_input"
        await bad.say_raw("x" * 70_000)
        assert await bad.hear() is None
        async with peer(house.url, "/snap") as third:
            await third.say_raw("hello")
            assert await good.connection.read_message() == "hello"


async def test_a_client_that_never_reads_is_let_go_and_the_others_hear_everything() -> None:
    async with within() as house, peer(house.url, "/snap") as talker, peer(house.url, "/snap") as listener:
        deaf = await connect(house.url, "/snap", receive_buffer=4096)
        await until(lambda: len(house.orchestrator.snap._devices.peers()) == 3, "all three")
        for number in range(300):
            text = f"{number} " + "x" * 60_000
            await talker.say_raw(text)
            async with asyncio.timeout(40):
                assert await listener.connection.read_message() == text
        await until(lambda: len(house.orchestrator.snap._devices.peers()) == 2, "the deaf one's end")
        deaf.close()
