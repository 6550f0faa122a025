"""One engine, one build of the images, for every test of this folder."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from tests.processes import ROOT
from tests.stack.engine import CA_BUNDLE, run
from tests.stack.swarm import LOAD_CAMERAS

ROLES = (
    "redis",
    "orchestrator",
    "camera_processor",
    "demo_camera",
    "cloudlet",
    "face_worker",
    "demo_phone",
    "fleet_agent",
    "offload_worker",
    "broker",
    "mqtt_gateway",
    "pi_receiver",
)
INSTALLER = ROOT / "tests" / "stack" / "install_engine.sh"
INSTALL_SECONDS, BUILD_SECONDS = 700, 1500


@pytest.fixture(scope="session")
def engine() -> str:
    """What answers; installed and started where that is possible, else every test of this folder is skipped."""
    try:
        done = subprocess.run([INSTALLER], capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        failed = done.returncode != 0
        told = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["nothing was said"]
    except subprocess.TimeoutExpired:
        failed, told = True, [f"the installation took more than {INSTALL_SECONDS} s"]
    if failed:
        # Tried above and refused by the machine: a laptop without root cannot have one, CI always has.
        pytest.skip(f"no container engine answers, and none could be installed: {told[0]}")
    return told[0]


@pytest.fixture(scope="session")
def canary() -> str:
    """A word that lies wherever a secret may lie while images are built."""
    return f"canary-{token_hex(16)}"


@pytest.fixture(scope="session")
def images(engine: str, canary: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every image, built from the tree as it is: role -> image."""
    told = os.environ.get("EXTRA_CA_FILE") or CA_BUNDLE
    bundle = tmp_path_factory.mktemp("build") / "bundle.pem"
    bundle.write_text((Path(told).read_text() if Path(told).is_file() else "") + f"\n# {canary}\n", encoding="utf-8")
    planted = [ROOT / "stack" / "secrets" / "canary.jwt", ROOT / "var" / "canary", ROOT / "stack" / "env.canary"]
    for place in planted:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.write_text(canary, encoding="utf-8")
    settings = {"EXTRA_CA_FILE": str(bundle), "PROGRESS": "plain", "REDIS_PASSWORD": canary, "JWT": canary}
    try:
        run("sh", "images/bake.sh", patience=BUILD_SECONDS, environment=settings)
    finally:
        for place in planted:
            place.unlink()
    return {role: f"searchlight/{role}:0.1.0" for role in ROLES}


@pytest.fixture(scope="session")
def secrets_dir(images: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack's secrets of its own, so that nobody's are touched."""
    folder = tmp_path_factory.mktemp("stack") / "secrets"
    load = [f"load-{number}" for number in range(LOAD_CAMERAS)]
    run("sh", "stack/make_secrets.sh", *load, environment={"SECRETS_DIR": str(folder)})
    return folder


@pytest.fixture(scope="session", autouse=True)
def _defaults_only() -> Iterator[None]:
    """Whatever stack/env of this machine says, the tests check the defaults."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STACK_ENV", "/dev/null")
        yield
