"""The unit files start what exists, run for ever, and are whole by systemd's own judgement where it is installed."""

import shutil
import subprocess
import sys
from configparser import ConfigParser
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.processes import ROOT

UNITS = sorted((ROOT / "edge_devices" / "systemd").glob("*.service"))
PYTHON = "/opt/searchlight/bin/python"


def service(unit: Path) -> dict[str, str]:
    read = ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # keys as they stand
    read.read_string(unit.read_text())
    return dict(read["Service"])


def test_there_is_a_unit_for_the_sender_the_camera_and_the_relay() -> None:
    assert [unit.stem for unit in UNITS] == ["pi_sender", "snap_camera", "snap_relay"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_a_command_of_ours_for_ever_without_rights_that_it_does_not_need(unit: Path) -> None:
    told = service(unit)
    python, flag, module = told["ExecStart"].split()[:3]
    assert (python, flag) == (PYTHON, "-m")
    assert find_spec(module) is not None
    assert (told["Restart"], told["NoNewPrivileges"], told["ProtectSystem"]) == ("always", "yes", "strict")
    assert told["User"] not in {"", "root"}
    assert "MemoryMax" in told


# `make test` installs it where it may (root, Debian); a laptop without systemd cannot run these units either.
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed (Debian: systemd)"
)


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace(PYTHON, sys.executable))
    line = ["systemd-analyze", "verify", "--man=no", str(here)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, [told for told in done.stderr.splitlines() if unit.stem in told]) == (0, []), done.stderr


@needs_systemd
def test_the_check_has_teeth(tmp_path: Path) -> None:
    bad = tmp_path / "bad.service"
    bad.write_text("[Service]\nExecStart=/nonexistent/program\nRestart=perhaps\n")
    line = ["systemd-analyze", "verify", "--man=no", str(bad)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert "bad.service" in done.stderr
