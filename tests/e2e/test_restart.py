"""An orchestrator that is killed forgets nothing, and everybody finds it again."""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from drill.footage import Footage
from tests.conftest import RedisServer
from tests.e2e.conftest import camera
from tests.peers import client, processor
from tests.processes import ANSWER_SECONDS, Role, free_port, until, wait_until


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def on_redis(redis_server: RedisServer, port: int) -> Iterator[list[Role]]:
    """An orchestrator on Redis; a test that starts it again appends the new one."""
    started = [start(redis_server, port)]
    yield started
    started[-1].terminate()


def start(redis_server: RedisServer, port: int) -> Role:
    running = Role("processor_orchestrator", "--port", str(port), environment={"REDIS_URL": redis_server.url})
    running.wait_for_event("loaded")
    return running


async def test_killed_and_started_again_it_knows_objects_timelines_and_feature_maps(
    redis_server: RedisServer, port: int, on_redis: list[Role], jpeg: bytes
) -> None:
    url = on_redis[0].url
    feature_map = [round(0.001 * n, 3) for n in range(128)]
    async with client(url) as page, processor(url, "door") as door:
        await page.say(type="subscribe", sightings=True)
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=4, image=base64.b64encode(jpeg).decode())
        asked = await door.hear("start")
        await door.say(type="featureMap", objectId=asked["objectId"], featureMap=feature_map, modelId="m")
        await door.hear("featureMap")
        box = {"boxId": 4, "rect": [0.1, 0.1, 0.2, 0.2], "objectId": asked["objectId"], "distance": 0.3}
        await door.say(type="boundingBoxes", frameId=2.0, boxes=[box])
        await page.hear("sighting")
    before = {
        path: requests.get(url + path, timeout=ANSWER_SECONDS).text
        for path in ("/timelines?objectId=1", "/api/sightings")
    }
    on_redis[0].kill()
    on_redis.append(start(redis_server, port))
    assert requests.get(f"{url}/objectIds", timeout=ANSWER_SECONDS).text == '{"data":[1]}'
    assert {path: requests.get(url + path, timeout=ANSWER_SECONDS).text for path in before} == before
    async with processor(url, "late") as late, client(url) as page:
        told = await late.hear("featureMap")
        assert (told["objectId"], told["featureMap"], told["modelId"]) == (1, feature_map, "m")
        await page.say(type="setUsesImages", usesImages=True)
        assert (await page.hear("newObject"))["objectId"] == 1
        await page.say(type="start", image=base64.b64encode(jpeg).decode())
        assert (await page.hear("newObject"))["objectId"] == 2, "an id is never used twice"


def test_idle_processors_rejoin_within_ten_seconds(redis_server: RedisServer, port: int, on_redis: list[Role]) -> None:
    idle = camera(on_redis[0], "idle", "images:tests/fakes?fps=1")  # no picture in there: it never has a frame to send
    busy = camera(on_redis[0], "busy", "test:?fps=5")
    try:
        for running in (idle, busy):
            running.wait_for_event("orchestrator_connected")
        on_redis[0].kill()
        for running in (idle, busy):
            running.wait_for_event("server_away")
        on_redis.append(start(redis_server, port))
        cameras = f"{on_redis[-1].url}/api/cameras"
        wait_until(
            lambda: (
                {
                    c["cameraId"]
                    for c in requests.get(cameras, timeout=ANSWER_SECONDS).json()["data"]
                    if c["state"] == "online"
                }
                == {"idle", "busy"}
            ),
            "both cameras",
        )
    finally:
        idle.terminate()
        busy.terminate()


async def test_what_was_stopped_while_a_processor_was_away_is_forgotten_by_it(
    redis_server: RedisServer, port: int, on_redis: list[Role], footage: Footage
) -> None:
    photo = base64.b64encode(Path(footage.case_photo).read_bytes()).decode()
    clip = footage.clips[0]
    running = camera(on_redis[0], clip.camera, f"file:{clip.video.resolve()}?loop=1&realtime=1", "--min-face-px", "60")
    try:
        running.wait_for_event("orchestrator_connected")
        async with client(on_redis[0].url) as page:
            await page.say(type="subscribe", sightings=True)
            await page.say(type="start", image=photo)
            await page.hear("sighting", patience=60)
        # The processor is cut off by stopping it, and the object is stopped while it cannot hear.
        running.process.send_signal(19)
        async with client(on_redis[0].url) as page:
            await page.say(type="stop", objectId=1)
            await page.say(type="setUsesImages", usesImages=True)
        on_redis[0].kill()
        on_redis.append(start(redis_server, port))
        running.process.send_signal(18)
        async with client(on_redis[-1].url) as page:
            boxes: list[dict[str, object]] = []
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                message = await page.hear("boundingBoxes", patience=60)
                boxes = message["boxes"]
                if boxes and not any("objectId" in box for box in boxes):
                    break
            assert boxes
            assert not any("objectId" in box for box in boxes)
    finally:
        running.terminate()


async def test_redis_away_refuses_starts_keeps_sightings_and_goes_on_when_it_is_back(
    redis_server: RedisServer, on_redis: list[Role], jpeg: bytes
) -> None:
    url = on_redis[0].url
    async with client(url) as page, processor(url, "door") as door:
        await page.say(type="subscribe", sightings=True)
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=4)
        await door.hear("start")
        redis_server.kill()
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=5)
        refused = await page.hear("error")
        assert (refused["code"], refused["replyTo"]) == ("store_unavailable", "start")
        box = {"boxId": 4, "rect": [0.1, 0.1, 0.2, 0.2], "objectId": 1}
        await door.say(type="boundingBoxes", frameId=2.0, boxes=[box])
        assert (await page.hear("boundingBoxes"))["boxes"] == [box], "live boxes do not wait for Redis"
        await until(
            lambda: requests.get(f"{url}/readyz", timeout=ANSWER_SECONDS).status_code == 503,
            "readyz to tell",
        )
        redis_server.start()
        began = time.monotonic()
        told = await page.hear("sighting")
        assert time.monotonic() - began <= 10
        assert told["cameraId"] == "door"
        await until(lambda: requests.get(f"{url}/readyz", timeout=ANSWER_SECONDS).ok, "readyz to recover")
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=5)
        assert (await door.hear("start"))["boxId"] == 5
