"""The command line teaches, and `doctor` and `status` tell the truth."""

import subprocess
import sys
from pathlib import Path

import pytest

from searchlight import doctor, status
from searchlight.doctor import Finding
from tests.processes import Role


def searchlight(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "searchlight", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", [[], ["up"], ["doctor"], ["status"], ["score"]])
def test_help_teaches_each_command(command: list[str]) -> None:
    answer = searchlight(*command, "--help")
    assert answer.returncode == 0
    assert "usage: searchlight" in answer.stdout


@pytest.mark.parametrize("module", ["processor_orchestrator", "camera_processor"])
def test_every_role_answers_help(module: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0
    assert "--port" in answer.stdout


def test_an_unknown_command_is_refused_with_code_2() -> None:
    assert searchlight("dance").returncode == 2


def test_doctor_finds_everything_on_a_machine_where_the_tests_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor.run(data_dir=tmp_path / "not" / "made" / "yet") == 0
    assert "everything that a run needs is there" in capsys.readouterr().out


def test_doctor_says_how_to_mend_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_redis", lambda: Finding("redis", "none", "sudo apt-get install redis-server"))
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    assert doctor.run(data_dir=tmp_path) == 1
    told = capsys.readouterr().out
    assert "mend it: sudo apt-get install redis-server" in told
    assert "2 needed thing(s) missing" in told


def test_status_tells_a_running_orchestrator(orchestrator: Role, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(url=orchestrator.url) == 0
    assert "ready" in capsys.readouterr().out


def test_status_of_nobody_is_told_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(url="http://127.0.0.1:9") == 1
    assert "does not answer" in capsys.readouterr().out
