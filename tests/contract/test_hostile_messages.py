"""Hostile input to a real orchestrator: refused on that connection only, answered, counted; everybody else goes on."""

import contextlib
import itertools
import json
import struct

import pytest

from tests.contract.raw_socket import BINARY, CONTINUATION, FINAL, PING, connect
from tests.peers import client, peer, processor
from tests.processes import until

DOORS = ["/client", "/processor"]
names = (f"witness {number}" for number in itertools.count())


@contextlib.asynccontextmanager
async def witnesses(house):
    """Two well-behaved peers; at the end they must still be served."""
    name = next(names)
    async with processor(house.url, name) as camera, client(house.url) as operator:
        yield
        await camera.say(type="boundingBoxes", frameId=1.0, boxes=[])
        while (await operator.hear("boundingBoxes"))["cameraId"] != name:
            pass


async def still_works(house, door, hostile):
    """Check that the connection that said something bad may say something good."""
    if door == "/client":
        await hostile.say(type="stop", objectId=2**53)
        assert (await hostile.hear("error"))["code"] == "unknown_object"
    else:
        await hostile.say(type="identifier", id="mended")
        await hostile.say(type="featureMap", objectId=2**53, featureMap=[])
        assert (await hostile.hear("error"))["code"] == "unknown_object"


def nested(levels):
    return '{"type":"stop","x":' + "[" * levels + "]" * levels + "}"


NO_JSON = {
    "text": "hello",
    "nothing": "",
    "single quotes": "{'type': 'stop'}",
    "NaN": '{"type":"stop","objectId":NaN}',
    "Infinity": '{"type":"stop","objectId":-Infinity}',
    "1e999": '{"type":"stop","objectId":1e999}',
    "a key twice": '{"type":"stop","objectId":1,"objectId":2}',
    "a key twice inside": '{"type":"boundingBoxes","frameId":1,"boxes":[{"boxId":1,"boxId":2}]}',
    "10k digits": '{"type":"stop","objectId":' + "9" * 10_000 + "}",
    "over 64 bits": '{"type":"stop","objectId":9223372036854775808}',
    "lone surrogate": '{"type":"identifier","id":"\\ud800"}',
    "deep": nested(20_000),
    "33 levels": nested(32),
}
NO_MESSAGE = {
    "array": "[]",
    "array of messages": '[{"type":"stop","objectId":1}]',
    "number": "1",
    "null": "null",
    "no type": "{}",
    "type is a number": '{"type":1}',
    "type is an object": '{"type":{"type":"stop"}}',
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("raw", "code"),
    [
        *[pytest.param(raw, "bad_json", id=name) for name, raw in NO_JSON.items()],
        *[pytest.param(raw, "bad_message", id=name) for name, raw in NO_MESSAGE.items()],
        pytest.param('{"type":"nonsense"}', "unknown_type", id="unknown type"),
        pytest.param('{"type":"startStream"}', "unknown_type", id="another direction's type"),
        pytest.param('{"type":"' + "x" * 65_500 + '"}', "unknown_type", id="long type"),
        pytest.param('{"type":"authenticate","jwt":"' + "x" * 65_536 + '"}', "too_large", id="over 64 KiB"),
    ],
)
async def test_what_is_no_message_is_answered_and_counted(house, door, raw, code):
    where = door[1:]
    before = house.metric("searchlight_refused_total", where=where, code=code)
    async with witnesses(house), peer(house.url, door) as hostile:
        await hostile.say_raw(raw)
        answer = await hostile.hear("error")
        assert answer["code"] == code
        assert "expected" in answer["message"]
        assert len(answer["message"]) < 1_000
        await still_works(house, door, hostile)
    assert house.metric("searchlight_refused_total", where=where, code=code) == before + 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "start"}, "bad_message"),
        ({"type": "start", "cameraId": "attic", "frameId": 1.0, "boxId": 1}, "unknown_camera"),
        ({"type": "start", "cameraId": 404, "frameId": 1.0, "boxId": 1}, "unknown_camera"),
        ({"type": "start", "cameraId": ["a"], "frameId": 1.0, "boxId": 1}, "bad_message"),
        ({"type": "start", "cameraId": "", "frameId": 1.0, "boxId": 1}, "bad_message"),
        ({"type": "start", "image": "no base64"}, "bad_picture"),
        ({"type": "start", "image": "R0lGODlh"}, "bad_picture"),
        ({"type": "start", "image": 5}, "bad_message"),
        ({"type": "start", "image": "", "name": "x" * 201}, "bad_message"),
        ({"type": "stop"}, "bad_message"),
        ({"type": "stop", "objectId": "1"}, "bad_message"),
        ({"type": "stop", "objectId": 1.5}, "bad_message"),
        ({"type": "stop", "objectId": -1}, "bad_message"),
        ({"type": "stop", "objectId": 999}, "unknown_object"),
        ({"type": "setUsesImages"}, "bad_message"),
        ({"type": "setUsesImages", "usesImages": "yes"}, "bad_message"),
        ({"type": "subscribe", "cameras": 1}, "bad_message"),
        ({"type": "authenticate"}, "bad_message"),
        ({"type": "identifier", "id": 1}, "unknown_type"),
        ({"type": "boundingBoxes", "frameId": 1.0, "boxes": []}, "unknown_type"),
    ],
)
async def test_a_clients_wrong_message_is_answered_with_its_type(house, said, code):
    async with witnesses(house), client(house.url) as hostile:
        await hostile.say(**said)
        answer = await hostile.hear("error")
        assert (answer["code"], answer["replyTo"]) == (code, said["type"])
        await still_works(house, "/client", hostile)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "identifier"}, "bad_message"),
        ({"type": "identifier", "id": ""}, "bad_message"),
        ({"type": "identifier", "id": None}, "bad_message"),
        ({"type": "identifier", "id": "x" * 129}, "bad_message"),
        ({"type": "boundingBoxes", "frameId": 1.0, "boxes": []}, "not_identified"),
        ({"type": "boundingBoxes", "boxes": []}, "bad_message"),
        ({"type": "boundingBoxes", "frameId": "now", "boxes": []}, "bad_message"),
        ({"type": "boundingBoxes", "frameId": 1.0, "boxes": {}}, "bad_message"),
        ({"type": "boundingBoxes", "frameId": 1.0, "boxes": [[]]}, "bad_message"),
        ({"type": "boundingBoxes", "frameId": 1.0, "boxes": [{"boxId": 1}]}, "bad_message"),
        ({"type": "boundingBoxes", "frameId": 1.0, "boxes": [{"boxId": 1, "rect": [0, 0, 9, 9]}]}, "bad_message"),
        ({"type": "featureMap", "objectId": 999, "featureMap": []}, "unknown_object"),
        ({"type": "featureMap", "objectId": 1}, "bad_message"),
        ({"type": "error"}, "bad_message"),
        ({"type": "start", "objectId": 1}, "unknown_type"),
    ],
)
async def test_a_processors_wrong_message_is_answered_with_its_type(house, said, code):
    async with witnesses(house), peer(house.url, "/processor") as hostile:
        await hostile.say(**said)
        answer = await hostile.hear("error")
        assert (answer["code"], answer["replyTo"]) == (code, said["type"])
        await still_works(house, "/processor", hostile)


JPEG_FRAME = b"SLF1" + struct.pack(">Iddd", 1, 1.0, 1.0, 1.0) + b"\xff\xd8 a picture"


@pytest.mark.parametrize(
    ("binary", "code"),
    [
        pytest.param(b"", "bad_input", id="nothing"),
        pytest.param(b"\0\xff" * 500, "bad_input", id="garbage"),
        pytest.param(b"SLF1", "bad_input", id="half a header"),
        pytest.param(JPEG_FRAME.replace(b"\xff\xd8", b"GI"), "bad_input", id="no jpeg"),
        pytest.param(JPEG_FRAME + bytes(8 * 1024 * 1024), "too_large", id="over 8 MiB"),
        pytest.param(JPEG_FRAME, "conflict", id="before startStream"),
    ],
)
async def test_a_processors_binary_message_is_answered(house, binary, code):
    async with witnesses(house), processor(house.url, f"binary {code}") as hostile:
        await hostile.say_raw(binary, binary=True)
        assert (await hostile.hear("error"))["code"] == code
        await still_works(house, "/processor", hostile)


async def test_a_jpeg_before_the_identifier_is_answered(house):
    async with witnesses(house), peer(house.url, "/processor") as hostile:
        await hostile.say_raw(JPEG_FRAME, binary=True)
        assert (await hostile.hear("error"))["code"] == "not_identified"


async def test_binary_garbage_to_the_client_door_is_answered(house):
    async with witnesses(house), client(house.url) as hostile:
        await hostile.say_raw(b"\xff\xfe\0", binary=True)
        assert (await hostile.hear("error"))["code"] == "bad_json"
        await still_works(house, "/client", hostile)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param('{"type":"stop","objectId":1,"x":"' + "x" * 9_000_000 + '"}', id="no picture"),
        pytest.param('{"type":"start","x":[' + "[]," * 1_000_000 + "[]]}", id="many values"),
        pytest.param('{"type":"start","x":"' + '\\"' * 4_000_000, id="an open text of escapes"),
    ],
)
async def test_a_large_message_is_answered_and_holds_up_nobody(house, raw):
    async with witnesses(house), client(house.url) as hostile:
        await hostile.say_raw(raw)
        assert (await hostile.hear("error"))["code"] in {"too_large", "bad_json"}
        await still_works(house, "/client", hostile)


# What ends the connection, and only that.


BROKEN = {
    "text that is not UTF-8": [(b'{"type":"\xff"}', {})],
    "overlong UTF-8": [(b"\xc0\xaf", {})],
    "a surrogate in UTF-8": [(b"\xed\xa0\x80", {})],
    "reserved bits": [(b"{}", {"first": FINAL | 0x70})],
    "unknown opcode": [(b"{}", {"opcode": 0x7})],
    "continues nothing": [(b"{}", {"opcode": CONTINUATION})],
    "begins twice": [(b"{", {"first": 0}), (b"{", {"first": 0})],
    "a long ping": [(b"x" * 126, {"opcode": PING})],
    "a ping in parts": [(b"x", {"opcode": PING, "first": 0})],
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_frame_ends_that_connection_only_and_is_counted(house, door, fault):
    labels = {"where": door[1:], "code": "bad_frame"}
    before = house.metric("searchlight_refused_total", **labels)
    async with witnesses(house):
        hostile = await connect(house.url, door)
        for payload, form in BROKEN[fault]:
            await hostile.send(payload, **form)
        assert await hostile.close_code() is None
        await until(lambda: house.metric("searchlight_refused_total", **labels) == before + 1, "the refusal is counted")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("in_parts", [False, True])
async def test_over_what_any_message_may_have_the_connection_ends_with_1009(house, door, in_parts):
    labels = {"where": door[1:], "code": "too_large"}
    before = house.metric("searchlight_refused_total", **labels)
    async with witnesses(house):
        hostile = await connect(house.url, door)
        with contextlib.suppress(ConnectionError):
            if in_parts:
                await hostile.send(b"[", opcode=BINARY, first=0)
                for _ in range(12):
                    await hostile.send(b" " * 1_000_000, opcode=CONTINUATION, first=0)
            else:
                await hostile.send(b" " * 12_000_000)
        assert await hostile.close_code() in {1009, None}
        await until(lambda: house.metric("searchlight_refused_total", **labels) == before + 1, "the refusal is counted")


async def test_a_message_in_parts_is_one_message(house):
    async with witnesses(house):
        whole = json.dumps({"type": "stop", "objectId": 2**53}).encode()
        raw = await connect(house.url, "/client")
        await raw.send(whole[:5], first=0)
        for byte in whole[5:-1]:
            await raw.send(bytes([byte]), opcode=CONTINUATION, first=0)
        await raw.send(whole[-1:], opcode=CONTINUATION)
        while True:
            _, payload = await raw.receive()
            if b"unknown_object" in payload:
                break
        raw.close()


async def test_peers_that_vanish_are_not_counted_as_refused(house):
    before = house.metric("searchlight_refused_total", where="client", code="bad_frame")
    clients = house.metric("orchestrator_clients")
    for _ in range(5):
        (await connect(house.url, "/client")).close()
    await until(lambda: house.metric("orchestrator_clients") == clients, "the vanished clients are forgotten")
    assert house.metric("searchlight_refused_total", where="client", code="bad_frame") == before
