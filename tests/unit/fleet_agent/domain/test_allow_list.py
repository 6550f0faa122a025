"""From a command to a container: what the list names, and what it keeps out."""

from dataclasses import replace

import pytest

from backbone.errors import BadInput, NotAllowed
from backbone.wire.fleet_values import KindView
from fleet_agent.domain.allow_list import AllowList
from fleet_agent.domain.kind import Kind
from tests.unit.fleet_agent.conftest import CAMERA, DEVICES, NODE, WORKER, start


def test_the_offer_names_what_is_plugged_in_and_what_may_be_asked_for(allow_list):
    assert allow_list.offer({"/dev/video1": 44, "/dev/sda": 6}) == [
        KindView(kind="camera", devices=["/dev/video1"], sources=[*CAMERA.sources, "named:gate"]),
        KindView(kind="worker", devices=[], sources=[]),
    ]


def test_a_camera_on_a_device_gets_that_device_and_the_group_that_may_open_it(allow_list):
    spec = allow_list.spec(start(device="/dev/video0"), DEVICES)
    assert (spec.device, spec.device_group, spec.source) == ("/dev/video0", 44, None)
    assert spec.environment == {"SOURCE": "/dev/video0", "JWT_FILE": "/run/secrets/jwt", "WHERE": "on pi-3"}
    assert spec.command == ("--camera-id", "gate")
    assert (spec.image, spec.user, spec.memory_bytes) == ("searchlight/camera:1", 10001, 64 * 1024 * 1024)


def test_the_group_root_is_never_given(allow_list):
    assert allow_list.spec(start(device="/dev/video2"), DEVICES).device_group is None


def test_a_camera_on_a_source_gets_no_device(allow_list):
    spec = allow_list.spec(start(source="rtsp://10.0.0.7/1?token=hunter2"), DEVICES)
    assert (spec.device, spec.device_group) == (None, None)
    assert spec.environment["SOURCE"] == "rtsp://10.0.0.7/1?token=hunter2"
    assert spec.source == "rtsp://10.0.0.7/1"


def test_a_named_source_comes_as_a_file_and_its_login_passes_nobody(allow_list):
    spec = allow_list.spec(start(source="named:gate"), DEVICES)
    assert "SOURCE" not in spec.environment
    assert spec.environment["SOURCE_FILE"] == "/run/secrets/source"
    assert spec.mounts == {"/run/secrets/jwt": "/etc/searchlight/jwt", "/run/secrets/source": "/etc/searchlight/gate"}


def test_what_is_filled_in_is_not_filled_in_again(allow_list):
    spec = allow_list.spec(start(source="rtsp://10.0.0.7/{name}{node}"), DEVICES)
    assert spec.environment["SOURCE"] == "rtsp://10.0.0.7/{name}{node}"


def test_a_kind_without_places_is_started_without_one(allow_list):
    assert allow_list.spec(start("w1", "worker"), DEVICES).image == WORKER.image
    with pytest.raises(BadInput, match="neither a device nor a source"):
        allow_list.spec(start("w1", "worker", device="/dev/video0"), DEVICES)


@pytest.mark.parametrize("place", [{}, {"device": "/dev/video0", "source": "test:"}])
def test_a_camera_needs_exactly_one_place(allow_list, place):
    with pytest.raises(BadInput, match="either a device or a source"):
        allow_list.spec(start(**place), DEVICES)


@pytest.mark.parametrize(
    "place",
    [
        {"device": "/dev/sda"},
        {"device": "/dev/video0/../sda"},
        {"device": "/dev/../dev/video0"},
        {"device": "/dev/video0:/dev/sda"},
        {"device": "/dev/video0 "},
        {"device": "/dev/video0\n"},
        {"device": "/etc/video0"},
        {"device": "video0"},
        {"device": "/dev//video0"},
        pytest.param({"device": "/dev/video" + "0" * 100_000}, id="huge"),
        {"source": "rtsp://10.0.1.7/1"},
        {"source": "file:/etc/passwd"},
        {"source": "file:/footage/../etc/passwd.mp4"},
        {"source": "named:other"},
        {"source": "named:../etc/passwd"},
        {"source": "named:"},
        {"source": "/dev/video0"},
    ],
)
def test_a_place_that_the_list_does_not_name_is_refused_in_few_words(allow_list, place):
    with pytest.raises(NotAllowed, match=r"expected .*, got ") as refused:
        allow_list.spec(start(**place), DEVICES)
    assert refused.value.code == "not_listed"
    assert len(refused.value.message) < 500


def test_a_listed_device_that_is_not_plugged_in_is_told_apart(allow_list):
    with pytest.raises(BadInput, match="plugged in") as refused:
        allow_list.spec(start(device="/dev/video9"), DEVICES)
    assert refused.value.code == "no_device"


def test_an_unknown_kind_is_refused(allow_list):
    with pytest.raises(NotAllowed, match="one of camera, worker"):
        allow_list.spec(start(kind="miner", source="test:"), DEVICES)


@pytest.mark.parametrize(
    "name",
    [
        *["", "-v", "--privileged", "a b", "a/b", "../x", "a.b", "a\n", "ä", "$(id)", "{node}", "a" * 64],
        pytest.param("a" * 100_000, id="huge"),
    ],
)
def test_a_name_that_could_be_an_option_or_a_path_is_refused(allow_list, name):
    with pytest.raises(BadInput, match="name: expected a plain name"):
        allow_list.spec(start(name, source="test:"), DEVICES)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"image": "searchlight/camera"}, "image"),
        ({"image": "--privileged:1"}, "image"),
        ({"image": "a b:1"}, "image"),
        ({"network": "host"}, "network"),
        ({"network": "bridge"}, "network"),
        ({"network": "container:redis"}, "network"),
        ({"user": 0}, "user"),
        ({"memory_mb": 1}, "memory_mb"),
        ({"pids": 0}, "pids"),
        ({"cpus": float("nan")}, "cpus"),
        ({"cpus": float("inf")}, "cpus"),
        ({"restarts": 1_000}, "restarts"),
        ({"environment": {"a-b": "1"}}, "environment"),
        ({"environment": {"A": "{secret}"}}, "name"),
        ({"command": ("{0.__class__}",)}, "name"),
        ({"command": ("{source}",)}, "named_sources"),
        ({"devices": ("/dev/../etc/*",)}, "devices"),
        ({"devices": ("/etc/*",)}, "devices"),
        ({"devices": ("*",)}, "devices"),
        ({"devices": ("/dev",)}, "devices"),
        ({"sources": ("everything",)}, "sources"),
        ({"sources": ("test:",) * 100}, "at most"),
        ({"mounts": {"/x": "/var/run/docker.sock"}}, "mounts"),
        ({"mounts": {"/x": "/run/docker.sock"}}, "mounts"),
        ({"mounts": {"/x": "/var"}}, "mounts"),
        ({"mounts": {"/x": "/"}}, "mounts"),
        ({"mounts": {"/x": "/etc/../var/run"}}, "mounts"),
        ({"mounts": {"/x": "/proc/1/root"}}, "mounts"),
        ({"mounts": {"relative": "/etc/x"}}, "mounts"),
        ({"named_sources": {"gate": "/run/docker.sock"}}, "mounts"),
        ({"named_sources": {"a/b": "/etc/x"}}, "named_sources"),
    ],
)
def test_a_list_that_gives_away_the_machine_is_refused_when_it_is_read(changed, told):
    with pytest.raises(BadInput, match=told):
        replace(CAMERA, **changed)


def test_a_list_of_nothing_or_with_strange_names_is_refused():
    with pytest.raises(BadInput, match="kinds"):
        AllowList(NODE, {})
    with pytest.raises(BadInput, match="kinds"):
        AllowList(NODE, {"--x": Kind(image="a:1", network="none")})
