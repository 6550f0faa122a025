"""Messages are settled once they were acted on, retained ones are no requests, and Home Assistant's start is heard."""

import asyncio
import contextlib

import pytest
from prometheus_client import CollectorRegistry

from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.handlers_mqtt import MqttHandler
from mqtt_gateway.metrics import GatewayMetrics
from tests.fakes.waiting import until
from tests.unit.mqtt_gateway.fakes import FakeLink


class Requests:
    """Takes requests, each as long as it is told to."""

    def __init__(self) -> None:
        self.taken, self.go_on = [], asyncio.Event()
        self.go_on.set()

    async def take(self, message: Incoming) -> None:
        self.taken.append(message)
        await self.go_on.wait()


@pytest.fixture
async def setup():
    link, requests, registry, renewed = FakeLink(), Requests(), CollectorRegistry(), []
    handler = MqttHandler(
        link=link,
        requests=requests,
        status_topic="homeassistant/status",
        renew=[lambda: renewed.append(True)],
        metrics=GatewayMetrics(registry),
    )
    running = asyncio.create_task(handler.run())
    await until(lambda: renewed == [True])
    yield link, requests, registry, renewed
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def message(topic: str, payload: bytes = b"", *, kept: bool = False) -> Incoming:
    return Incoming(topic, payload, qos=1, packet=1, again=False, kept=kept, connection=1)


async def test_a_request_is_settled_when_it_was_acted_on_and_not_before(setup):
    link, requests, _, _ = setup
    requests.go_on.clear()
    link.take(request := message("localCode/a"))
    await until(lambda: requests.taken == [request])
    assert link.settled == []
    requests.go_on.set()
    await until(lambda: link.settled == [request])


async def test_a_retained_request_is_counted_and_not_taken(setup):
    link, requests, registry, _ = setup
    link.take(message("localCode/a", kept=True))
    await until(lambda: len(link.settled) == 1)
    assert requests.taken == []
    assert registry.get_sample_value("mqtt_gateway_dropped_total", {"reason": "retained"}) == 1


async def test_everything_is_told_again_when_home_assistant_has_started(setup):
    link, requests, _, renewed = setup
    link.take(message("homeassistant/status", b"offline"))
    link.take(message("homeassistant/status", b"online"))
    await until(lambda: len(link.settled) == 2)
    assert (renewed, requests.taken) == ([True, True], [])
