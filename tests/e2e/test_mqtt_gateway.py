"""The gateway between devices at a real broker and a worker behind a real Redis."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.broker import GATEWAY, Broker, password_of
from tests.conftest import RedisServer
from tests.fakes.offload_worker import OffloadWorker, offload_worker
from tests.mqtt_client import Client
from tests.processes import ANSWER_SECONDS, Role, role, wait_until

ALICE, BOB = "alice", "bob"
OLD, NEW = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
SOURCE = "int main(int n, char**a){ /* ---- not a separator ---- */ return 0; }"
KEYS = {
    "requestId",
    "status",
    "message",
    "exitCode",
    "signal",
    "stdout",
    "stderr",
    "truncated",
    "wallMs",
    "cpuMs",
    "maxRssKiB",
    "cached",
}
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
        with Client(self.broker, user, version=version, wants=(f"result/{user}/#",)) as client:
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


def test_a_legacy_request_that_fails_is_answered_with_one_line(setup):
    with setup.gateway(), offload_worker(setup.redis.port), setup.device() as device:
        device.publish("localCode/alice", "fail")
        device.publish("inputCode/alice", "only one part")
        wait_until(lambda: len(device.payloads("result/alice")) == 2, "both answers")
        assert sorted(device.payloads("result/alice")) == [
            "error: rejected: expected four parts joined by ----, got 1",
            "error: runtime_error: exit code 3",
        ]


def test_a_json_request_is_answered_with_everything_that_is_known(setup):
    with setup.gateway(), offload_worker(setup.redis.port), setup.device() as device:
        device.publish("localCode/alice", request(1, "a", stdin="b"))
        device.publish("inputCode/alice", request(2, "fail"))
        device.publish("inputCode/alice", json.dumps({"requestId": "r-3", "program": "../etc"}))
        device.publish("inputCode/alice", "{")
        wait_until(lambda: len(device.heard) == 4, "four answers")
        told = {answer["requestId"]: answer for answer in answers(device, "result/alice")}
        assert all(answer.keys() == KEYS for answer in told.values())
        assert (told["r-1"]["status"], told["r-1"]["stdout"], told["r-1"]["exitCode"]) == ("ok", "ab", 0)
        assert (told["r-2"]["status"], told["r-2"]["stderr"], told["r-2"]["exitCode"]) == (
            "runtime_error",
            "no\nway",
            3,
        )
        assert told["r-3"]["status"] == told[None]["status"] == "rejected"
        assert "program" in told["r-3"]["message"]


def test_version_5_clients_choose_a_topic_below_their_own_and_get_their_correlation_back(setup):
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic, properties.CorrelationData = "result/alice/here", b"\x00\xff"
    foreign = Properties(PacketTypes.PUBLISH)
    foreign.ResponseTopic = "result/bob"
    with (
        setup.gateway(),
        offload_worker(setup.redis.port),
        setup.device(BOB) as bob,
        setup.device(version=NEW) as alice,
    ):
        alice.publish("localCode/alice", request(1, "a"), properties=properties)
        alice.publish("localCode/alice", request(2, "b"), properties=foreign)
        wait_until(lambda: len(alice.heard) == 2, "both answers")
        (answer,) = [message for message in alice.heard if message.topic == "result/alice/here"]
        assert answer.properties.CorrelationData == b"\x00\xff"
        (refused,) = answers(alice, "result/alice")
        assert (refused["requestId"], refused["status"]) == ("r-2", "rejected")
        assert "response topic" in str(refused["message"])
        assert bob.heard == []


def test_a_request_that_comes_again_is_answered_from_the_record_and_never_run_again(setup):
    with setup.gateway() as gateway, offload_worker(setup.redis.port) as worker, setup.device() as device:
        for count in (1, 2):
            device.publish("localCode/alice", request(1, "a"))
            wait_until(lambda: len(device.heard) == count, "the answer")  # noqa: B023
        gateway.kill()
        with setup.gateway():
            device.publish("localCode/alice", request(1, "a"))
            wait_until(lambda: len(device.heard) == 3, "the answer after a kill")
            assert len({message.payload for message in device.heard}) == 1
            device.publish("localCode/alice", request(1, "another"))
            wait_until(lambda: len(device.heard) == 4, "the refusal")
            assert "used before" in str(answers(device, "result/alice")[-1]["message"])
        assert len(worker.tasks) == 1


def test_two_equal_text_requests_sent_on_purpose_are_two(setup):
    with setup.gateway(), offload_worker(setup.redis.port) as worker, setup.device() as device:
        device.publish("localCode/alice", "7")
        device.publish("localCode/alice", "7")
        wait_until(lambda: device.payloads("result/alice") == ["7", "7"], "two answers")
        assert len(worker.tasks) == 2


def test_what_is_sent_while_the_gateway_is_away_is_served_when_it_is_back(setup):
    with setup.gateway() as gateway:
        gateway.kill()
    with setup.device() as device:
        device.mqtt.publish("localCode/alice", "first", qos=0)
        device.publish("localCode/alice", "second")
        setup.broker.stop()
        setup.broker.start()
        wait_until(device.mqtt.is_connected, "the device to be back")
        with setup.gateway(), offload_worker(setup.redis.port):
            wait_until(lambda: sorted(device.payloads("result/alice")) == ["first", "second"], "both answers")


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_retained_request_runs_once_and_not_with_every_connection(setup, version):
    with setup.device() as device, offload_worker(setup.redis.port) as worker:
        with setup.gateway("--mqtt-version", version):
            device.publish("localCode/alice", "1", retain=True)
            wait_until(lambda: device.payloads("result/alice") == ["1"], "the answer")
        with setup.gateway("--mqtt-version", version, "--broker-session", "another"):
            device.publish("localCode/alice", "2")
            wait_until(lambda: "2" in device.payloads("result/alice"), "the answer")
        assert device.payloads("result/alice") == ["1", "2"]
        assert [task.args for task in worker.tasks] == [("1",), ("2",)]


def test_a_client_that_asks_much_does_not_hold_up_another(setup):
    worker, four = OffloadWorker(setup.redis.port), ("--most-running", "4")
    with setup.gateway(*four) as gateway, setup.device() as alice, setup.device(BOB) as bob:
        for number in range(30):
            alice.publish("localCode/alice", request(number, "a"))
        wait_until(lambda: gateway.metric("mqtt_gateway_waiting") == 26, "26 to wait")
        for number in range(6):
            bob.publish("localCode/bob", request(number, "b"))
        wait_until(lambda: gateway.metric("mqtt_gateway_waiting") == 28, "28 to wait")
        wait_until(lambda: len(worker.waiting()) == 8, "eight with the workers")
        assert [task.tag for task in worker.waiting()] == [ALICE] * 4 + [BOB] * 4
        gateway.kill()
        with setup.gateway(*four):
            while len(bob.heard) < 6:
                wait_until(worker.work_once, "a task")
                handed = len(worker.tasks)
                wait_until(lambda: len(alice.heard) + len(bob.heard) >= handed, "its answer")  # noqa: B023
            assert len(alice.heard) <= 12
            wait_until(lambda: len(alice.heard) == 30 or (not worker.work_once() and False), "all of the other")
        assert max(len(worker.runs) for _ in (1,)) == 36
        assert set(worker.runs.values()) == {1}


def test_more_than_may_wait_is_refused_and_told(setup):
    with setup.gateway("--most-waiting", "3", "--most-running", "2") as gateway, setup.device() as device:
        for number in range(8):
            device.publish("localCode/alice", request(number, "a"))
        wait_until(lambda: len(device.heard) == 3, "three refusals")
        assert {answer["status"] for answer in answers(device, "result/alice")} == {"rejected"}
        assert gateway.metric("mqtt_gateway_requests_total", form="json", outcome="full") == 3
        with offload_worker(setup.redis.port):
            wait_until(lambda: len(device.heard) == 8, "the others")
            device.publish("localCode/alice", request(7, "a"))
            wait_until(lambda: len(device.heard) == 9, "a refused one that is asked again")
        assert answers(device, "result/alice")[-1]["status"] == "ok"


def test_while_redis_is_away_requests_stay_at_the_broker_and_readyz_says_so(setup):
    with setup.gateway() as gateway, offload_worker(setup.redis.port) as worker, setup.device() as device:
        device.publish("localCode/alice", request(1, "a"))
        wait_until(lambda: len(device.heard) == 1, "the answer")
        setup.redis.kill()
        for number in range(2, 6):
            device.publish("localCode/alice", request(number, "a"))
        wait_until(
            lambda: requests.get(f"{gateway.url}/readyz", timeout=ANSWER_SECONDS).status_code == 503, "not ready"
        )
        assert requests.get(f"{gateway.url}/healthz", timeout=ANSWER_SECONDS).ok
        setup.redis.start()
        wait_until(lambda: len(device.heard) >= 5, "the other answers")
        wait_until(lambda: requests.get(f"{gateway.url}/readyz", timeout=ANSWER_SECONDS).ok, "ready")
        assert {answer["requestId"] for answer in answers(device, "result/alice")} == {f"r-{n}" for n in range(1, 6)}
        assert set(worker.runs.values()) == {1}


def test_while_the_broker_is_away_results_are_kept_and_readyz_says_so(setup):
    worker = OffloadWorker(setup.redis.port)
    with setup.gateway() as gateway, setup.device() as device:
        device.publish("localCode/alice", request(1, "a"))
        wait_until(worker.waiting, "the task")
        setup.broker.stop()
        wait_until(
            lambda: requests.get(f"{gateway.url}/readyz", timeout=ANSWER_SECONDS).status_code == 503, "not ready"
        )
        worker.work_once()
        wait_until(lambda: worker.redis.xlen("mqtt:results") == 1, "the result")
        gateway.kill()
        assert worker.redis.xlen("mqtt:results") == 1
    setup.broker.start()
    with setup.device() as device, setup.gateway():
        wait_until(lambda: device.heard, "the answer")
        assert answers(device, "result/alice")[0]["requestId"] == "r-1"
        wait_until(lambda: worker.redis.xlen("mqtt:results") == 0, "the result to be acknowledged")
        assert worker.redis.hlen("mqtt:open") == 0


def test_topics_that_are_nobodys_are_dropped_and_counted(tmp_path, redis_server):
    broker = Broker(tmp_path / "lab", anonymous=True)
    try:
        setup = Setup(broker, redis_server)
        with setup.gateway() as gateway, offload_worker(redis_server.port), Client(broker, None) as lab:
            lab.publish("localCode/a/b", "1")
            lab.publish("inputCode/a/b/c", "1")
            wait_until(lambda: gateway.metric("mqtt_gateway_dropped_total", reason="bad_topic") == 2, "two drops")
            lab.subscribe("result/c")
            lab.publish("localCode/c", "1")
            wait_until(lambda: lab.payloads("result/c") == ["1"], "the answer")
    finally:
        broker.kill()


def test_a_wrong_password_is_told_in_readyz_and_the_gateway_goes_on_trying(setup):
    arguments = ("--port", "0", "--broker-url", setup.broker.url, "--redis-url", setup.redis.url)
    with role("mqtt_gateway", *arguments, environment={"BROKER_PASSWORD": "wrong"}) as gateway:
        gateway.wait_for_event("broker_away")
        answer = requests.get(f"{gateway.url}/readyz", timeout=ANSWER_SECONDS)
        assert answer.status_code == 503
        assert not answer.json()["dependencies"]["broker"]["ok"]
        assert "wrong" not in answer.text
