"""The command line teaches, and `doctor` and `status` tell the truth."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from faces import BadWeights
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
    assert doctor.run(data_dir=tmp_path / "not" / "made" / "yet", engine="sface") == 0
    told = capsys.readouterr().out
    assert "everything that a run needs is there" in told
    assert "face_recognition_sface_2021dec.onnx, Apache-2.0, in use, sha256 verified" in told
    assert "mmod_human_face_detector.dat, CC0-1.0 (public domain), of dlib and face_recognition" in told


def test_doctor_says_how_to_mend_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_redis", lambda: Finding("redis", "none", "sudo apt-get install redis-server"))
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    assert doctor.run(data_dir=tmp_path, engine="sface") == 1
    told = capsys.readouterr().out
    assert "mend it: sudo apt-get install redis-server" in told
    assert "2 needed thing(s) missing" in told


def test_doctor_names_weights_that_are_not_the_locks_and_needs_only_those_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_short(name: str) -> Path:
        raise BadWeights(f"{name}: cut short")

    monkeypatch.setattr(doctor, "verified_path", cut_short)
    assert doctor.run(data_dir=tmp_path, engine="sface") == 1
    told = capsys.readouterr().out
    assert told.count("MISSING  face weights") == 2
    assert told.count("note     face weights") == 3
    assert "mend it: python -m faces.prepare" in told


def test_status_tells_a_running_orchestrator(orchestrator: Role, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(url=orchestrator.url) == 0
    assert "ready" in capsys.readouterr().out


class Guarded(BaseHTTPRequestHandler):
    """An orchestrator that tells its cameras only to who shows the token `good`."""

    def do_GET(self) -> None:
        opened = self.path == "/readyz" or self.headers["Authorization"] == "Bearer good"
        camera = {"cameraId": "gate", "state": "online", "viewers": 2}
        told = {"status": "ready", "dependencies": {}, "data": [camera] if self.path == "/api/cameras" else []}
        self.send_response(200 if opened else 401)
        self.end_headers()
        self.wfile.write(json.dumps(told if opened else {}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def guarded() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_status_tells_cameras_to_who_has_a_token(guarded: str, tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).write_text(f"{name}\n")
    good = searchlight("status", "--url", guarded, "--token-file", str(tmp_path / "good"))
    assert (good.returncode, "camera gate" in good.stdout) == (0, True)
    bad = searchlight("status", "--url", guarded, "--token-file", str(tmp_path / "bad"))
    assert (bad.returncode, "this one is refused" in bad.stdout) == (1, True)
    none = searchlight("status", "--url", guarded)
    assert (none.returncode, "--token-file" in none.stdout) == (0, True)
    lost = searchlight("status", "--token-file", str(tmp_path / "lost"))
    assert (lost.returncode, "expected a file with a token" in lost.stderr) == (2, True)


def test_status_of_nobody_is_told_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert status.run(url="http://127.0.0.1:9") == 1
    assert "does not answer" in capsys.readouterr().out
