"""The way to the gateway and back over MQTT (adapter of paho). Knows no command line."""

import json
import queue
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge_devices.offload.options import OffloadOptions

ASK_AGAIN_SECONDS = 10.0
KEEPALIVE_SECONDS = 30
MOST_ANSWERS = 100


class NoAnswer(Exception):
    """The broker does not let us in, or no answer came in time."""


class OffloadLink:
    """One connection for one request.

    Args:
        note: tells the user what happens.
    """

    def __init__(self, options: OffloadOptions, note: Callable[[str], None]) -> None:
        self._options = options
        self._note = note
        self._topic = f"result/{options.user}"
        self._answers: queue.Queue[Mapping[str, Any]] = queue.Queue(MOST_ANSWERS)
        self._refused: str | None = None
        self._ready = False
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(options.user, options.password)
        if options.broker.scheme == "mqtts":
            self._client.tls_set_context(ssl.create_default_context(cafile=options.authority))
        self._client.reconnect_delay_set(1, 8)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_socket_open = _send_at_once

    def ask(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the answer to a request, which has an id; ask again while none comes.

        Raises:
            NoAnswer: there will be none, or none came in time.
        """
        place = self._options.broker
        port = place.port or (8883 if place.scheme == "mqtts" else 1883)
        self._client.connect_async(place.hostname or "", port, KEEPALIVE_SECONDS)
        self._client.loop_start()
        try:
            return self._ask(json.dumps(request), request["requestId"])
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _ask(self, payload: str, request_id: str) -> Mapping[str, Any]:
        room = "inputCode" if "files" in json.loads(payload) else "localCode"
        began, asked = time.monotonic(), float("-inf")
        while (now := time.monotonic()) - began < self._options.wait:
            if self._refused is not None:
                raise NoAnswer(f"the broker refused: {self._refused}")
            if self._ready and now - asked >= ASK_AGAIN_SECONDS:
                self._note("asked; waiting for the answer" if asked < 0 else "no answer yet: asked again")
                self._client.publish(f"{room}/{self._options.user}", payload, qos=1)
                asked = now
            try:
                answer = self._answers.get(timeout=0.2)
            except queue.Empty:
                continue
            if answer.get("requestId") == request_id:
                return answer
        what = "an answer" if asked > 0 else f"the broker {self._options.broker.netloc} to answer"
        raise NoAnswer(f"expected {what} within {self._options.wait:g} s, got none")

    # On paho's thread; what they set is read by `_ask`.

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _more: object) -> None:
        if code.is_failure:
            self._refused = f"{code} (user {self._options.user})"
        else:
            client.subscribe(self._topic, qos=1)

    def _on_disconnect(self, *_: object) -> None:
        self._ready = False

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _more: object
    ) -> None:
        if codes and codes[0].is_failure:
            self._refused = f"{self._topic} may not be read"
        self._ready = True

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            answer = json.loads(message.payload)
            if isinstance(answer, dict):
                self._answers.put_nowait(answer)
        except (ValueError, RecursionError, queue.Full):
            return  # the answer to somebody else of this name: a text, or too many


def _send_at_once(_client: mqtt.Client, _data: object, opened: Any) -> None:  # noqa: ANN401 - paho's several sockets
    """Let a request not wait until the acknowledgement before it was heard."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
