"""The fleet agent in its container: it joins, starts a hardened sibling from its list, and stops it again."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.processes import wait_until
from tests.stack.engine import docker, inspect
from tests.stack.stack import Stack, running_stack

PROJECT = f"searchlight-fleet-{os.getpid()}"


@pytest.fixture(scope="module")
def stack(secrets_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    node = tmp_path_factory.mktemp("node")
    for theirs, ours in (
        ("fleet-node.jwt", "fleet.jwt"),
        ("camera.jwt", "camera.jwt"),
        ("public_key.pem",) * 2,
        ("redis_url",) * 2,
    ):
        shutil.copy(secrets_dir / theirs, node / ours)
    sample = Path("stack/fleet_allow_list.toml").read_text(encoding="utf-8")
    own = sample.replace('"searchlight_', f'"{PROJECT}_').replace("/etc/searchlight", str(node))
    shutil.copy("stack/seccomp-offload.json", node)
    (node / "fleet_allow_list.toml").write_text(own, encoding="utf-8")
    node.chmod(0o755)
    with running_stack(
        secrets_dir, COMPOSE_PROJECT_NAME=PROJECT, COMPOSE_PROFILES="fleet", FLEET_DIR=str(node)
    ) as running:
        yield running


def test_the_agent_joins_and_tells_what_its_node_is(stack: Stack) -> None:
    wait_until(lambda: [node["state"] for node in stack.ask("/api/fleet")] == ["online"], "the node to be online")
    assert [kind["kind"] for kind in stack.ask("/api/fleet")[0]["kinds"]] == ["camera", "offload_worker"]


def test_it_holds_the_socket_without_being_root(stack: Stack) -> None:
    told = inspect(stack.container("fleet_agent"))
    assert told["Config"]["User"].startswith("10001:")
    assert not told["HostConfig"]["Privileged"]
    assert told["HostConfig"]["ReadonlyRootfs"]
    assert told["HostConfig"]["CapDrop"] == ["ALL"]


def test_a_camera_is_started_on_command_and_stopped_again(stack: Stack) -> None:
    containers = f"{stack.url}/api/fleet/node/containers"
    order = {"kind": "camera", "name": "camera", "source": "test:"}
    started = requests.post(containers, json=order, headers=stack.headers, timeout=30)
    assert started.ok, started.text
    try:
        sibling = inspect("searchlight.node.camera")
        assert sibling["HostConfig"]["CapDrop"] == ["ALL"]
        assert sibling["HostConfig"]["ReadonlyRootfs"]
        assert sibling["Config"]["User"] == "10001"
        wait_until(
            lambda: [(one["cameraId"], one["state"]) for one in stack.ask("/api/cameras")] == [("camera", "online")],
            f"the camera to be online; {docker('logs', 'searchlight.node.camera')}",
        )
    finally:
        stopped = requests.delete(f"{containers}/camera", headers=stack.headers, timeout=30)
    assert stopped.json() == {"data": []}
    assert not docker("ps", "--all", "--quiet", "--filter", "name=searchlight.node.camera").strip()


def test_an_offload_worker_is_started_with_what_its_sandbox_needs_and_nothing_more(stack: Stack) -> None:
    containers = f"{stack.url}/api/fleet/node/containers"
    order = {"kind": "offload_worker", "name": "offload-1"}
    started = requests.post(containers, json=order, headers=stack.headers, timeout=30)
    assert started.ok, started.text
    try:
        host = inspect("searchlight.node.offload-1")["HostConfig"]
        assert host["CapDrop"] == ["ALL"]
        assert host["ReadonlyRootfs"]
        assert not host["Privileged"]
        assert [rule.partition("=")[0].partition(":")[0] for rule in host["SecurityOpt"]] == [
            "no-new-privileges",
            "seccomp",
            "apparmor",
        ]
        said = docker(
            "exec", "searchlight.node.offload-1", "/usr/bin/python3", "-m", "job_workers.sandbox.selftest", "--brief"
        )
        assert "bubblewrap holds" in said
    finally:
        stopped = requests.delete(f"{containers}/offload-1", headers=stack.headers, timeout=30)
    assert stopped.ok, stopped.text
