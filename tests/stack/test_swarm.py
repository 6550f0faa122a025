"""The stack on a swarm of three nodes: deployed, nodes killed and drained under load, a broken image rolled back."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.engine import run, tell
from tests.stack.swarm import LABELS, LOAD_CAMERAS, MANAGER, STACK, Load, Swarm, three_nodes, wait_for

GO_ON_SECONDS = 90.0
"""A bound, not the figure: that one is printed."""


@pytest.fixture(scope="module")
def swarm(images: dict[str, str], secrets_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    if os.geteuid() != 0:
        # Network namespaces cannot be made without it; CI is root.
        pytest.skip("a swarm of three nodes needs root")
    with three_nodes(tmp_path_factory.mktemp("nodes"), secrets_dir) as swarm:
        edge = [images[role] for role in ("demo_camera", "cloudlet", "face_worker", "demo_phone")]
        swarm.bring(1, images["redis"], images["broker"], images["pi_receiver"], *edge)
        for node in (2, 3):
            swarm.bring(node, images["orchestrator"], images["mqtt_gateway"], *edge)
        yield swarm


def test_a_deploy_brings_every_service_up_and_the_first_sighting(swarm: Swarm) -> None:
    began = time.monotonic()
    swarm.deploy()
    wait_for(swarm.is_whole, "every service to run", 120)
    tell(f"all services run after {time.monotonic() - began:.1f} s")
    wait_for(lambda: swarm.cameras_online() == 2, "both cameras online", 60)
    assert swarm.running("redis") == [1]
    assert set(swarm.running("orchestrator")) <= {2, 3}
    assert "Sought person" in swarm.open_case()
    tell(f"first sighting {wait_for(swarm.sightings, 'a sighting', 120):.1f} s after the case was opened")


def test_swarms_containers_are_as_closed_as_composes(swarm: Swarm) -> None:
    for service in (
        "redis",
        "orchestrator",
        "camera-1",
        "cloudlet",
        "face_worker",
        "phone",
        "broker",
        "mqtt_gateway",
        "pi_receiver",
    ):
        node = swarm.running(service)[0]
        container = swarm.docker(node, "ps", "--quiet", "--filter", f"name={STACK}_{service}").split()[0]
        told = json.loads(swarm.docker(node, "inspect", container))[0]
        assert told["Config"]["User"] == "10001:10001", service
        assert told["HostConfig"]["ReadonlyRootfs"], service
        assert told["HostConfig"]["CapDrop"] == ["ALL"], service
        assert told["HostConfig"]["Memory"] > 0, service
        assert told["HostConfig"]["PidsLimit"] > 0, service
        assert told["HostConfig"]["Init"], service


def sought(swarm: Swarm) -> int:
    """Return the object id of the case that the first test opened."""
    told = swarm.ask("/api/objects")
    assert told is not None
    return max(int(known["objectId"]) for known in told["data"])


def lost(swarm: Swarm, load: Load) -> set[str]:
    """Return what was acknowledged to the load's client and is not stored."""
    acknowledged = set(load.acknowledged)
    wait_for(lambda: swarm.ask("/api/sightings?limit=1") is not None, "the console", GO_ON_SECONDS)
    return acknowledged - swarm.sightings().keys()


def bring_back(swarm: Swarm, node: int) -> None:
    swarm.script("start", str(node))
    wait_for(lambda: "Ready" in swarm.docker(MANAGER, "node", "ls", "--filter", f"name=slnode{node}"), "it back", 60)


def test_a_killed_edge_nodes_camera_runs_elsewhere_and_sightings_go_on(swarm: Swarm) -> None:
    victim = 5 - swarm.running("orchestrator")[0]  # the other one of 2 and 3
    with swarm.load(sought(swarm)) as load:
        killed = time.monotonic()
        swarm.script("kill", str(victim))
        wait_for(
            lambda: (
                swarm.is_whole()
                and victim not in [*swarm.running("camera-1"), *swarm.running("camera-2")]
                and swarm.cameras_online() == 2 + LOAD_CAMERAS
            ),
            "every service to run without the killed node",
            GO_ON_SECONDS,
        )
        whole = time.monotonic()
        pause = load.longest_pause(since=killed, until=whole)
        wait_for(lambda: load.count_since(whole), "sightings to go on", GO_ON_SECONDS)
        missing = lost(swarm, load)
    tell(
        f"edge node killed under load: its camera tells elsewhere after {whole - killed:.1f} s, sightings paused "
        f"{pause:.1f} s at most; {len(load.acknowledged)} acknowledged, {len(missing)} lost"
    )
    assert not missing
    bring_back(swarm, victim)


def test_the_orchestrators_node_is_killed_and_no_acknowledged_sighting_is_lost(swarm: Swarm) -> None:
    victim = swarm.running("orchestrator")[0]
    with swarm.load(sought(swarm)) as load:
        wait_for(lambda: swarm.cameras_online() == 2 + LOAD_CAMERAS, "every camera online", 60)
        killed = time.monotonic()
        swarm.script("kill", str(victim))
        wait_for(lambda: load.count_since(killed + 1.0), "sightings to go on", GO_ON_SECONDS)
        went_on = min(at for at in load.acknowledged.values() if at > killed + 1.0) - killed
        wait_for(lambda: swarm.cameras_online() == 2 + LOAD_CAMERAS, "every camera to tell again", GO_ON_SECONDS)
        every = time.monotonic() - killed
        missing = lost(swarm, load)
    tell(
        f"orchestrator's node killed under load: sightings go on after {went_on:.1f} s, every camera tells after "
        f"{every:.1f} s; {len(load.acknowledged)} acknowledged, {len(missing)} lost"
    )
    assert not missing
    assert victim not in swarm.running("orchestrator")
    bring_back(swarm, victim)


def test_a_drained_node_is_left_by_every_service_and_sightings_go_on(swarm: Swarm) -> None:
    node = swarm.running("orchestrator")[0]
    with swarm.load(sought(swarm)) as load:
        began = time.monotonic()
        swarm.docker(MANAGER, "node", "update", "--availability", "drain", f"slnode{node}")
        wait_for(
            lambda: (
                swarm.is_whole()
                and swarm.cameras_online() == 2 + LOAD_CAMERAS
                and not any(node in swarm.running(service) for service in ("orchestrator", "camera-1", "camera-2"))
            ),
            "every service to leave the node",
            GO_ON_SECONDS,
        )
        left = time.monotonic()
        wait_for(lambda: load.count_since(left), "sightings to go on", GO_ON_SECONDS)
        missing = lost(swarm, load)
    pause = load.longest_pause(since=began, until=left)
    tell(
        f"drained under load after {left - began:.1f} s, sightings paused {pause:.1f} s at most; "
        f"{len(load.acknowledged)} acknowledged, {len(missing)} lost"
    )
    assert not missing
    swarm.docker(MANAGER, "node", "update", "--availability", "active", f"slnode{node}")


def test_a_broken_image_is_rolled_back_by_itself_and_the_console_stays_up(
    swarm: Swarm, images: dict[str, str], tmp_path: Path
) -> None:
    broken = tmp_path / "Dockerfile"
    broken.write_text(
        f'FROM {images["orchestrator"]}\nENTRYPOINT ["/usr/bin/python3", "-c", "raise SystemExit(1)"]\n',
        encoding="utf-8",
    )
    name = f"searchlight/orchestrator:broken-{os.getpid()}"
    run("docker", "buildx", "build", "--quiet", "--tag", name, "--file", str(broken), str(tmp_path), patience=120)
    for node in (node for node, labels in LABELS.items() if "core" in labels):
        swarm.bring(node, name)
    # The nodes of the tests before have just come back: what is measured here is the update alone.
    wait_for(lambda: all(swarm.ask("/readyz") is not None for _ in range(5)), "a console that is steady", GO_ON_SECONDS)
    wait_for(swarm.is_whole, "every service to run", GO_ON_SECONDS)
    answered: list[bool] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            answered.append(swarm.ask("/api/cameras") is not None)
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        swarm.docker(
            MANAGER, "service", "update", "--detach", "--no-resolve-image", "--image", name, f"{STACK}_orchestrator"
        )
        took = wait_for(lambda: swarm.update_state("orchestrator") == "rollback_completed", "the rollback", 120)
    finally:
        done.set()
        watcher.join(timeout=30)
        run("docker", "rmi", "--force", name)
    tell(f"rolled back after {took:.1f} s; the console answered {sum(answered)} of {len(answered)} questions meanwhile")
    assert all(answered), "the console was away"
    assert swarm.is_whole()
    form = "{{.Spec.TaskTemplate.ContainerSpec.Image}}"
    assert (
        swarm.docker(MANAGER, "service", "inspect", f"{STACK}_orchestrator", "--format", form).strip()
        == images["orchestrator"]
    )
