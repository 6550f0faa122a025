"""The health check of the images: one question, an exit code, a reason."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Role, free_port

ROOT = Path(__file__).resolve().parents[3]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "backbone.healthcheck", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def test_a_role_that_answers_is_healthy(orchestrator: Role) -> None:
    done = check(f"{orchestrator.url}/healthz")
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_status_is_not_healthy(orchestrator: Role) -> None:
    done = check(f"{orchestrator.url}/nowhere")
    assert done.returncode == 1
    assert "404" in done.stderr


def test_nobody_there_is_not_healthy() -> None:
    done = check(f"http://127.0.0.1:{free_port()}/healthz")
    assert done.returncode == 1
    assert "Connection refused" in done.stderr


def test_one_who_accepts_and_says_nothing_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = check(f"http://127.0.0.1:{silent.getsockname()[1]}/healthz")
    assert done.returncode == 1
    assert "timed out" in done.stderr


def test_a_proxy_of_the_environment_is_not_asked(orchestrator: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert check(f"{orchestrator.url}/healthz").returncode == 0


@pytest.mark.parametrize("arguments", [(), ("one", "two"), ("no url",)])
def test_a_wrong_call_is_not_healthy_and_says_what_was_expected(arguments: tuple[str, ...]) -> None:
    done = check(*arguments)
    assert done.returncode == 1
    assert "expected" in done.stderr
