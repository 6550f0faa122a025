"""`python -m edge_devices.offload` as a user types it, against a real broker and gateway."""

import subprocess
import sys
import threading

import pytest

from tests.broker import GATEWAY, Broker, password_of
from tests.fakes.offload_worker import offload_worker
from tests.processes import ROOT, role


@pytest.fixture
def broker(tmp_path):
    running = Broker(tmp_path / "broker", "pi")
    (tmp_path / "pw").write_text(password_of("pi") + "\n", encoding="utf-8")
    yield running
    running.kill()


def offload(broker, tmp_path, *arguments, text=""):
    command = [sys.executable, "-m", "edge_devices.offload", broker.url, "--user", "pi"]
    command += ["--password-file", str(tmp_path / "pw"), "--wait", "30", *arguments]
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, timeout=60, check=False)


def test_output_input_and_exit_code_come_through(broker, redis_server, tmp_path):
    code = tmp_path / "sum.c"
    code.write_text("int main() { return 0; }", encoding="utf-8")
    arguments = ("--port", "0", "--broker-url", broker.url, "--redis-url", redis_server.url)
    environment = {"BROKER_PASSWORD": password_of(GATEWAY)}
    with (
        offload_worker(redis_server.port) as worker,
        role("mqtt_gateway", *arguments, environment=environment) as gateway,
    ):
        gateway.wait_for_event("broker_connected")
        told = offload(broker, tmp_path, "--code", str(code), "--args", "1 'a b'", "--stdin", "-", text="!input")
        assert (told.returncode, told.stdout) == (0, "1 a b!input"), told.stderr
        assert "offload: ok; 1 ms" in told.stderr
        assert worker.tasks[0].files == {"sum.c": "int main() { return 0; }"}
        failed = offload(broker, tmp_path, "--program", "x", "--args", "fail")
        assert (failed.returncode, failed.stdout) == (3, "half")
        assert "no\nway" in failed.stderr
        refused = offload(broker, tmp_path, "--program", "../x")
        assert refused.returncode == 125
        assert "rejected; request: " in refused.stderr


def test_an_answer_is_waited_for_while_the_broker_restarts(broker, redis_server, tmp_path):
    arguments = ("--port", "0", "--broker-url", broker.url, "--redis-url", redis_server.url)
    environment = {"BROKER_PASSWORD": password_of(GATEWAY)}
    told: list[subprocess.CompletedProcess[str]] = []
    asking = threading.Thread(target=lambda: told.append(offload(broker, tmp_path, "--program", "x", "--args", "7")))
    broker.kill()
    asking.start()
    broker.start()
    with role("mqtt_gateway", *arguments, environment=environment), offload_worker(redis_server.port):
        asking.join(timeout=60)
    assert told[0].stdout == "7"


def test_a_wrong_password_and_a_broker_that_is_not_there_are_told(broker, tmp_path):
    (tmp_path / "pw").write_text("wrong", encoding="utf-8")
    refused = offload(broker, tmp_path, "--program", "x")
    assert refused.returncode == 69
    assert "the broker refused" in refused.stderr
    broker.kill()
    silent = offload(broker, tmp_path, "--program", "x", "--wait", "1")
    assert silent.returncode == 69
    assert "to answer within 1 s" in silent.stderr


def test_help_teaches():
    command = [sys.executable, "-m", "edge_devices.offload", "--help"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout
    for word in ("examples:", "SEARCHLIGHT_BROKER", "exit codes:", "--code", "sandbox"):
        assert word in told
