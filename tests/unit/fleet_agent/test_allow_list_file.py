"""The list's file: TOML, checked as a whole before the agent begins."""

import json

import pytest

from backbone.errors import BadInput
from fleet_agent.allow_list_file import MAX_BYTES, read_allow_list

GOOD = """
[kinds.camera]
image = "searchlight/camera_processor:0.1.0"
network = "searchlight_internal"
environment = { CAMERA_ID = "{name}", SOURCE = "{source}" }
devices = ["/dev/video*"]
sources = ["rtsp://10.0.0.0/24", "test:"]
cpus = 2
"""


@pytest.fixture
def read(tmp_path):
    def written(text: str | bytes):
        path = tmp_path / "list.toml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_allow_list(path, node="pi-3")

    return written


def test_a_kind_is_a_table(read):
    camera = read(GOOD).kinds["camera"]
    assert (camera.image, camera.devices, camera.cpus) == ("searchlight/camera_processor:0.1.0", ("/dev/video*",), 2.0)
    assert camera.environment == {"CAMERA_ID": "{name}", "SOURCE": "{source}"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "kinds"),
        ("[kinds]", "kinds"),
        ("kinds = 7", "kinds"),
        ("[kinds]\ncamera = 7", r"kinds\.camera"),
        (GOOD + "[other]", "other"),
        (GOOD + "privileged = true", "privileged"),
        (GOOD.replace('"searchlight_internal"', "7"), r"kinds\.camera.*network"),
        (GOOD.replace('network = "searchlight_internal"', ""), "network"),
        (GOOD.replace("searchlight_internal", "host"), r"kinds\.camera.*network"),
        (GOOD.replace("cpus = 2", "cpus = nan"), "cpus"),
        (GOOD.replace("cpus = 2", "user = true"), "user"),
        ("[kinds.camera", "TOML"),
        (b"\xff\xfe", "TOML"),
        pytest.param("#" * (MAX_BYTES + 1), "at most", id="huge"),
    ],
)
def test_a_fault_is_named(read, text, told):
    with pytest.raises(BadInput, match=told):
        read(text)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInput, match="readable"):
        read_allow_list(tmp_path / "none.toml", node="pi-3")


def test_a_profile_lies_beside_the_list_and_refuses_by_default(read, tmp_path):
    profile = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}
    (tmp_path / "own.json").write_text(json.dumps(profile))
    camera = read(GOOD + 'seccomp_profile = "own.json"').kinds["camera"]
    assert json.loads(camera.seccomp_profile) == profile
    assert read(GOOD).kinds["camera"].seccomp_profile == ""
    (tmp_path / "open.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    (tmp_path / "broken.json").write_text("{")
    for name in ("open.json", "broken.json", "missing.json", "../own.json", "/etc/own.json", "unconfined"):
        with pytest.raises(BadInput, match=r"kinds\.camera.*seccomp_profile"):
            read(GOOD + f'seccomp_profile = "{name}"')
