"""What the images hold, and above all what they do not."""

import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.stack.conftest import ROLES
from tests.stack.engine import blobs_of, docker, files_in, first_bytes, inspect, layers_of, platforms_of, run, tell

OURS = (
    "orchestrator",
    "camera_processor",
    "demo_camera",
    "cloudlet",
    "face_worker",
    "fleet_agent",
    "offload_worker",
    "mqtt_gateway",
    "pi_receiver",
)
USERS = {"offload_worker": "10002:10002"}
NEVER = re.compile(
    r"shape_predictor_68|(^|/)pip(/|-|$)|/setuptools(/|-)|/\.cache/pip|(^|/)perl|var/lib/apt/lists/.|\.git/|\.venv/"
    r"|(^|/)(issuer\.pem|redis_acl|redis_url|operator\.jwt|camera_source|[^/]*\.jwt|mqtt_passwords|mqtt_gateway_password|[^/]*\.password)$|(^|/)tests/stack"
)
NOT_IN_ORCHESTRATOR = re.compile(r"/(cv2|numpy|dlib|face_recognition_models|opencv[^/]*|drill|faces|camera_processor)/")
ELF_MACHINES = {"amd64": 62, "arm64": 183}
KNOWN_PLACES = {
    "LICENSE",
    "backbone",
    "camera_processor",
    "cloudlet",
    "drill",
    "edge_devices",
    "faces",
    "fleet_agent",
    "images",
    "job_workers",
    "mqtt_gateway",
    "pi_receiver",
    "stack",
    "webpage",
}


@pytest.fixture(scope="session")
def contents(images: dict[str, str]) -> dict[str, dict[str, int]]:
    return {role: files_in(image) for role, image in images.items()}


def test_every_image_is_within_its_size(images: dict[str, str]) -> None:
    tell(run("sh", "images/sizes.sh", patience=180))


@pytest.mark.parametrize("role", ROLES)
def test_an_image_says_truly_what_it_is(images: dict[str, str], role: str) -> None:
    config = inspect(images[role])["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels.keys() == {"title", "description", "version", "revision", "licenses"}
    assert labels["version"] == "0.1.0"
    head = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, timeout=10, check=False, cwd=ROOT
    )
    assert labels["revision"] == (head.stdout.strip() or "unknown")
    assert labels["title"].startswith("Searchlight ")


@pytest.mark.parametrize("role", ROLES)
def test_an_image_runs_without_root_a_shell_or_a_question_to_others(images: dict[str, str], role: str) -> None:
    config = inspect(images[role])["Config"]
    assert config["User"] == USERS.get(role, "10001:10001")
    if role == "broker":
        # Its script looks at the database, and then becomes the broker.
        assert config["Entrypoint"] == ["/bin/sh", "/etc/searchlight/mosquitto/start.sh"]
    else:
        assert config["Entrypoint"][0].startswith("/usr/bin/")
        assert config["Entrypoint"][0] not in ("/bin/sh", "/usr/bin/sh")
    assert config["Healthcheck"]["Test"][0] == "CMD", "a health check in exec form needs no shell"
    assert "127.0.0.1" in " ".join(config["Healthcheck"]["Test"]) or role in ("redis", "broker", "demo_phone")
    assert not [name for name in config["Env"] if re.search("PASSWORD|TOKEN|SECRET|JWT|KEY=", name)]


@pytest.mark.parametrize("role", ROLES)
def test_the_architecture_of_an_image_is_that_of_its_programs(images: dict[str, str], role: str) -> None:
    told = inspect(images[role])["Architecture"]
    program = {"redis": "/usr/bin/redis-server", "broker": "/usr/sbin/mosquitto"}.get(role, "/usr/bin/python3.11")
    head = first_bytes(images[role], program, 20)
    assert head[:4] == b"\x7fELF"
    assert int.from_bytes(head[18:20], "little") == ELF_MACHINES[told]
    assert f"linux/{told}" in platforms_of(images[role])


@pytest.mark.parametrize("role", ROLES)
def test_no_layer_holds_what_must_not_ship(images: dict[str, str], role: str) -> None:
    layers = 0
    for layer in layers_of(images[role]):
        layers += 1
        found = [name for name in layer.getnames() if NEVER.search(name)]
        assert not found, found[:5]
    assert layers >= 1


def test_the_orchestrator_carries_neither_eyes_nor_models(contents: dict[str, dict[str, int]]) -> None:
    for role in ("orchestrator", "fleet_agent"):
        assert not [path for path in contents[role] if NOT_IN_ORCHESTRATOR.search(path)][:5]
    assert any(path.endswith("webpage/index.html") for path in contents["orchestrator"])


def test_the_camera_carries_the_free_models_only(contents: dict[str, dict[str, int]]) -> None:
    models = {Path(path).name for path in contents["camera_processor"] if path.endswith(".dat")}
    assert models == {"shape_predictor_5_face_landmarks.dat"}
    graphs = {path for path in contents["camera_processor"] if path.startswith("app/faces/graphs/")}
    assert {Path(path).name.split("-")[0] for path in graphs if path.endswith(".onnx")} == {
        "encoder",
        "detector",
        "resize",
        "yunet",
        "yunet_2x",
        "sface",
    }
    assert not [path for path in contents["camera_processor"] if path.startswith("sample")]
    assert {"camera-1.mp4", "camera-2.mp4", "sought.jpg"} <= {Path(path).name for path in contents["demo_camera"]}


@pytest.mark.parametrize("role", ["camera_processor", "demo_camera", "face_worker"])
def test_what_looks_at_faces_reports_to_nobody(images: dict[str, str], role: str) -> None:
    assert "ORT_DISABLE_TELEMETRY=1" in inspect(images[role])["Config"]["Env"]


def test_packages_keep_their_licences(contents: dict[str, dict[str, int]]) -> None:
    for role in ROLES:
        assert "usr/share/doc/libc6/copyright" in contents[role]
    for role in OURS:
        assert "app/LICENSE" in contents[role]
        assert [path for path in contents[role] if re.search(r"dist-packages/tornado-.*/LICENSE", path)]


def test_the_build_sees_sources_only(images: dict[str, str], tmp_path: Path) -> None:
    everything = tmp_path / "context.Dockerfile"
    everything.write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    out = tmp_path / "context.tar"
    run("docker", "buildx", "build", "--quiet", "--file", str(everything), "--output", f"type=tar,dest={out}", ".")
    with tarfile.open(out) as context:
        names = [entry.name.removeprefix("./") for entry in context if entry.isfile()]
    assert {name.split("/")[0] for name in names} <= KNOWN_PLACES | {"processor_orchestrator"}
    assert not [name for name in names if re.search(r"\.(pem|jwt|key|pyc)$|/\.env|/env$", name)]


def test_no_secret_of_the_builder_is_in_a_layer(images: dict[str, str]) -> None:
    """The certificate authority that the build was given stands for any build secret."""
    bundle = os.environ.get("EXTRA_CA_FILE") or "/etc/ssl/certs/ca-certificates.crt"
    debian = Path("/usr/share/ca-certificates")
    known = {path.read_text().strip() for path in debian.rglob("*.crt")} if debian.exists() else set()
    if not Path(bundle).is_file():
        return
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Path(bundle).read_text(), re.DOTALL)
    foreign = [block.split("\n")[3].encode() for block in blocks if block not in known]
    for layer in layers_of(images["orchestrator"]):
        for entry in layer:
            if entry.isfile() and entry.size < 2_000_000 and entry.name.endswith((".crt", ".pem")):
                content = layer.extractfile(entry)
                assert content is not None
                text = content.read()
                assert not [line for line in foreign if line in text] or "certifi" in entry.name, entry.name


@pytest.mark.parametrize("role", ROLES)
def test_what_lay_beside_the_build_is_in_no_byte_of_an_image(images: dict[str, str], role: str, canary: str) -> None:
    searched = 0
    for blob in blobs_of(images[role]):
        assert canary.encode() not in blob
        searched += len(blob)
    assert searched > 20_000_000, "the layers themselves were not searched"


@pytest.mark.parametrize("detector", ["yunet", "hog", "cnn"])
def test_the_camera_image_finds_and_encodes_a_face_read_only_and_without_a_network(
    images: dict[str, str], detector: str
) -> None:
    program = (
        "import numpy; from PIL import Image; from faces import load_engine;"
        "picture = numpy.asarray(Image.open('/sample/case/sought.jpg').convert('RGB').resize((320, 400)));"
        f"engine = load_engine('{detector}'); found = engine.detect(picture);"
        "print(len(found.boxes), engine.encode(picture, found).shape)"
    )
    hardened = ("--rm", "--read-only", "--network", "none", "--cap-drop", "ALL", "--memory", "768m")
    command = ("run", *hardened, "--entrypoint", "/usr/bin/python3", images["demo_camera"], "-c", program)
    assert docker(*command, patience=90).split() == ["1", "(1,", "128)"]


@pytest.mark.parametrize("role", [role for role in OURS if role not in ("demo_camera", "offload_worker")])
def test_a_role_explains_itself(images: dict[str, str], role: str) -> None:
    assert "usage:" in docker("run", "--rm", "--read-only", "--network", "none", images[role], "--help")


@pytest.mark.parametrize("command", ["phone", "pi_sender", "snap", "snap_camera"])
def test_a_devices_command_explains_itself_in_64_megabytes(images: dict[str, str], command: str) -> None:
    bounds = ("--read-only", "--network", "none", "--memory", "64m", "--memory-swap", "64m")
    python = ("--entrypoint", "/usr/bin/python3", images["demo_phone"], "-m", f"edge_devices.{command}")
    assert f"python -m edge_devices.{command}" in docker("run", "--rm", *bounds, *python, "--help")


@pytest.mark.parametrize("role", ["orchestrator", "camera_processor", "pi_receiver"])
def test_a_role_refuses_to_listen_to_everybody_without_a_key(images: dict[str, str], role: str) -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "--read-only", "--network", "none", images[role]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "expected a PUBLIC_KEY" in done.stderr
