"""Two orchestrators on one Redis: either serves anything."""

import base64
from collections.abc import Iterator

import pytest
import requests

from backbone.wire.stream_frames import StreamFrame
from tests.conftest import RedisServer
from tests.e2e.kills import run_kills
from tests.peers import client, processor
from tests.processes import ANSWER_SECONDS, Role, free_port, until, wait_until


class Pair:
    """Two orchestrators and the Redis below them."""

    def __init__(self, redis_server: RedisServer) -> None:
        self._redis = redis_server
        self.ports = (free_port(), free_port())
        self.roles = [self.started(port) for port in self.ports]

    def started(self, port: int) -> Role:
        running = Role("processor_orchestrator", "--port", str(port), environment={"REDIS_URL": self._redis.url})
        running.wait_for_event("compared_with_store")
        return running

    def meet(self) -> None:
        for running in self.roles:
            wait_until(lambda running=running: [e["alive"] for e in running.events("peers")][-1:] == [1], "the other")


@pytest.fixture
def pair(redis_server: RedisServer) -> Iterator[Pair]:
    made = Pair(redis_server)
    try:
        made.meet()
        yield made
    finally:
        for running in made.roles:
            running.terminate()


def online(url: str) -> set[str]:
    data = requests.get(f"{url}/api/cameras", timeout=ANSWER_SECONDS).json()["data"]
    return {camera["cameraId"] for camera in data if camera["state"] == "online"}


async def test_a_client_of_one_starts_sees_and_stops_on_a_camera_of_the_other(pair: Pair) -> None:
    at, other = (running.url for running in pair.roles)
    async with processor(at, "door") as door, client(other) as page:
        await page.say(type="subscribe", sightings=True)
        await until(lambda: online(other) == {"door"}, "the camera of the other")
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=4)
        asked = await door.hear("start")
        assert (asked["objectId"], asked["boxId"]) == (1, 4)
        await door.say(type="featureMap", objectId=1, featureMap=[0.5] * 128, modelId="m")
        await door.hear("featureMap")
        box = {"boxId": 4, "rect": [0.1, 0.1, 0.2, 0.2], "objectId": 1, "distance": 0.3}
        await door.say(type="boundingBoxes", frameId=2.0, boxes=[box])
        told = await page.hear("boundingBoxes")
        assert (told["cameraId"], told["boxes"]) == ("door", [box])
        assert (await page.hear("sighting"))["objectId"] == 1
        async with processor(other, "late") as late:
            assert (await late.hear("featureMap"))["featureMap"] == [0.5] * 128
            await page.say(type="stop", objectId=1)
            assert (await door.hear("stop"))["objectId"] == 1
            assert (await late.hear("stop"))["objectId"] == 1


async def test_a_picture_opened_at_one_is_encoded_by_a_camera_of_the_other(pair: Pair, jpeg: bytes) -> None:
    at, other = (running.url for running in pair.roles)
    async with processor(at, "door") as door, client(other) as page, client(at) as watcher:
        await watcher.say(type="setUsesImages", usesImages=True)
        await page.say(type="start", image=base64.b64encode(jpeg).decode())
        assert (await door.hear("start"))["image"]
        assert (await watcher.hear("newObject"))["objectId"] == 1


async def test_live_pictures_cross_while_somebody_watches(pair: Pair, jpeg: bytes) -> None:
    at, other = (running.url for running in pair.roles)
    async with processor(at, "door") as door:
        await until(lambda: online(other) == {"door"}, "the camera of the other")
        with requests.get(f"{other}/stream?camera=door", stream=True, timeout=ANSWER_SECONDS) as stream:
            asked = await door.hear("startStream")
            assert asked["fps"] == 10
            frame = StreamFrame(frame_id=1.0, sequence=1, grabbed_at=1.0, encoded_at=1.0, jpeg=jpeg)
            await door.say_raw(frame.pack(), binary=True)
            assert (await door.hear("streamToken"))["tokens"] == 1
            assert stream.raw.read(7) == b"--frame"
        await door.hear("stopStream")


async def test_a_camera_that_moves_goes_on_with_its_sighting(pair: Pair) -> None:
    at, other = (running.url for running in pair.roles)
    box = {"boxId": 4, "rect": [0.1, 0.1, 0.2, 0.2], "objectId": 1}
    async with client(other) as page:
        await page.say(type="subscribe", sightings=True)
        async with processor(at, "door") as door, client(at) as first:
            await first.say(type="start", cameraId="door", frameId=1.0, boxId=4)
            await door.hear("start")
            await door.say(type="boundingBoxes", frameId=2.0, boxes=[box])
            begun = await page.hear("sighting")
            pair.roles[0].kill()
        async with processor(other, "door") as door:
            await door.hear("start")
            await door.say(type="boundingBoxes", frameId=3.0, boxes=[box])
            gone_on = await page.hear("sighting")
    assert (gone_on["sightingId"], gone_on["frames"]) == (begun["sightingId"], 2)
    pair.roles[0] = pair.started(pair.ports[0])
    assert requests.get(f"{pair.roles[0].url}/objectIds", timeout=ANSWER_SECONDS).text == '{"data":[1]}'


async def test_kills_under_load_lose_nothing_and_double_nothing(pair: Pair) -> None:
    history = await run_kills(pair.roles, list(pair.ports), pair.started, kills=3, seed=5)
    print(f"seed 5: {len(history.known)} opened, slowest recovery {max(history.recoveries):.2f} s")  # noqa: T201 - the figure is the point
    assert history.known


async def test_both_killed_and_back_know_everything(pair: Pair) -> None:
    async with processor(pair.roles[0].url, "door") as door, client(pair.roles[0].url) as page:
        await page.say(type="start", cameraId="door", frameId=1.0, boxId=4)
        await door.hear("start")
        await door.say(type="featureMap", objectId=1, featureMap=[0.5] * 128, modelId="m")
        await door.hear("featureMap")
    for running in pair.roles:
        running.kill()
    pair.roles = [pair.started(port) for port in pair.ports]
    for running in pair.roles:
        async with processor(running.url, f"late at {running.port}") as late:
            assert (await late.hear("featureMap"))["featureMap"] == [0.5] * 128
