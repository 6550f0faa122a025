"""What a node tells of itself, and what it does when its engine was away."""

from pathlib import Path

import pytest

from fleet_agent.container_engine import ContainerEngine
from fleet_agent.device_folder import MAX_DEVICES, DeviceFolder
from fleet_agent.machine import Machine, this_machine
from fleet_agent.node_watch import NodeWatch
from tests.unit.fleet_agent.conftest import NODE, start

MACHINE = Machine(architecture="arm64", cores=4, memory_bytes=4_000_000_000)


@pytest.fixture
async def bench(fake_engine, allow_list, metrics, tmp_path):
    told = []
    engine = ContainerEngine(fake_engine.url, node=NODE)
    folder = DeviceFolder(tmp_path / "dev")
    watch = NodeWatch(
        NODE,
        allow_list=allow_list,
        container_engine=engine,
        machine=MACHINE,
        folder=folder,
        metrics=metrics,
        tell=told.append,
    )
    watch.told, watch.engine = told, engine
    yield watch
    await engine.stop()


async def test_a_look_tells_machine_devices_offer_and_containers(bench, allow_list):
    await bench.engine.create(allow_list.spec(start(source="test:"), {}))
    await bench.look()
    (node,) = bench.told
    assert (node.node_id, node.architecture, node.cores, node.memory_bytes) == (NODE, "arm64", 4, 4_000_000_000)
    assert (node.devices, [kind.kind for kind in node.kinds], node.fault) == ([], ["camera", "worker"], None)
    assert [(one.name, one.kind, one.state, one.source) for one in node.containers] == [
        ("gate", "camera", "running", "test:")
    ]
    assert bench.container_engine_state().ok


async def test_before_the_first_look_the_engine_counts_as_away(bench):
    assert (bench.container_engine_state().ok, bench.node().fault) == (False, "not asked yet")


async def test_an_engine_that_is_away_is_told_with_the_last_that_is_known(bench, allow_list, fake_engine):
    await bench.engine.create(allow_list.spec(start(source="test:"), {}))
    await bench.look()
    fake_engine.stop()
    await bench.look()
    assert "expected an engine" in bench.told[-1].fault
    assert [one.name for one in bench.told[-1].containers] == ["gate"]
    assert not bench.container_engine_state().ok
    fake_engine.start()
    await bench.look()
    assert bench.told[-1].fault is None


async def test_what_an_engine_did_not_start_again_after_its_own_restart_is_resumed_once(bench, allow_list, fake_engine):
    await bench.engine.create(allow_list.spec(start(source="test:"), {}))
    await bench.look()
    fake_engine.stop()
    await bench.look()
    fake_engine.end_all()
    fake_engine.start()
    await bench.look()
    assert bench.told[-1].containers[0].state == "running"
    fake_engine.end_all()
    await bench.look()
    assert bench.told[-1].containers[0].state == "exited"


async def test_what_cannot_be_resumed_is_shown_as_it_is(bench, allow_list, fake_engine):
    await bench.engine.create(allow_list.spec(start(source="test:"), {}))
    fake_engine.end_all()
    fake_engine.broken_start = "no such device"
    await bench.look()
    assert bench.told[-1].containers[0].state == "exited"


def test_only_character_devices_that_a_rule_names_are_plugged_in(tmp_path):
    (tmp_path / "video0").symlink_to("/dev/null")
    (tmp_path / "video1").write_text("no device")
    (tmp_path / "video2").symlink_to("/no/such")
    (tmp_path / "sda").symlink_to("/dev/null")
    (tmp_path / "snd").mkdir()
    (tmp_path / "snd" / "pcm0").symlink_to("/dev/zero")
    group = Path("/dev/null").stat().st_gid
    assert DeviceFolder(tmp_path).plugged_in(["/dev/video*"]) == {"/dev/video0": group}
    assert set(DeviceFolder(tmp_path).plugged_in(["/dev/snd/pcm*", "/dev/video*"])) == {"/dev/video0", "/dev/snd/pcm0"}
    assert DeviceFolder(tmp_path / "none").plugged_in(["/dev/video*"]) == {}


def test_a_machine_with_very_many_devices_shows_a_bounded_number(tmp_path):
    for number in range(MAX_DEVICES + 20):
        (tmp_path / f"video{number}").symlink_to("/dev/null")
    assert len(DeviceFolder(tmp_path).plugged_in(["/dev/video*", "/dev/v*"])) == MAX_DEVICES


def test_this_machine_is_told_by_the_names_that_images_use():
    machine = this_machine()
    assert machine.architecture in {"amd64", "arm64"}
    assert machine.cores >= 1
    assert machine.memory_bytes > 100_000_000
    assert machine.load() >= 0
