"""An MQTT client for tests: what it was told, and what the broker said to its wishes (version 5: refusals show)."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tests.broker import password_of
from tests.processes import wait_until


class Place(Protocol):
    """Where a broker answers on loopback."""

    @property
    def port(self) -> int:
        """Its port."""


@dataclass
class Client:
    """One connection, living through restarts of the broker unless told otherwise."""

    broker: Place
    user: str | None
    client_id: str = ""
    password: str | None = None
    version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5
    wants: tuple[str, ...] = ()
    keeps_session: bool = False
    """Whether the broker keeps what comes while this client, by its own client id, is away (version 3.1.1)."""
    heard: list[mqtt.MQTTMessage] = field(default_factory=list)
    on_message: Callable[[mqtt.MQTTMessage], None] | None = None

    def __enter__(self) -> "Client":
        self._acknowledged: dict[int, ReasonCode] = {}
        self._granted: dict[int, list[ReasonCode]] = {}
        self.refused: ReasonCode | None = None
        self._subscribed = threading.Event()
        clean = None if self.version == MQTTProtocolVersion.MQTTv5 else not self.keeps_session
        self.mqtt = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=self.version, clean_session=clean
        )
        if self.user is not None:
            self.mqtt.username_pw_set(self.user, self.password or password_of(self.user))
        self.mqtt.reconnect_delay_set(0.2, 1)
        self.mqtt.on_connect = self._connected
        self.mqtt.on_socket_open = lambda _client, _data, opened: opened.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self.mqtt.on_message = lambda _client, _data, message: self._hear(message)
        self.mqtt.on_publish = lambda _client, _data, mid, code, _properties: self._acknowledged.update({mid: code})
        self.mqtt.on_subscribe = self._on_subscribe
        self.mqtt.connect_async("127.0.0.1", self.broker.port)
        self.mqtt.loop_start()
        wait_until(lambda: self.mqtt.is_connected() or self.refused, f"{self.user} to be let in or refused")
        if self.wants and self.refused is None:
            assert self._subscribed.wait(20), "no answer to a subscription"
        return self

    def __exit__(self, *_: object) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()

    def _connected(self, client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _more: object) -> None:
        if code.is_failure:
            self.refused = code
        elif self.wants:
            client.subscribe([(topic, 1) for topic in self.wants])

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, mid: int, codes: list[ReasonCode], _more: object
    ) -> None:
        self._granted[mid] = codes
        self._subscribed.set()

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        if self.on_message is not None:
            self.on_message(message)
        self.heard.append(message)

    def publish(
        self, topic: str, payload: str | bytes, *, retain: bool = False, properties: Properties | None = None
    ) -> ReasonCode:
        """Publish at QoS 1 and return the broker's word on it."""
        mid = self.mqtt.publish(topic, payload, qos=1, retain=retain, properties=properties).mid
        wait_until(lambda: mid in self._acknowledged, f"an answer to what was published on {topic}")
        return self._acknowledged[mid]

    def subscribe(self, topic: str) -> ReasonCode:
        """Subscribe and return the broker's word on it."""
        mid = self.mqtt.subscribe(topic, 1)[1]
        wait_until(lambda: mid in self._granted, f"an answer to the subscription of {topic}")
        return self._granted[mid][0]

    def payloads(self, topic: str) -> list[str]:
        """Return what was heard on one topic, in order."""
        return [message.payload.decode() for message in list(self.heard) if message.topic == topic]
