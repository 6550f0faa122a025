"""The gateway between devices at a real broker and a worker behind a real Redis."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from tests.broker import GATEWAY, Broker, password_of
from tests.conftest import RedisServer
from tests.fakes.offload_worker import offload_worker
from tests.mqtt_client import Client
from tests.processes import Role, role, wait_until

ALICE, BOB = "alice", "bob"
OLD, NEW = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
SOURCE = "int main(int n, char**a){ /* ---- not a separator ---- */ return 0; }"
LEGACY = f"hello----3 'two words'----{SOURCE}----gcc <name>.c -o <name>"


class Setup:
    """A broker, a Redis, and a gateway that can be started and killed."""

    def __init__(self, broker: Broker, redis_server: RedisServer) -> None:
        self.broker, self.redis = broker, redis_server

    @contextmanager
    def gateway(self, *more: str) -> Iterator[Role]:
        arguments = ("--port", "0", "--broker-url", self.broker.url, "--redis-url", self.redis.url)
        environment = {"BROKER_PASSWORD": password_of(GATEWAY)}
        with role("mqtt_gateway", *arguments, *more, environment=environment) as running:
            running.wait_for_event("broker_connected")
            yield running

    @contextmanager
    def device(self, user: str = ALICE, version: MQTTProtocolVersion = OLD) -> Iterator[Client]:
        with Client(self.broker, user, version=version, wants=(f"result/{user}", f"result/{user}/#")) as client:
            yield client


@pytest.fixture
def setup(redis_server: RedisServer, tmp_path: Path) -> Iterator[Setup]:
    broker = Broker(tmp_path / "broker", ALICE, BOB)
    yield Setup(broker, redis_server)
    broker.kill()


def answers(client: Client, topic: str) -> list[dict[str, object]]:
    return [json.loads(text) for text in client.payloads(topic)]


def request(number: object, *args: str, **more: object) -> str:
    return json.dumps({"requestId": f"r-{number}", "program": "echo", "args": list(args)} | more)


def test_a_legacy_client_gets_its_programs_output_in_both_forms_also_after_a_broker_restart(setup):
    with setup.gateway(), offload_worker(setup.redis.port) as worker, setup.device() as device:
        for count in (1, 2):
            device.mqtt.publish("inputCode/alice", LEGACY)  # QoS 0, as small devices do
            wait_until(lambda: len(device.payloads("result/alice")) == 2 * count - 1, "the first answer")  # noqa: B023
            device.publish("localCode/alice", "7 'a b'")
            wait_until(lambda: len(device.payloads("result/alice")) == 2 * count, "the second answer")  # noqa: B023
            if count == 1:
                setup.broker.stop()
                setup.broker.start()
                wait_until(device.mqtt.is_connected, "the device to be back")
        assert device.payloads("result/alice") == ["3 two words", "7 a b"] * 2
        built, installed = worker.tasks[:2]
        assert (built.name, built.files, built.build) == ("hello", {"hello.c": SOURCE}, "gcc <name>.c -o <name>")
        assert built.args == ("3", "two words")
        assert (installed.program, installed.args, installed.files) == ("program", ("7", "a b"), {})
