"""The stack on one machine: up, the main job through the published port, every container killed, down."""

import base64
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.broker import HOME
from tests.mqtt_client import Client
from tests.multipart import parts
from tests.peers import client
from tests.processes import until, wait_until
from tests.stack.engine import docker, inspect, run, tell
from tests.stack.stack import Stack, running_stack

SERVICES = (
    "redis",
    "orchestrator",
    "orchestrator-2",
    "camera-1",
    "camera-2",
    "cloudlet",
    "face_worker",
    "phone",
    "broker",
    "mqtt_gateway",
    "offload_worker",
    "pi_receiver",
)
USERS = {"offload_worker": "10002:10002"}
SQUARE = '#!/bin/sh\necho "$1 squared is $(($1 * $1))"\n'
SOURCE = """\
#include <stdio.h>
int main(int count, char **words) {
  printf("hello ---- %s of %d", words[1], count - 1);
  return 0;
}
"""
SIGHTING_SECONDS = 120.0
OFFLOAD_SECONDS = 60.0


@dataclass(frozen=True)
class Published:
    """Where the stack's broker answers."""

    port: int


@pytest.fixture(scope="module")
def stack(secrets_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    programs = tmp_path_factory.mktemp("programs")
    programs.chmod(0o755)
    (programs / "program").write_text(SQUARE, encoding="utf-8")
    (programs / "program").chmod(0o755)
    with running_stack(secrets_dir, PROGRAMS_DIR=str(programs)) as running:
        yield running


def test_up_ends_with_every_service_healthy_and_prints_the_page_with_its_token(stack: Stack) -> None:
    tell(stack.told)
    assert all(stack.is_healthy(service) for service in SERVICES)
    assert f"{stack.url}/#token={stack.token}" in stack.told
    assert requests.get(stack.url, timeout=5).ok


def test_nobody_gets_in_without_a_token_or_with_a_cameras(stack: Stack) -> None:
    camera = (stack.secrets_dir / "camera-1.jwt").read_text().strip()
    assert requests.get(f"{stack.url}/api/cameras", timeout=5).status_code == 401
    headers = {"Authorization": f"Bearer {camera}"}
    assert requests.get(f"{stack.url}/api/cameras", headers=headers, timeout=5).status_code == 403


def test_only_the_doors_of_people_and_phones_are_reachable_and_only_on_loopback(stack: Stack) -> None:
    published = {service: inspect(stack.container(service))["HostConfig"]["PortBindings"] for service in SERVICES}
    bound = {service: ports for service, ports in published.items() if ports}
    assert bound.keys() == {"orchestrator", "orchestrator-2", "cloudlet", "broker", "pi_receiver"}
    assert {place["HostIp"] for ports in bound.values() for places in ports.values() for place in places} == {
        "127.0.0.1"
    }


def test_containers_run_as_the_files_say(stack: Stack) -> None:
    for service in SERVICES:
        told = inspect(stack.container(service))
        host = told["HostConfig"]
        assert told["Config"]["User"] == USERS.get(service, "10001:10001"), service
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert host["NanoCpus"] > 0, service
        assert not host["Privileged"], service


def test_the_sample_phones_photos_are_sightings_beside_the_cameras(stack: Stack) -> None:
    def sources() -> set[str]:
        return {sighting.get("source") or "camera" for sighting in stack.sightings().values()}

    wait_until(lambda: sources() >= {"camera", "phone"}, "sightings of cameras and of the phone", SIGHTING_SECONDS)
    second = stack.url.replace(stack.url.rpartition(":")[2], stack.environment["SECOND_CONSOLE_PORT"])
    told = requests.get(f"{second}/api/sightings?limit=1000", headers=stack.headers, timeout=5).json()["data"]
    assert {sighting.get("source", "camera") for sighting in told} >= {"camera", "phone"}, (
        "the second one knows them too"
    )


async def test_a_case_from_a_photo_is_seen_by_both_cameras(stack: Stack, tmp_path: Path) -> None:
    photo = tmp_path / "sought.jpg"
    docker("cp", f"{stack.container('camera-1')}:/sample/case/sought.jpg", str(photo))
    async with client(stack.url, headers=stack.headers) as operator:
        await operator.say(type="subscribe", sightings=True)
        # One person, one case: two cases of the same face would share its sightings.
        for known in stack.ask("/api/objects"):
            await operator.say(type="stop", objectId=known["objectId"])
        await until(lambda: not stack.ask("/api/objects"), "the demo's case to be closed")
        await operator.say(type="start", image=base64.b64encode(photo.read_bytes()).decode(), name="From the test")
        await until(lambda: stack.ask("/api/objects"), "the case to be open")
        opened = stack.ask("/api/objects")[0]
        began, seen_by = time.monotonic(), set()
        while seen_by < {"camera-1", "camera-2"} and time.monotonic() - began < SIGHTING_SECONDS:
            sighting = await operator.hear("sighting", patience=SIGHTING_SECONDS)
            if sighting["objectId"] == opened["objectId"] and sighting["cameraId"] not in seen_by:
                seen_by.add(sighting["cameraId"])
                tell(f"{sighting['cameraId']} after {time.monotonic() - began:.1f} s")
    assert seen_by == {"camera-1", "camera-2"}
    assert {sighting["cameraId"] for sighting in stack.sightings(opened["objectId"]).values()} >= seen_by


@pytest.mark.parametrize("camera", ["camera-1", "camera-2"])
def test_the_stream_shows_moving_pictures(stack: Stack, camera: str) -> None:
    address = f"{stack.url}/stream/{camera}"
    with requests.get(address, headers=stack.headers, stream=True, timeout=20) as response:
        pictures = parts(response)
        jpegs = {next(pictures) for _ in range(4)}
    assert len(jpegs) == 4
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in jpegs)


@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_container_comes_back_and_nothing_acknowledged_is_lost(stack: Stack, service: str) -> None:
    wait_until(stack.sightings, "a sighting", SIGHTING_SECONDS)
    objects, sightings = {known["objectId"] for known in stack.ask("/api/objects")}, stack.sightings()
    began = time.monotonic()
    stack.kill(service)
    for any_service in SERVICES:
        stack.wait_for_health(any_service)
    wait_until(lambda: stack.answers("/readyz"), "the orchestrator to have its store", 60)
    back = time.monotonic() - began
    wait_until(
        lambda: (
            {camera["state"] for camera in stack.ask("/api/cameras")} == {"online"}
            and len(stack.ask("/api/cameras")) == 2
        ),
        "both cameras to be online",
        60,
    )
    assert {known["objectId"] for known in stack.ask("/api/objects")} >= objects
    assert stack.sightings().keys() >= sightings.keys(), "acknowledged sightings are lost"
    wait_until(lambda: stack.sightings().keys() > sightings.keys(), "sightings to go on", SIGHTING_SECONDS)
    lost = len(sightings.keys() - stack.sightings().keys())
    tell(f"{service}: healthy after {back:.1f} s; {len(sightings)} sightings acknowledged before, {lost} lost")


def test_a_device_gets_a_name_at_the_running_broker_and_home_assistant_sees_the_cameras(stack: Stack) -> None:
    broker = Published(int(stack.environment["MQTT_PORT"]))
    home_password = (stack.secrets_dir / "home-assistant.password").read_text(encoding="utf-8").strip()
    with (
        Client(broker, "pi-7", password=named(stack, "pi-7"), wants=("result/pi-7",)) as device,
        Client(broker, HOME, password=home_password, wants=("searchlight/#", "homeassistant/#")) as home,
    ):
        wait_until(lambda: home.payloads("searchlight/available") == ["online"], "the gateway")
        wait_until(lambda: home.payloads("searchlight/camera-1/state"), "the camera")
        assert not device.publish("inputCode/pi-7", "no request").is_failure
        wait_until(lambda: device.payloads("result/pi-7"), "the refusal")
        assert device.payloads("result/pi-7")[0].startswith("error: rejected: expected four parts")
        assert device.publish("inputCode/another", "x").is_failure


def test_a_device_has_its_program_built_and_run_also_after_each_part_was_killed(stack: Stack) -> None:
    broker, heard = Published(int(stack.environment["MQTT_PORT"])), 0
    with Client(broker, "pi-8", password=named(stack, "pi-8"), wants=("result/pi-8",)) as device:
        for killed in (None, "offload_worker", "mqtt_gateway", "broker"):
            if killed is not None:
                stack.kill(killed)
                for service in SERVICES:
                    stack.wait_for_health(service)
                wait_until(device.mqtt.is_connected, "the device to be back")
            began = time.monotonic()
            device.publish("inputCode/pi-8", f"hello----'to you'----{SOURCE}----gcc <name>.c -o <name>")
            device.publish("localCode/pi-8", "7")
            heard += 2
            wait_until(lambda: len(device.heard) >= heard, "both answers", OFFLOAD_SECONDS)  # noqa: B023
            told = sorted(device.payloads("result/pi-8")[-2:])
            assert told == ["7 squared is 49\n", "hello ---- to you of 1"]
            tell(f"two answers {time.monotonic() - began:.2f} s after they were asked; killed before: {killed}")


def named(stack: Stack, name: str) -> str:
    """Return the password of a device that `make mqtt-user` made, once the broker knows it."""
    told = run("sh", "stack/mqtt_user.sh", name, patience=60, environment=stack.environment)
    password = re.search(r"^password  (\S+)$", told, flags=re.MULTILINE)
    assert password is not None
    broker = Published(int(stack.environment["MQTT_PORT"]))
    wait_until(lambda: lets_in(broker, name, password[1]), "the new user")
    return password[1]


def lets_in(broker: Published, user: str, password: str) -> bool:
    with Client(broker, user, password=password) as client:
        return client.refused is None


def test_no_secret_is_in_an_environment_a_label_or_a_log(stack: Stack) -> None:
    secrets = {path.name: path.read_text().strip() for path in stack.secrets_dir.iterdir()}
    password = secrets["redis_url"].split(":")[2].split("@")[0]
    wanted = {secrets[name] for name in secrets if name.endswith(".jwt")} | {password, secrets["redis_url"]}
    wanted |= {secrets["mqtt_gateway_password"], secrets["home-assistant.password"]}
    for service in SERVICES:
        name = stack.container(service)
        log = subprocess.run(["docker", "logs", name], capture_output=True, timeout=30, check=True)
        told = docker("inspect", name) + (log.stdout + log.stderr).decode(errors="replace")
        assert not [secret for secret in wanted if secret in told], service


def test_every_role_ends_by_itself_when_it_is_asked_to(stack: Stack) -> None:
    for service in reversed(SERVICES):
        began = time.monotonic()
        docker("stop", "--time", "10", stack.container(service))
        state = inspect(stack.container(service))["State"]
        tell(f"{service} ended after {time.monotonic() - began:.1f} s with {state['ExitCode']}")
        assert state["ExitCode"] == 0, f"{service} had to be killed or failed"


def test_up_again_keeps_what_was_stored_and_down_leaves_nothing(stack: Stack) -> None:
    stack.up()
    assert stack.sightings(), "a stop and a start lose nothing"
    stack.compose("--profile", "*", "down", "--remove-orphans", "--timeout", "10")
    assert stack.leftovers().keys() == {"volumes"}, "the data stays"
    stack.compose("--profile", "*", "down", "--volumes")
    assert stack.leftovers() == {}
