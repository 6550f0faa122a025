"""Snap on command, with real processes: legacy peers and ours, in every combination."""

import asyncio
import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image
from tornado.websocket import websocket_connect

from tests.fakes import legacy_snap
from tests.peers import Peer, peer
from tests.processes import Role, free_port, role, until


def png(colour: str = "navy") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "PNG")
    return out.getvalue()


class House:
    """An orchestrator with both of its doors."""

    def __init__(self, running: Role, snap_port: int) -> None:
        self.role = running
        self.url = running.url
        self.relay = f"ws://127.0.0.1:{snap_port}"
        self.snap = running.url.replace("http", "ws") + "/snap"

    def devices(self) -> dict[str, str]:
        data = requests.get(f"{self.url}/api/snap/devices", timeout=5).json()["data"]
        return {device["deviceId"]: device["state"] for device in data}

    def put(self, device: str, picture: bytes) -> str:
        answer = requests.put(f"{self.url}/snippets/{device}/", data=picture, timeout=20)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sha256"])


@pytest.fixture
def house() -> Iterator[House]:
    port = free_port()
    with role("processor_orchestrator", "--port", "0", "--snap-port", str(port)) as running:
        running.wait_for_event("loaded")
        yield House(running, port)


async def device(at: Peer, name: str, *groups: str) -> None:
    await at.say(type="hello", deviceId=name, groups=list(groups))


async def test_the_relay_tells_its_own_address_at_its_start(house: House) -> None:
    assert house.role.wait_for_event("snap_listening")["address"] == house.relay + "/"


async def test_a_legacy_camera_snaps_puts_its_picture_and_says_stop(house: House) -> None:
    async with peer(house.relay, "/") as scanner:
        camera = asyncio.create_task(asyncio.to_thread(legacy_snap.client, house.relay))
        assert (await heard(scanner)) == "Ready for capture"
        await scanner.say_raw("snap")
        assert await camera is True
        assert await asyncio.to_thread(legacy_snap.capture, house.url, png()) == 200
        await asyncio.to_thread(legacy_snap.say, house.relay, "stop")
        assert (await heard(scanner)) == "stop"
    answer = requests.get(f"{house.url}/snippets/1/", timeout=5)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    kept = requests.get(f"{house.url}/api/snippets?id=1", timeout=5).json()["data"]
    assert [row["sha256"] for row in kept] == [hashlib.sha256(png()).hexdigest()]


async def heard(at: Peer) -> Any:
    """Return the next text as it came."""
    async with asyncio.timeout(15):
        return await at.connection.read_message()


async def test_a_legacy_snap_reaches_devices_and_a_json_snap_reaches_legacy_cameras(house: House) -> None:
    async with peer(house.relay, "/") as legacy, peer(house.url, "/snap") as door:
        await device(door, "door")
        await until(lambda: house.devices() == {"door": "online"}, "the device")
        await legacy.say_raw("snap")
        told = json.loads(await heard(door))
        assert (told["type"], told["to"], told["legacy"]) == ("snap", "all", True)
        async with peer(house.url, "/snap") as operator:
            await operator.say(type="snap", to="all", deadlineSeconds=20)
            assert await heard(legacy) == "snap"
            told = json.loads(await heard(door))
            assert (told["type"], told.get("legacy")) == ("snap", None)


async def test_fifty_clients_that_talk_at_once_miss_nothing(house: House) -> None:
    many = [await asyncio.create_task(opened(house.relay + "/")) for _ in range(50)]
    try:
        await asyncio.gather(*(one.say_raw(f"text {number}") for number, one in enumerate(many)))
        for number, one in enumerate(many):
            texts = [await heard(one) for _ in range(49)]
            assert sorted(texts) == sorted(f"text {other}" for other in range(50) if other != number)
    finally:
        for one in many:
            one.close()
    assert house.role.process.poll() is None


async def opened(url: str) -> Peer:
    return Peer(await websocket_connect(url))


async def test_a_group_of_five_answers_and_the_broken_one_is_named(house: House) -> None:
    names = [f"cam-{number}" for number in range(5)]
    cameras = [await opened(house.snap) for _ in names]
    try:
        for name, camera in zip(names, cameras, strict=True):
            await device(camera, name, "roof")
        await until(lambda: len(house.devices()) == 5, "the devices")
        async with peer(house.url, "/snap") as operator:
            await operator.say(type="snap", to="roof", snapId="one", deadlineSeconds=20)
            answering = (good_device(house, *pair) for pair in zip(names[:4], cameras[:4], strict=True))
            digests = await asyncio.gather(*answering)
            await cameras[4].hear("snap")
            await cameras[4].say(type="failed", snapId="one", deviceId="cam-4", reason="expected a camera, got none")
            summary = await operator.hear("summary")
        rows = {row["deviceId"]: row for row in summary["devices"]}
        assert [rows[name]["sha256"] for name in names[:4]] == digests
        assert (rows["cam-4"]["state"], rows["cam-4"]["reason"]) == ("failed", "expected a camera, got none")
        assert summary["complete"] is False
    finally:
        for camera in cameras:
            camera.close()


async def good_device(house: House, name: str, camera: Peer) -> str:
    snap = await camera.hear("snap")
    await camera.say(type="taken", snapId=snap["snapId"], deviceId=name)
    digest = await asyncio.to_thread(house.put, name, png())
    await camera.say(type="uploaded", snapId=snap["snapId"], deviceId=name, sha256=digest)
    return digest
