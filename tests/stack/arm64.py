"""Every image for both platforms, and the camera's at work on arm64. Minutes under emulation: `make test-arm64`."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.stack.conftest import ROLES
from tests.stack.engine import CA_BUNDLE, docker, first_bytes, platforms_of, run, tell

BOTH = "linux/amd64,linux/arm64"
VERSION = "0.1.0-both"
BUILD_SECONDS, EMULATED_SECONDS = 2400, 240


@pytest.fixture(scope="session")
def both(engine: str) -> dict[str, str]:
    """Every image for both platforms, under a tag of its own."""
    bundle = os.environ.get("EXTRA_CA_FILE") or (CA_BUNDLE if Path(CA_BUNDLE).exists() else "/dev/null")
    told = {"EXTRA_CA_FILE": bundle, "PROGRESS": "plain", "PLATFORMS": BOTH, "VERSION": VERSION}
    run("sh", "images/register_arm64.sh", patience=180)
    run("sh", "images/bake.sh", patience=BUILD_SECONDS, environment=told)
    return {role: f"searchlight/{role}:{VERSION}" for role in ROLES}


@pytest.mark.parametrize("role", ROLES)
def test_an_image_lists_both_platforms_and_holds_them(both: dict[str, str], role: str) -> None:
    assert platforms_of(both[role]) == {"linux/amd64", "linux/arm64"}


@pytest.mark.parametrize("role", ROLES)
def test_what_says_arm64_is_arm64(both: dict[str, str], role: str) -> None:
    program = {"redis": "/usr/bin/redis-server", "broker": "/usr/sbin/mosquitto"}.get(role, "/usr/bin/python3.11")
    head = first_bytes(both[role], program, 20, platform="linux/arm64")
    assert int.from_bytes(head[18:20], "little") == 183


def emulated(image: str, entrypoint: str, *arguments: str) -> str:
    """Run a program of an arm64 image; a run that takes too long is killed with its container."""
    name = f"searchlight-arm64-{os.getpid()}"
    hardened = ("--read-only", "--network", "none", "--cap-drop", "ALL", "--platform", "linux/arm64")
    try:
        command = ("run", "--rm", "--name", name, *hardened, "--entrypoint", entrypoint, image, *arguments)
        return docker(*command, patience=EMULATED_SECONDS)
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, timeout=30, check=False)


@pytest.mark.parametrize("detector", ["yunet", "hog"])
def test_the_arm64_camera_finds_and_encodes_a_face(both: dict[str, str], detector: str) -> None:
    program = (
        "import platform, time, cv2, numpy; from PIL import Image; from faces import load_engine;"
        "picture = numpy.asarray(Image.open('/sample/case/sought.jpg').convert('RGB').resize((240, 300)));"
        f"engine = load_engine('{detector}'); found = engine.detect(picture); began = time.monotonic();"
        "print(platform.machine(), len(found.boxes), engine.encode(picture, found).shape[1], time.monotonic() - began)"
    )
    machine, faces, width, seconds = emulated(both["demo_camera"], "/usr/bin/python3", "-c", program).split()
    assert (machine, faces, width) == ("aarch64", "1", "128")
    tell(f"one encoding by the engine of {detector} on emulated arm64: {float(seconds):.1f} s")


@pytest.mark.parametrize("role", ["orchestrator", "camera_processor"])
def test_an_arm64_role_starts(both: dict[str, str], role: str) -> None:
    module = "processor_orchestrator" if role == "orchestrator" else role
    assert "usage:" in emulated(both[role], "/usr/bin/python3", "-m", module, "--help")


def test_the_arm64_redis_starts(both: dict[str, str]) -> None:
    assert "Redis server v=" in emulated(both["redis"], "/usr/bin/redis-server", "--version")
