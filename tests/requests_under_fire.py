"""R4: requests of devices while gateway and broker are killed with -9: each is run once and answered to its device."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion

from tests.broker import GATEWAY, Broker, password_of
from tests.conftest import RedisServer
from tests.fakes.offload_worker import offload_worker
from tests.mqtt_client import Client
from tests.processes import Role

DEVICES = 5
WINDOW = 20
ASK_AGAIN_SECONDS = 4.0


class Device:
    """A device that keeps some requests under way and asks again, under the same id, when an answer stays away."""

    def __init__(self, broker: Broker, name: str, requests: int) -> None:
        self.name = name
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.foreign: list[str] = []
        self.resent = 0
        self._to_send = [f"{name}-{number}" for number in range(requests)]
        self._asked: dict[str, float] = {}
        self._client = Client(
            broker, name, client_id=name, version=MQTTProtocolVersion.MQTTv311, wants=(f"result/{name}",)
        )
        self._client.on_message = self._hear
        self._lock = threading.Lock()

    def __enter__(self) -> "Device":
        self._client.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()

    def _hear(self, message: MQTTMessage) -> None:
        told = json.loads(message.payload)
        request_id = str(told["requestId"])
        with self._lock:
            if message.topic != f"result/{self.name}" or not request_id.startswith(f"{self.name}-"):
                self.foreign.append(f"{message.topic}: {request_id}")
            elif told["status"] != "ok" or told["stdout"] != request_id:
                self.wrong.append(str(told))
            else:
                self.answers[request_id] += 1
                self._asked.pop(request_id, None)

    def go_on(self) -> None:
        """Send what may be sent now."""
        with self._lock:
            now, due = time.monotonic(), []
            due = [name for name, asked in self._asked.items() if now - asked > ASK_AGAIN_SECONDS]
            self.resent += len(due)
            while self._to_send and len(self._asked) + len(due) < WINDOW + len(due):
                due.append(self._to_send.pop())
                self._asked[due[-1]] = now
            self._asked |= dict.fromkeys(due, now)
        for request_id in due:
            asked = {"requestId": request_id, "program": "echo", "args": [request_id]}
            self._client.mqtt.publish(f"localCode/{self.name}", json.dumps(asked), qos=1)

    @property
    def done(self) -> bool:
        with self._lock:
            return not self._to_send and not self._asked


class Fire:
    """One run; a history of what was asked, run and answered.

    Args:
        seed: of when the kills hit, and whom.
        longest: seconds after which a run that stands still has failed.
    """

    def __init__(self, folder: Path, redis: RedisServer, *, seed: int, longest: float) -> None:
        names = [f"device-{number}" for number in range(DEVICES)]
        self._broker = Broker(folder / "broker", *names)
        self._redis = redis
        self._random = random.Random(seed)
        self._longest = longest
        self._names = names
        self.devices: list[Device] = []
        self.runs: Counter[str] = Counter()
        self.recovered: list[float] = []

    def run(self, *, requests: int, gateway_kills: int, broker_kills: int) -> float:
        """Return the seconds that all requests took."""
        kills: list[Callable[[], None]] = [self._kill_the_gateway] * gateway_kills + [
            self._kill_the_broker
        ] * broker_kills
        self._random.shuffle(kills)
        self._gateway = self._started()
        began = time.monotonic()
        self.devices = [Device(self._broker, name, requests // DEVICES) for name in self._names]
        try:
            with offload_worker(self._redis.port) as worker:
                for device in self.devices:
                    device.__enter__()
                for number, kill in enumerate(kills, start=1):
                    self._go_on_until(lambda n=number: self.answered >= requests * n / (len(kills) + 1))
                    before, moment = self.answered, time.monotonic()
                    kill()
                    self._go_on_until(lambda b=before: self.answered > b)
                    self.recovered.append(time.monotonic() - moment)
                self._go_on_until(lambda: all(device.done for device in self.devices))
                took = time.monotonic() - began
                self.runs.update(task.args[0] for task in worker.tasks)
        finally:
            for device in self.devices:
                device.__exit__()
            self._gateway.terminate()
            self._broker.kill()
        return took

    @property
    def answered(self) -> int:
        """How many requests have their answer."""
        return sum(len(device.answers) for device in self.devices)

    def _started(self) -> Role:
        arguments = ("--port", "0", "--broker-url", self._broker.url, "--redis-url", self._redis.url)
        return Role("mqtt_gateway", *arguments, environment={"BROKER_PASSWORD": password_of(GATEWAY)})

    def _go_on_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self._longest
        while not condition():
            assert time.monotonic() < deadline, f"stands still at {self.answered}; {self._gateway.logs[-5:]}"
            for device in self.devices:
                device.go_on()
            time.sleep(0.01)

    def _kill_the_gateway(self) -> None:
        self._gateway.kill()
        time.sleep(self._random.uniform(0.0, 0.3))
        self._gateway = self._started()

    def _kill_the_broker(self) -> None:
        self._broker.kill()
        time.sleep(self._random.uniform(0.0, 0.3))
        self._broker.start()


def report(fire: Fire, *, requests: int, kills: str, seed: int, took: float) -> str:
    """Return the figures of a run in one line."""
    again = sum(count - 1 for device in fire.devices for count in device.answers.values())
    resent = sum(device.resent for device in fire.devices)
    twice = sum(count > 1 for count in fire.runs.values())
    return (
        f"\n{requests} requests, {kills}, seed {seed}: {took:.1f} s; {fire.answered} answered, {twice} run twice, "
        f"{sum(len(device.foreign) for device in fire.devices)} on another's topic, "
        f"{sum(len(device.wrong) for device in fire.devices)} wrong; {resent} asked again, "
        f"{again} answers came again; longest pause after a kill {max(fire.recovered):.1f} s"
    )


def check(fire: Fire, requests: int) -> None:
    """Assert what R4 asks of a run's history."""
    asked = {f"{device.name}-{number}" for device in fire.devices for number in range(requests // DEVICES)}
    assert {name for device in fire.devices for name in device.answers} == asked, "each has its answer"
    assert fire.runs == dict.fromkeys(asked, 1), "each was run once"
    assert [device.foreign for device in fire.devices] == [[]] * DEVICES
    assert [device.wrong for device in fire.devices] == [[]] * DEVICES
