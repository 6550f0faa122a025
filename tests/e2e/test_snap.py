"""Snap on command, with real processes: legacy peers and ours, in every combination."""

import asyncio
import hashlib
import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from PIL import Image
from tornado.websocket import websocket_connect

from edge_devices.snap_camera import wait_for_snap
from tests.conftest import RedisServer
from tests.contract.tokens import key, token
from tests.fakes import legacy_snap
from tests.fakes.encode_worker import encode_worker
from tests.fakes.match_worker import match_worker
from tests.peers import Peer, peer
from tests.processes import ANSWER_SECONDS, ROOT, Role, free_port, role, until, wait_until


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
        data = requests.get(f"{self.url}/api/snap/devices", timeout=ANSWER_SECONDS).json()["data"]
        return {device["deviceId"]: device["state"] for device in data}

    def put(self, device: str, picture: bytes) -> str:
        answer = requests.put(f"{self.url}/snippets/{device}/", data=picture, timeout=ANSWER_SECONDS)
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
    answer = requests.get(f"{house.url}/snippets/1/", timeout=ANSWER_SECONDS)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    kept = requests.get(f"{house.url}/api/snippets?id=1", timeout=ANSWER_SECONDS).json()["data"]
    assert [row["sha256"] for row in kept] == [hashlib.sha256(png()).hexdigest()]


async def heard(at: Peer) -> Any:
    """Return the next text as it came."""
    async with asyncio.timeout(40):
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


async def test_a_device_that_only_says_that_it_uploaded_is_not_believed(house: House) -> None:
    async with peer(house.url, "/snap") as liar, peer(house.url, "/snap") as operator:
        await device(liar, "liar")
        await until(lambda: house.devices() == {"liar": "online"}, "the device")
        await operator.say(type="snap", to="liar", snapId="one", deadlineSeconds=20)
        await liar.hear("snap")
        await liar.say(type="uploaded", snapId="one", deviceId="liar", sha256="0" * 64)
        row = (await operator.hear("summary"))["devices"][0]
        assert (row["state"], "expected its picture" in row["reason"]) == ("failed", True)


# Ours.


class Cameras:
    """Running snap cameras, each with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def folder(self, name: str) -> Path:
        return self._folder / name

    def start(self, relay: str, name: str, *more: str, source: str = "test:", api: str | None = None) -> None:
        self.folder(name).mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "edge_devices.snap_camera", relay, "--device-id", name, "--source", source]
        command += ["--folder", str(self.folder(name)), *(("--api", api) if api else ()), *more]
        with (self.folder(name) / "log").open("wb") as log:
            self.running[name] = subprocess.Popen(command, cwd=ROOT, stderr=log)

    def log(self, name: str) -> str:
        return (self.folder(name) / "log").read_text()

    def end(self) -> None:
        for camera in self.running.values():
            camera.send_signal(signal.SIGCONT)
            camera.terminate()
        for camera in self.running.values():
            assert camera.wait(timeout=40) == 0


@pytest.fixture
def cameras(tmp_path: Path) -> Iterator[Cameras]:
    made = Cameras(tmp_path / "cameras")
    yield made
    made.end()


def snap(relay: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_devices.snap", relay, *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_four_of_a_group_of_five_answer_and_the_broken_one_is_named(house: House, cameras: Cameras) -> None:
    empty = cameras.folder("none")
    empty.mkdir(parents=True)
    for number in range(5):
        source = f"images:{empty}" if number == 3 else "test:"
        cameras.start(house.snap, f"cam-{number}", "--groups", "roof,north", source=source)
    cameras.start(house.snap, "elsewhere", "--groups", "cellar")
    wait_until(lambda: list(house.devices().values()) == ["online"] * 6, "the cameras")
    done = snap(house.snap, "--to", "roof", "--deadline", "30")
    rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert sorted(rows) == [f"cam-{number}" for number in range(5)]
    assert done.returncode == 1
    assert rows["cam-3"].split("  ")[1] == "failed"
    assert "expected pictures in" in rows["cam-3"]
    for name in ("cam-0", "cam-1", "cam-2", "cam-4"):
        picture = (cameras.folder(name) / "opencv_frame_0.png").read_bytes()
        assert hashlib.sha256(picture).hexdigest() in rows[name]
        assert requests.get(f"{house.url}/snippets/{name}/", timeout=ANSWER_SECONDS).status_code == 200
    assert not (cameras.folder("elsewhere") / "opencv_frame_0.png").exists()
    done = snap(house.snap, "--to", "cam-1", "--deadline", "30")
    assert (done.returncode, done.stdout.split("  ")[:2]) == (0, ["cam-1", "uploaded"])
    done = snap(house.snap, "--to", "attic")
    assert (done.returncode, "expected a known device" in done.stderr) == (1, True)


def test_a_camera_that_hangs_is_named_at_the_deadline(house: House, cameras: Cameras) -> None:
    for name in ("well", "stuck"):
        cameras.start(house.snap, name)
    wait_until(lambda: list(house.devices().values()) == ["online"] * 2, "the cameras")
    cameras.running["stuck"].send_signal(signal.SIGSTOP)
    done = snap(house.snap, "--to", "all", "--deadline", "12")
    assert [line.split("  ")[:2] for line in done.stdout.splitlines()] == [["stuck", "silent"], ["well", "uploaded"]]
    assert done.returncode == 1


def test_our_camera_serves_a_legacy_relay_and_a_legacy_api_server(house: House, cameras: Cameras) -> None:
    with legacy_snap.relay() as relay:
        cameras.start(relay.url, "ours", "--as-form", api=house.url)
        wait_until(lambda: "Ready for capture" in relay.heard, "the camera")
        assert snap(relay.url, "--legacy").returncode == 0
        wait_until(lambda: "stop" in relay.heard, "the end of the scan")
        assert requests.get(f"{house.url}/snippets/ours/", timeout=ANSWER_SECONDS).status_code == 200
        done = snap(relay.url, "--to", "ours", "--deadline", "8")
        assert (done.returncode, done.stdout.split("  ")[:2]) == (0, ["ours", "uploaded"])
        assert "no summary" in done.stderr


def more_than(before: float, house: House) -> bool:
    return house.role.metric("orchestrator_snap_texts_total") > before


def test_other_programs_wait_for_a_snap_of_a_legacy_peer_and_of_ours(house: House) -> None:
    with ThreadPoolExecutor() as pool:
        for path, more in ((house.relay, ("--legacy",)), (house.snap, ("--deadline", "1"))):
            before = house.role.metric("orchestrator_snap_texts_total")
            waiting = pool.submit(wait_for_snap, path)
            ready = partial(more_than, before, house)
            wait_until(ready, "whoever waits to say that it is ready")
            snap(path, *more)
            assert waiting.result(timeout=40) is True


def test_cameras_come_back_after_the_orchestrator_was_killed(cameras: Cameras) -> None:
    port = free_port()
    first = Role("processor_orchestrator", "--port", str(port))
    first.wait_for_event("loaded")
    relay = f"ws://127.0.0.1:{port}/snap"
    for name in ("one", "two"):
        cameras.start(relay, name)
    wait_until(lambda: len(first.events("snap_device_joined")) == 2, "the cameras")
    first.kill()
    wait_until(lambda: "relay away" in cameras.log("one"), "the loss")
    with role("processor_orchestrator", "--port", str(port)) as second:
        wait_until(lambda: len(second.events("snap_device_joined")) == 2, "the cameras again")
        done = snap(relay, "--deadline", "30")
        assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)


def test_a_snap_asked_at_one_orchestrator_reaches_devices_at_the_other(
    redis_server: RedisServer, cameras: Cameras
) -> None:
    environment = {"REDIS_URL": redis_server.url}
    with (
        role("processor_orchestrator", "--port", "0", environment=environment) as here,
        role("processor_orchestrator", "--port", "0", environment=environment) as there,
    ):
        for running in (here, there):
            wait_until(lambda running=running: running.events("peers"), "the other")
        houses = [House(running, 0) for running in (here, there)]
        cameras.start(houses[0].snap, "here", "--groups", "pair")
        cameras.start(houses[1].snap, "there", "--groups", "pair")
        wait_until(lambda: all(house.devices() == {"here": "online", "there": "online"} for house in houses), "both")
        for house in houses:
            done = snap(house.snap, "--to", "pair", "--deadline", "30")
            assert (done.returncode, len(done.stdout.splitlines())) == (0, 2), done
            for name in ("here", "there"):
                assert requests.get(f"{house.url}/snippets/{name}/", timeout=ANSWER_SECONDS).status_code == 200


def test_a_sought_person_in_a_devices_picture_becomes_one_sighting_of_the_device(redis_server: RedisServer) -> None:
    environment = {"REDIS_URL": redis_server.url}
    with role("processor_orchestrator", "--port", "0", environment=environment) as running:
        running.wait_for_event("loaded")
        house = House(running, 0)
        with encode_worker(redis_server.port), match_worker(redis_server.port):
            photos = {"photos": ("a.jpg", b"\xff\xd8 a face of anna")}
            opened = requests.post(
                f"{house.url}/api/cases", data={"name": "Anna"}, files=photos, timeout=ANSWER_SECONDS
            )
            case = f"{house.url}/api/cases/{opened.json()['objectId']}"
            wait_until(lambda: requests.get(case, timeout=ANSWER_SECONDS).json()["state"] == "open", "the references")
            for colour in ("navy", "red", "red"):
                house.put("door", png(colour))
            wait_until(lambda: requests.get(case, timeout=ANSWER_SECONDS).json()["sightings"], "the sighting")
            wait_until(lambda: nothing_waits(redis_server), "the end of both jobs")
        seen = requests.get(case, timeout=ANSWER_SECONDS).json()["sightings"]
        told = [(one["cameraId"], one["source"], one["distance"]) for one in seen]
        assert told == [("door", "snap", 0.25)], "once, however often the picture came"


def test_a_closed_case_is_taken_out_of_comparisons_that_wait_also_where_the_orchestrator_was_killed(
    redis_server: RedisServer,
) -> None:
    environment = {"REDIS_URL": redis_server.url}
    first = Role("processor_orchestrator", "--port", "0", environment=environment)
    first.wait_for_event("loaded")
    house = House(first, 0)
    with encode_worker(redis_server.port):
        cases = [opened_case(house, name) for name in ("Anna", "Bert", "Cleo")]
    house.put("door", png("red"))
    wait_until(lambda: in_galleries(redis_server) == ["case-1", "case-2", "case-3"], "the gallery")
    requests.delete(f"{house.url}/api/cases/{cases[0]}", timeout=ANSWER_SECONDS).raise_for_status()
    wait_until(lambda: in_galleries(redis_server) == ["case-2", "case-3"], "one less in it", patience=5)
    requests.delete(f"{house.url}/api/cases/{cases[1]}", timeout=ANSWER_SECONDS).raise_for_status()
    first.kill()
    with (
        role("processor_orchestrator", "--port", "0", environment=environment) as second,
        match_worker(redis_server.port),
    ):
        second.wait_for_event("loaded")
        wait_until(lambda: in_galleries(redis_server) == ["case-3"], "the last one alone")
        wait_until(lambda: nothing_waits(redis_server), "the end of the comparison")
        seen = requests.get(f"{second.url}/api/sightings", timeout=ANSWER_SECONDS).json()["data"]
        assert {one["objectId"] for one in seen} <= {cases[2]}


def opened_case(house: House, name: str) -> int:
    photos = {"photos": ("a.jpg", f"\xff\xd8 a face of {name}".encode("latin-1"))}
    made = requests.post(f"{house.url}/api/cases", data={"name": name}, files=photos, timeout=ANSWER_SECONDS).json()
    path = f"{house.url}/api/cases/{made['objectId']}"
    wait_until(lambda: requests.get(path, timeout=ANSWER_SECONDS).json()["state"] == "open", "the references")
    return int(made["objectId"])


def in_galleries(redis_server: RedisServer) -> list[str]:
    """Return who is in the galleries that lie in Redis."""
    with redis.Redis(port=redis_server.port) as direct:
        files = [json.loads(direct.get(key) or b"{}") for key in direct.scan_iter("gallery:*")]
    return sorted(person["name"] for file in files for person in file["sought"])


def nothing_waits(redis_server: RedisServer) -> bool:
    with redis.Redis(port=redis_server.port) as direct:
        return direct.xlen("searchlight:snap_results") == 0 and direct.llen("rq:queue:match") == 0


def test_cameras_and_operators_show_their_tokens_where_they_are_asked(tmp_path: Path, cameras: Cameras) -> None:
    for name, made in {"camera": token(roles=["snap"]), "operator": token(), "phone": token(roles=["phone"])}.items():
        (tmp_path / name).write_text(made)
    environment = {"PUBLIC_KEY": key("ES256").public}
    with role("processor_orchestrator", "--port", "0", environment=environment) as running:
        relay = running.url.replace("http", "ws") + "/snap"
        cameras.start(relay, "door", "--token-file", str(tmp_path / "camera"))
        wait_until(lambda: running.events("snap_device_joined"), "the camera")
        done = snap(relay, "--token-file", str(tmp_path / "operator"), "--deadline", "30")
        assert (done.returncode, done.stdout.split("  ")[:2]) == (0, ["door", "uploaded"])
        done = snap(relay, "--token-file", str(tmp_path / "phone"))
        assert (done.returncode, "403" in done.stderr) == (3, True)
        done = snap(relay)
        assert (done.returncode, "not_authenticated" in done.stderr or "expected" in done.stderr) == (1, True)


def test_the_console_asks_by_http_and_gets_the_summary(house: House, cameras: Cameras) -> None:
    cameras.start(house.snap, "door")
    wait_until(lambda: house.devices() == {"door": "online"}, "the camera")
    answer = requests.post(f"{house.url}/api/snap", json={"to": "door", "deadlineSeconds": 30}, timeout=40)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["complete"], answer.json()["devices"][0]["deviceId"]) == (True, "door")
    answer = requests.post(f"{house.url}/api/snap", json={"to": "attic"}, timeout=40)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_device")
