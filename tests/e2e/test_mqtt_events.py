"""What Home Assistant sees of a search: cameras, the cases that opted in, and nothing of the others."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.broker import GATEWAY, Broker, password_of
from tests.conftest import RedisServer
from tests.fakes.home_assistant import HomeAssistant
from tests.mqtt_client import Client
from tests.peers import processor
from tests.processes import ANSWER_SECONDS, Role, free_port, role, until, wait_until

WITHIN_SECONDS = 6.0
FACE = b"\xff\xd8 a face"


class Stack:
    """Broker, orchestrator and gateway on one Redis."""

    def __init__(self, broker: Broker, redis_server: RedisServer) -> None:
        self.broker, self.redis = broker, redis_server
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def orchestrator(self) -> Iterator[Role]:
        arguments = ("--port", str(self.port), "--redis-url", self.redis.url)
        with role("processor_orchestrator", *arguments) as running:
            running.wait_for_event("loaded")
            yield running

    @contextmanager
    def gateway(self) -> Iterator[Role]:
        arguments = ["--port", "0", "--broker-url", self.broker.url, "--redis-url", self.redis.url]
        arguments += ["--orchestrator-url", f"ws://127.0.0.1:{self.port}/client"]
        with role("mqtt_gateway", *arguments, environment={"BROKER_PASSWORD": password_of(GATEWAY)}) as running:
            running.wait_for_event("broker_connected")
            yield running

    def open_case(self, name: str, **fields: str) -> int:
        files = [("photos", ("a.jpg", FACE))]
        answer = requests.post(
            f"{self.url}/api/cases", data={"name": name, **fields}, files=files, timeout=ANSWER_SECONDS
        )
        assert answer.status_code == 202, answer.text
        told = answer.json()
        assert (told["mqtt"], told["mqttCrops"]) == ("mqtt" in fields, "mqttCrops" in fields)
        return int(told["objectId"])


@pytest.fixture
def stack(redis_server: RedisServer, tmp_path: Path) -> Iterator[Stack]:
    broker = Broker(tmp_path / "broker")
    yield Stack(broker, redis_server)
    broker.kill()


def box(object_id: int, jpeg: bytes, number: int = 1) -> dict[str, object]:
    crop = base64.b64encode(jpeg).decode()
    return {
        "boxId": number,
        "rect": [0.1, 0.2, 0.3, 0.4],
        "objectType": "person",
        "certainty": 0.9,
        "objectId": object_id,
        "distance": 0.4,
        "crop": crop,
    }


async def test_cameras_and_cases_that_opted_in_appear_and_nothing_of_the_others(stack, jpeg):
    with stack.orchestrator(), stack.gateway(), HomeAssistant(stack.broker) as home:
        secret = stack.open_case("Secret Person")
        told = stack.open_case("Anna", mqtt="yes")
        shown = stack.open_case("Boris", mqtt="yes", mqttCrops="yes")
        async with processor(stack.url, "front door") as front, processor(stack.url, 7) as seven:
            await until(lambda: home.entity(f"searchlight_case_{shown}_seen"), "the cases")
            await until(lambda: home.entity("searchlight_camera_7"), "the cameras")
            await until(lambda: home.state("searchlight_cameras_online") == "2", "their number")
            camera = next(unique for unique in _ids(home) if unique.startswith("searchlight_camera_front_door-"))
            camera = camera.removesuffix("_online")
            await until(lambda: home.state("searchlight_camera_7_online") == "ON", "its state")
            await until(lambda: home.state(f"searchlight_case_{told}_seen") == "OFF", "what is known of the case")
            assert home.state(f"searchlight_case_{told}_last_seen") is None
            now = time.time()
            await front.say(type="boundingBoxes", frameId=now, boxes=[box(secret, jpeg), box(told, jpeg, 2)])
            await until(lambda: home.state(f"searchlight_case_{told}_seen") == "ON", "the sighting")
            seen = home.state(f"searchlight_case_{told}_last_seen").timestamp()
            assert now - 2 <= seen <= time.time() + 1
            assert home.picture(camera) is None, "no crops were allowed"
            await seven.say(type="boundingBoxes", frameId=time.time(), boxes=[box(shown, jpeg)])
            await until(lambda: home.picture("searchlight_camera_7"), "the allowed crop")
            assert home.picture("searchlight_camera_7").startswith(b"\xff\xd8\xff")
            assert home.picture(camera) is None
            await until(lambda: len(home.sightings) >= 2, "both events")
            assert {event["objectId"] for event in home.sightings} == {told, shown}
        await until(lambda: home.state("searchlight_cameras_online") == "0", "the cameras' end")
        await until(lambda: home.state("searchlight_camera_7_online") == "OFF", "its state")
        everything = [*home.retained.values(), *(str(c).encode() for c in home.configurations.values())]
        assert not [payload for payload in everything if b"Secret" in payload]
        assert home.faults == []


async def test_a_case_that_is_closed_or_rejected_leaves_nothing_behind(stack, jpeg):
    with stack.orchestrator(), stack.gateway(), HomeAssistant(stack.broker) as home:
        case = stack.open_case("Boris", mqtt="yes", mqttCrops="yes")
        async with processor(stack.url, "door") as door:
            await until(lambda: home.entity(f"searchlight_case_{case}_seen"), "the case")
            await door.say(type="boundingBoxes", frameId=time.time(), boxes=[box(case, jpeg)])
            await until(lambda: home.picture("searchlight_camera_door"), "the crop")
            sighting = home.sightings[0]["sightingId"]
            requests.post(f"{stack.url}/api/sightings/{sighting}/reject", timeout=ANSWER_SECONDS).raise_for_status()
            await until(lambda: not home.picture("searchlight_camera_door"), "the rejected crop to go")
            assert home.sightings[-1]["rejected"] is True
            assert home.state(f"searchlight_case_{case}_last_seen") is None
            requests.delete(f"{stack.url}/api/cases/{case}", timeout=ANSWER_SECONDS).raise_for_status()
            await until(lambda: home.entity(f"searchlight_case_{case}_seen") is None, "the entity to go")
            await until(lambda: not home.retained[f"searchlight/cases/{case}"], "its state to go")
        assert home.faults == []


async def test_everything_is_told_again_after_birth_and_after_a_broker_that_forgot(stack, jpeg):
    with stack.orchestrator(), stack.gateway():
        case = stack.open_case("Anna", mqtt="yes")
        async with processor(stack.url, "door"):
            with HomeAssistant(stack.broker) as home:
                await until(lambda: home.entity(f"searchlight_case_{case}_seen"), "the case")
                await until(lambda: home.entity("searchlight_camera_door"), "the camera")
                known = set(home.configurations)
                began = time.monotonic()
                count = home.say_online()
                await until(lambda: home.configured_again(count) >= known, "all of it", patience=WITHIN_SECONDS)
                print(f"\nafter birth: {len(known)} configurations in {time.monotonic() - began:.2f} s")  # noqa: T201
                assert home.faults == []
            stack.broker.kill()
            (stack.broker.folder / "data" / "mosquitto.db").unlink()
            stack.broker.start()
            began = time.monotonic()
            with HomeAssistant(stack.broker) as home:
                await until(lambda: set(home.configurations) >= known, "all of it", patience=WITHIN_SECONDS)
                print(f"after a restart: {time.monotonic() - began:.2f} s")  # noqa: T201 - the figure
                await until(lambda: home.retained.get("searchlight/available") == b"online", "the gateway")
                await until(lambda: home.state("searchlight_camera_door_online") == "ON", "the state")
                assert home.faults == []


async def test_a_gateway_that_is_killed_is_offline_at_once_and_clears_what_changed_meanwhile(stack):
    with stack.orchestrator(), HomeAssistant(stack.broker) as home:
        gone = stack.open_case("Anna", mqtt="yes")
        stays = stack.open_case("Boris", mqtt="yes")
        with stack.gateway() as gateway:
            await until(lambda: home.entity(f"searchlight_case_{stays}_seen"), "the cases")
            await until(lambda: home.available(f"searchlight_case_{stays}_seen"), "the case to be available")
            gateway.kill()
            await until(lambda: not home.available(f"searchlight_case_{stays}_seen"), "the broker's word")
        requests.delete(f"{stack.url}/api/cases/{gone}", timeout=ANSWER_SECONDS).raise_for_status()
        with stack.gateway():
            await until(lambda: home.entity(f"searchlight_case_{gone}_seen") is None, "the closed case to go")
            await until(lambda: home.available(f"searchlight_case_{stays}_seen"), "the other case to be available")
        await until(lambda: home.retained["searchlight/available"] == b"offline", "the goodbye")
        assert home.faults == []


async def test_while_the_orchestrator_is_away_states_are_unknown_and_offload_goes_on(stack):
    with stack.orchestrator() as orchestrator, stack.gateway() as gateway, HomeAssistant(stack.broker) as home:
        async with processor(stack.url, "door"):
            await until(lambda: home.state("searchlight_camera_door_online") == "ON", "the camera")
        orchestrator.kill()
        await until(lambda: home.state("searchlight_orchestrator") == "OFF", "the truth")
        await until(lambda: home.state("searchlight_camera_door_online") == "OFF", "the camera to be unknown")
        answer = requests.get(f"{gateway.url}/readyz", timeout=ANSWER_SECONDS)
        assert {name for name, told in answer.json()["dependencies"].items() if not told["ok"]} == {"orchestrator"}
        with stack.orchestrator():
            await until(lambda: home.state("searchlight_orchestrator") == "ON", "the orchestrator to be back")
    assert home.faults == []


def _ids(home: HomeAssistant) -> set[str]:
    return {configuration["unique_id"] for configuration in list(home.configurations.values())}


def test_the_fake_home_assistant_refuses_what_the_real_one_would(stack):
    with HomeAssistant(stack.broker) as home, Client(stack.broker, GATEWAY) as gateway:
        gateway.publish("homeassistant/camera/searchlight/a b/config", b"{}")
        gateway.publish("homeassistant/camera/searchlight/a/config", b'{"name": "x"}')
        gateway.publish("homeassistant/sensor/searchlight/a/config", b"no json")
        wait_until(lambda: len(home.faults) == 3, "three faults")
