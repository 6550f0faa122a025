"""What a small device needs: the extra `edge_devices` installed in a bare Python of 64 MB, without a network."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.stack.engine import docker, run

COMMANDS = ("phone", "pi_sender", "snap", "snap_camera")
LOCK = ROOT / "images" / "locks" / "edge_devices.txt"
BARE = """\
set -e
if python3 -c "import requests" 2>/dev/null; then echo "expected a bare Python, got one with packages"; exit 1; fi
python3 "$(echo /wheels/pip-*.whl)/pip" --disable-pip-version-check install -q --no-cache-dir --no-index \
    --find-links /wheels --target /site --root-user-action ignore 'searchlight-swarm[edge_devices]'
export PYTHONPATH=/site
"""


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree as a wheel, what its lock lists for devices, and pip."""
    folder, sources = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("sources")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.split("\0")[:-1]:  # not in the tree itself: a build writes beside its sources
        if (ROOT / name).is_file():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, sources / name)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-q")
    run(*pip, "wheel", "--no-deps", "-w", str(folder), str(sources), patience=300)
    download = (*pip, "download", "--no-deps", "--only-binary", ":all:", "-d", str(folder))
    run(*download, "-r", str(LOCK), patience=300)
    run(*download, "pip", patience=300)
    return folder


def test_devices_install_and_explain_themselves_in_a_bare_python_of_64_megabytes(
    images: dict[str, str], wheels: Path, tmp_path: Path
) -> None:
    site, script = tmp_path / "site", tmp_path / "install.sh"
    site.mkdir()
    lines = [f"python3 -m edge_devices.{command} --help > /dev/null\necho {command}" for command in COMMANDS]
    script.write_text(BARE + "\n".join(lines) + "\n", encoding="utf-8")
    bounds = ("--network", "none", "--memory", "64m", "--memory-swap", "64m", "--user", "0", "--workdir", "/")
    # The image's own packages and sources are hidden: what is left is Debian's Python.
    hidden = ("--tmpfs", "/usr/local/lib/python3.11/dist-packages", "--tmpfs", "/app")
    mounts = ("-v", f"{wheels}:/wheels:ro", "-v", f"{site}:/site", "-v", f"{script}:/install.sh:ro")
    shell = ("--entrypoint", "/bin/sh", images["demo_phone"], "/install.sh")
    assert docker("run", "--rm", *bounds, *hidden, *mounts, *shell).split() == list(COMMANDS)
