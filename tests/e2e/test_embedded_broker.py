"""The broker of an embedded run, whichever this machine has: it answers, and knows who may say what."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from searchlight import embedded_broker as module
from searchlight.embedded_broker import DEVICE, GATEWAY, HOME, EmbeddedBroker, embedded_broker
from tests.fakes.offload_worker import offload_worker
from tests.mqtt_client import Client, MQTTProtocolVersion
from tests.processes import free_port, role, wait_until


@contextmanager
def running(broker: EmbeddedBroker, log) -> Iterator[subprocess.Popen]:
    with log.open("ab") as out:
        environment = os.environ | broker.program.environment
        process = subprocess.Popen(broker.program.command, env=environment, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=40)


class Place:
    """What `tests.mqtt_client` wants to know of a broker."""

    def __init__(self, port: int) -> None:
        self.port = port


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_a_device_is_served_and_reads_nobody_elses_answers(kind, tmp_path, redis_server, monkeypatch):
    if kind == "amqtt":
        monkeypatch.setattr(module.shutil, "which", lambda *_, **__: None)
    port = free_port()
    broker = embedded_broker(tmp_path / "broker", port=port)
    assert kind in broker.origin
    assert embedded_broker(tmp_path / "broker", port=port).password == broker.password, "a second run has the same"
    arguments = ("--port", "0", "--broker-url", broker.url, "--redis-url", redis_server.url)
    arguments += ("--mqtt-version", broker.version)
    environment = {"BROKER_PASSWORD": broker.password}
    old = MQTTProtocolVersion.MQTTv311
    with running(broker, tmp_path / "log"), role("mqtt_gateway", *arguments, environment=environment) as gateway:
        gateway.wait_for_event("broker_connected")
        password = broker.device.read_text(encoding="utf-8")
        home_password = (tmp_path / "broker" / f"{HOME}.password").read_text(encoding="utf-8")
        place = Place(port)
        with (
            offload_worker(redis_server.port),
            Client(place, DEVICE, password=password, version=old, wants=(f"result/{DEVICE}",)) as device,
            Client(place, HOME, password=home_password, version=old, wants=("searchlight/#",)) as home,
        ):
            home.subscribe(f"result/{DEVICE}")
            home.mqtt.publish(f"result/{DEVICE}", "forged", qos=0)
            device.mqtt.publish(f"localCode/{DEVICE}", "7 8", qos=1)
            wait_until(lambda: device.payloads(f"result/{DEVICE}"), "the answer")
            assert device.payloads(f"result/{DEVICE}") == ["7 8"]
            wait_until(lambda: home.payloads("searchlight/available"), "the gateway's word")
            assert home.payloads(f"result/{DEVICE}") == []
        for wrong in (DEVICE, GATEWAY):
            with Client(place, wrong, password="wrong", version=old) as stranger:
                assert stranger.refused is not None
