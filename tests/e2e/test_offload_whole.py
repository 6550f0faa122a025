"""From a device to foreign code and back, every part real: broker, gateway, Redis, worker, compilers, sandbox."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from paho.mqtt.enums import MQTTProtocolVersion

from tests.broker import GATEWAY, Broker, password_of
from tests.conftest import RedisServer
from tests.mqtt_client import Client
from tests.processes import ANSWER_SECONDS, Role, role, wait_until

ALICE, BOB = "alice", "bob"
OLD = MQTTProtocolVersion.MQTTv311
SOURCE = """\
#include <stdio.h>
/* ---- this is no separator ---- */
int main(int count, char **words) {
  for (int i = 1; i < count; i++) printf("%s----", words[i]);
  return 0;
}
"""
LEGACY = f"hello----3 'two words'----{SOURCE}----gcc <name>.c -o <name>"
SQUARE = '#!/bin/sh\necho "$1 squared is $(($1 * $1))"\n'
CPP = {
    "main.cpp": '#include <iostream>\n#include "sum.h"\n'
    "int main(int, char **v) { std::cout << sum({std::stol(v[1]), std::stol(v[2])}); }",
    "sum.h": "#include <string>\n#include <vector>\nlong sum(std::vector<long> of);",
    "sum.cpp": '#include "sum.h"\nlong sum(std::vector<long> of) { long s = 0; for (long n : of) s += n; return s; }',
}
MAKEFILE = {
    "Makefile": "program: main.o twice.o\n\tgcc -o $@ $^\n",
    "main.c": '#include <stdio.h>\nint twice(int);\nint main(void) { int n; scanf("%d", &n); printf("%d", twice(n)); }',
    "twice.c": "int twice(int n) { return 2 * n; }",
}
PYTHON = {
    "program.py": "import sys\nfrom told import shout\nprint(shout(sys.stdin.read()), *sys.argv[1:], end='')",
    "told.py": "def shout(text):\n    return text.upper()\n",
}
GREEDY = "#include <unistd.h>\nint main(void) { while (1) if (fork() < 0) sleep(1); }"
CURIOUS = """\
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  FILE *file = fopen("/etc/passwd", "r");
  printf("%d %d", file != NULL, socket(AF_INET, SOCK_STREAM, 0) >= 0);
  return 0;
}
"""


@dataclass
class Whole:
    """Broker, gateway and worker, running."""

    broker: Broker
    gateway: Role
    worker: Role
    programs: Path

    def device(self, user: str = ALICE, *, client_id: str = "", keeps_session: bool = False) -> Client:
        wants = (f"result/{user}",)
        return Client(self.broker, user, client_id, version=OLD, wants=wants, keeps_session=keeps_session)

    def install(self, name: str, text: str) -> None:
        made = self.programs / f".{name}"
        made.write_text(text, encoding="utf-8")
        made.chmod(0o755)
        made.rename(self.programs / name)

    def restart_broker(self) -> None:
        self.broker.stop()
        self.broker.start()


@pytest.fixture
def whole(redis_server: RedisServer, tmp_path: Path) -> Iterator[Whole]:
    with ExitStack() as stack:
        broker = Broker(tmp_path / "broker", ALICE, BOB)
        stack.callback(broker.kill)
        gateway = stack.enter_context(running_gateway(broker, redis_server))
        programs = tmp_path / "programs"
        programs.mkdir()
        arguments = ["--queues", "offload", "--redis-url", redis_server.url, "--port", "0", "--processes", "2"]
        arguments += ["--programs-folder", str(programs), "--cache-folder", str(tmp_path / "cache")]
        worker = stack.enter_context(role("job_workers", *arguments, environment={"RUN_WALL_SECONDS": "12"}))
        wait_until(
            lambda: requests.get(f"{worker.url}/readyz", timeout=ANSWER_SECONDS).ok, "the worker and its sandbox"
        )
        yield Whole(broker, gateway, worker, programs)


@contextmanager
def running_gateway(broker: Broker, redis_server: RedisServer) -> Iterator[Role]:
    arguments = ("--port", "0", "--broker-url", broker.url, "--redis-url", redis_server.url)
    with role("mqtt_gateway", *arguments, environment={"BROKER_PASSWORD": password_of(GATEWAY)}) as gateway:
        gateway.wait_for_event("broker_connected")
        yield gateway


def hear(device: Client, count: int) -> list[str]:
    """Return the answers, once there are as many."""
    wait_until(lambda: len(device.heard) >= count, f"answer {count}; heard: {device.heard}")
    return device.payloads(f"result/{device.user}")


def ask(device: Client, **request: object) -> dict[str, object]:
    """Publish a JSON request and return its answer."""
    count = len(device.heard)
    request_id = f"{device.user}-{count}"
    device.publish(f"inputCode/{device.user}", json.dumps({"requestId": request_id, **request}))
    answer: dict[str, object] = json.loads(hear(device, count + 1)[-1])
    assert answer["requestId"] == request_id
    return answer


def test_a_legacy_text_client_gets_its_programs_output_also_after_a_broker_restart(whole: Whole) -> None:
    whole.install("program", SQUARE)
    with whole.device() as device:
        for count in (0, 2):
            device.mqtt.publish("inputCode/alice", LEGACY)  # QoS 0, as small devices do
            assert hear(device, count + 1)[-1] == "3----two words----"
            device.mqtt.publish("localCode/alice", "7")
            assert hear(device, count + 2)[-1] == "7 squared is 49\n"
            if count == 0:
                whole.restart_broker()
                wait_until(device.mqtt.is_connected, "the device to be back")
    assert len(whole.gateway.events("broker_connected")) == 2


def test_what_was_asked_before_a_broker_restart_is_answered_after_it(whole: Whole) -> None:
    slow = "import time\ntime.sleep(2)\nprint('done')\n"
    with whole.device() as device:
        device.publish("inputCode/alice", json.dumps({"requestId": "slow", "files": {"program.py": slow}}))
        wait_until(lambda: whole.gateway.metric("mqtt_gateway_open") == 1, "it to be with the worker")
        whole.restart_broker()
        wait_until(device.mqtt.is_connected, "the device to be back")
        device.publish("inputCode/alice", json.dumps({"requestId": "slow", "files": {"program.py": slow}}))
        answers = [json.loads(text) for text in hear(device, 1)]
    assert {(answer["requestId"], answer["status"], answer["stdout"]) for answer in answers} == {
        ("slow", "ok", "done\n")
    }


def test_a_device_that_sleeps_over_its_answer_and_a_broker_restart_hears_it_when_it_wakes(whole: Whole) -> None:
    with whole.device(client_id="alice-1", keeps_session=True) as device:
        device.publish("inputCode/alice", LEGACY)
    wait_until(lambda: whole.gateway.metric("mqtt_gateway_answers_total", status="ok") == 1, "the broker to have it")
    whole.restart_broker()
    with whole.device(client_id="alice-1", keeps_session=True) as device:
        assert hear(device, 1) == ["3----two words----"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"files": CPP, "build": "g++ main.cpp sum.cpp -o <name>", "args": ["3", "4"]}, "7"),
        ({"files": MAKEFILE, "build": "make", "stdin": "21"}, "42"),
        ({"files": PYTHON, "args": ["a b"], "stdin": "hello"}, "HELLO a b"),
    ],
    ids=["several files of C++", "a makefile of C", "Python"],
)
def test_a_json_request_of_several_files_is_built_and_run(whole: Whole, asked: dict[str, object], said: str) -> None:
    with whole.device() as device:
        first, second = ask(device, **asked), ask(device, **asked)
    assert [(a["status"], a["stdout"], a["exitCode"]) for a in (first, second)] == [("ok", said, 0)] * 2, first
    assert (first["cached"], second["cached"]) == (False, "build" in asked)


def test_hostile_requests_are_named_and_hold_up_nobody(whole: Whole) -> None:
    with whole.device() as device, whole.device(BOB) as other:
        build = {"build": "gcc main.c -o <name>"}
        device.publish("inputCode/alice", json.dumps({"requestId": "greedy", "files": {"main.c": GREEDY}} | build))
        honest = ask(other, files=PYTHON, stdin="hello")
        assert (honest["status"], honest["stdout"]) == ("ok", "HELLO")
        greedy = json.loads(hear(device, 1)[0])
        assert (greedy["requestId"], greedy["status"]) == ("greedy", "timeout"), greedy
        assert "12 s" in str(greedy["message"]), greedy
        curious = ask(device, files={"main.c": CURIOUS}, **build)
        assert (curious["status"], curious["stdout"]) == ("ok", "0 0"), "neither a file of the host nor a socket"
        shell = ask(device, files={"main.c": CURIOUS}, build="gcc main.c -o <name> && cat /etc/passwd")
        assert shell["status"] == "rejected"
        assert "no shell" in str(shell["message"])
        device.publish("inputCode/alice", "worse----1----int main(void) { return missing; }----gcc <name>.c -o <name>")
        assert hear(device, 4)[-1].startswith("error: compile_error: ")
        assert other.payloads("result/bob") == [json.dumps(honest, separators=(",", ":"))]
