"""The adapter against a real engine where one answers, and against a fake one on a real socket for what breaks."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import docker
import pytest

from backbone.errors import Conflict, SearchlightError, Unavailable
from fleet_agent import container_engine as engine_module
from fleet_agent.container_engine import ContainerEngine
from fleet_agent.domain.container_spec import ContainerSpec
from fleet_agent.domain.inventory import Container
from tests.fakes.tiny_image import make_tiny_image, real_engine
from tests.unit.fleet_agent.conftest import DEVICES, NODE, start

DIRECT = real_engine()
# An engine needs root to be installed; `make engine` and CI do it, and there these tests run.
needs_engine = pytest.mark.skipif(DIRECT is None, reason="no container engine answers on the default socket")
MEGABYTE = 1024 * 1024


@pytest.fixture
async def engine(fake_engine):
    made = ContainerEngine(fake_engine.url, node=NODE)
    yield made
    await made.stop()


@pytest.fixture
def spec(allow_list) -> ContainerSpec:
    return allow_list.spec(start("gate", device="/dev/video0"), DEVICES)


async def test_a_container_is_held_to_its_limits_and_gets_nothing_unasked(engine, fake_engine, spec):
    await engine.create(spec)
    made = fake_engine.named("searchlight.pi-3.gate")
    asked, host = made["Asked"], made["Asked"]["HostConfig"]
    assert (asked["Image"], asked["User"], asked["Cmd"]) == ("searchlight/camera:1", "10001", ["--camera-id", "gate"])
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["SecurityOpt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (64 * MEGABYTE, 64 * MEGABYTE, 128)
    assert (host["NanoCpus"], host["NetworkMode"], host["Init"]) == (10**9, "none", True)
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 5}
    assert [device["PathOnHost"] for device in host["Devices"]] == ["/dev/video0"]
    assert (host["Devices"][0]["CgroupPermissions"], host["GroupAdd"]) == ("rw", ["44"])
    mount = {"Target": "/run/secrets/jwt", "Source": "/etc/searchlight/jwt", "Type": "bind", "ReadOnly": True}
    assert host["Mounts"] == [mount]
    assert not host.get("Privileged")
    assert not host.get("PortBindings")


async def test_only_what_makes_sandboxes_gets_a_profile_of_its_own_and_an_unmasked_proc(engine, fake_engine, spec):
    await engine.create(spec)
    host = fake_engine.named("searchlight.pi-3.gate")["Asked"]["HostConfig"]
    assert "MaskedPaths" not in host
    await engine.create(replace(spec, name="offload-1", seccomp_profile='{"defaultAction":"SCMP_ACT_ERRNO"}'))
    host = fake_engine.named("searchlight.pi-3.offload-1")["Asked"]["HostConfig"]
    profile = 'seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'
    assert host["SecurityOpt"] == ["no-new-privileges:true", profile, "apparmor=unconfined"]
    assert (host["MaskedPaths"], host["ReadonlyPaths"]) == ([], [])
    assert (host["CapDrop"], host["ReadonlyRootfs"]) == (["ALL"], True)
    assert not host.get("Privileged")


async def test_it_sees_its_own_containers_only(engine, fake_engine, spec):
    other = ContainerEngine(fake_engine.url, node="pi-4")
    await engine.create(spec)
    await other.create(spec)
    (mine,) = await engine.containers()
    assert mine == Container(mine.container_id, "gate", "camera", spec.digest, "running", 1.7e9, "/dev/video0", None)
    await engine.remove(mine)
    assert await engine.containers() == []
    assert len(await other.containers()) == 1
    await other.stop()


async def test_an_image_that_the_node_lacks_is_told(engine, fake_engine, spec):
    fake_engine.images.clear()
    with pytest.raises(Unavailable, match="No such image") as refused:
        await engine.create(spec)
    assert refused.value.code == "no_image"


async def test_what_cannot_start_leaves_nothing_behind(engine, fake_engine, spec):
    fake_engine.broken_start = "error gathering device information"
    with pytest.raises(Unavailable, match="device information"):
        await engine.create(spec)
    assert fake_engine.containers == {}


async def test_somebody_elses_container_of_that_name_is_a_conflict(engine, fake_engine, spec):
    await engine.create(spec)
    fake_engine.named("searchlight.pi-3.gate")["Labels"] = {}
    with pytest.raises(Conflict, match="already in use"):
        await engine.create(spec)


async def test_what_is_gone_already_is_removed(engine, spec):
    await engine.remove(Container("gone", "gate", "camera", "", "exited", 0.0))


async def test_an_engine_that_is_away_is_told_and_found_again(engine, fake_engine, spec):
    await engine.create(spec)
    fake_engine.stop()
    with pytest.raises(Unavailable, match="expected an engine at") as refused:
        await engine.containers()
    assert refused.value.code == "engine_away"
    fake_engine.start()
    assert [one.name for one in await engine.containers()] == ["gate"]


async def test_an_engine_that_hangs_holds_up_nobody_else(engine, fake_engine, monkeypatch):
    monkeypatch.setattr(engine_module, "SDK_SECONDS", 0.2)
    fake_engine.silent = True
    asked = asyncio.create_task(engine.containers())
    turns = 0
    while not asked.done():
        await asyncio.sleep(0.01)
        turns += 1
    fake_engine.silent = False
    assert turns > 5
    with pytest.raises(Unavailable):
        await asked


async def test_a_call_is_over_at_its_bound_whatever_the_thread_does(engine, fake_engine, monkeypatch):
    monkeypatch.setattr(engine_module, "CALL_SECONDS", 0.1)
    fake_engine.silent = True
    with pytest.raises(Unavailable, match=r"within 0\.1 s"):
        await engine.containers()
    fake_engine.silent = False


# Against the real engine.


@pytest.fixture
async def real(monkeypatch):
    """An agent's engine under a node's name of its own; what it started is gone afterwards."""
    monkeypatch.setattr(engine_module, "GRACE_SECONDS", 1)
    made = ContainerEngine(docker.constants.DEFAULT_UNIX_SOCKET.replace("http+", ""), node=f"test-{uuid4().hex[:8]}")
    make_tiny_image(DIRECT)
    yield made
    for container in await made.containers():
        await made.remove(container)
    await made.stop()


def tiny(*command: str, **changed) -> ContainerSpec:
    """Return a container of the tiny image."""
    made = ContainerSpec(
        name="gate",
        kind="camera",
        image="searchlight-test/tiny:1",
        command=command or ("/bin/sh", "-c", "exec sleep 600"),
        environment={"CAMERA_ID": "gate"},
        mounts={},
        network="none",
        user=10001,
        memory_bytes=32 * MEGABYTE,
        tmpfs_bytes=MEGABYTE,
        pids=16,
        cpus=0.5,
        restarts=0,
    )
    return replace(made, **changed)


async def only(engine: ContainerEngine) -> Container:
    (container,) = await engine.containers()
    return container


@needs_engine
async def test_a_real_container_runs_is_listed_and_ends(real):
    await real.create(tiny())
    made = await only(real)
    assert (made.name, made.kind, made.state, made.digest) == ("gate", "camera", "running", tiny().digest)
    told = DIRECT.inspect_container(made.container_id)
    assert (told["HostConfig"]["Privileged"], told["HostConfig"]["ReadonlyRootfs"]) == (False, True)
    await real.remove(made)
    assert await real.containers() == []


@needs_engine
async def test_a_real_container_cannot_write_beyond_tmp_and_is_nobody(real):
    tries = "exec 2>&1; id -u; touch /tmp/ok && echo tmp; touch /etc/x || echo kept out; cat /proc/self/status; env"
    await real.create(tiny("/bin/sh", "-c", tries, restarts=0))
    made = await only(real)
    DIRECT.wait(made.container_id, timeout=60)
    said = DIRECT.logs(made.container_id).decode()
    assert "10001\ntmp\n" in said
    assert "kept out" in said
    assert "CapEff:\t0000000000000000" in said
    assert "CapBnd:\t0000000000000000" in said
    assert "NoNewPrivs:\t1" in said
    assert "CAMERA_ID=gate" in said
    assert "PROXY" not in said.upper()


@needs_engine
async def test_a_real_container_that_has_ended_is_started_again(real):
    await real.create(tiny())
    DIRECT.kill((await only(real)).container_id)
    await until_state(real, "exited")
    await real.start_again(await only(real))
    assert (await only(real)).state == "running"


@needs_engine
async def test_the_real_engine_starts_a_failed_container_a_bounded_number_of_times(real):
    await real.create(tiny("/bin/sh", "-c", "exit 3", restarts=2))
    container_id = (await only(real)).container_id
    await until_state(real, "exited")
    assert DIRECT.inspect_container(container_id)["RestartCount"] == 2


@needs_engine
async def test_a_real_device_is_handed_in_and_no_other(real):
    script = "test -c /dev/loop-control && echo in; test -e /dev/fuse || echo out"
    await real.create(tiny("/bin/sh", "-c", script, device="/dev/loop-control", device_group=44))
    made = await only(real)
    DIRECT.wait(made.container_id, timeout=60)
    assert DIRECT.logs(made.container_id).decode() == "in\nout\n"
    host = DIRECT.inspect_container(made.container_id)["HostConfig"]
    assert (host["GroupAdd"], host["Devices"][0]["CgroupPermissions"]) == (["44"], "rw")


@needs_engine
async def test_a_secret_is_mounted_read_only_and_stands_in_no_environment(real, tmp_path):
    (tmp_path / "jwt").write_text("canary")
    command = ("/bin/sh", "-c", "cat /run/secrets/jwt; touch /run/secrets/jwt 2>/dev/null || echo kept out")
    await real.create(tiny(*command, mounts={"/run/secrets/jwt": str(tmp_path / "jwt")}))
    made = await only(real)
    DIRECT.wait(made.container_id, timeout=60)
    assert "canarykept out" in DIRECT.logs(made.container_id).decode()
    assert "canary" not in str(DIRECT.inspect_container(made.container_id))


@needs_engine
@pytest.mark.parametrize(
    "changed",
    [
        {"image": "searchlight-test/none:1"},
        {"network": "no-such-network"},
        {"device": "/dev/video99"},
        {"mounts": {"/run/secrets/x": "/no/such/file"}},
    ],
)
async def test_what_the_real_engine_refuses_is_told_and_leaves_nothing_behind(real, changed):
    with pytest.raises(SearchlightError, match=r"expected .*, got: "):
        await real.create(tiny(**changed))
    assert await real.containers() == []


@needs_engine
async def test_a_real_container_that_will_not_end_is_ended(real):
    await real.create(tiny("/bin/sh", "-c", "trap '' TERM; while true; do sleep 1; done"))
    await real.remove(await only(real))
    assert await real.containers() == []


async def until_state(engine: ContainerEngine, state: str) -> None:
    seen: list[str] = []

    async def look() -> None:
        while not seen or seen[-1] != state:
            seen.append((await only(engine)).state)
            await asyncio.sleep(0.05)

    await asyncio.wait_for(look(), 40)
