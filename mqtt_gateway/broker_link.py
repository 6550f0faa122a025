"""The connection to the MQTT broker (adapter of paho): stays connected, hands messages over, publishes. Reads none.

paho's network loop has its own thread. Its callbacks only hand over to the event loop; nothing waits in them.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from backbone.web.health import Dependency
from mqtt_gateway.domain.incoming import Incoming
from mqtt_gateway.metrics import GatewayMetrics

KEEPALIVE_SECONDS = 15
FIRST_WAIT, LONGEST_WAIT = 0.2, 5
SESSION_SECONDS = 7 * 86_400
"""How long the broker keeps what came while nobody was here."""
MOST_IN_HAND = 2_000
MOST_OUTGOING = 500
GOODBYE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Login:
    """Who the gateway is to the broker.

    Args:
        session: the client id, always the same: the broker keeps the session by it.
        version: "5", or "3.1.1" for a broker that speaks no other.
        authority: PEM file of who signed the broker's certificate; None: the system's.
    """

    url: str
    user: str
    password: str | None
    session: str
    version: str
    authority: str | None = None


class BrokerLink:
    """One connection with a session that outlives it.

    Args:
        topics: what is subscribed at QoS 1, on every connection anew.
        available: the topic that says `online`, and by the broker's word `offline` when this process is gone.
    """

    def __init__(
        self,
        login: Login,
        *,
        topics: Sequence[str],
        available: str,
        metrics: GatewayMetrics,
    ) -> None:
        self._login = login
        self._topics = topics
        self._available = available
        self._metrics = metrics
        self._five = login.version == "5"
        self._loop: asyncio.AbstractEventLoop | None = None
        self._published: dict[int, asyncio.Future[None]] = {}
        self._room = asyncio.Semaphore(MOST_OUTGOING)
        self._in_hand = 0
        self._counting = threading.Lock()
        self._overflowed = False
        self._connection = 0
        self._is_connected = False
        self._last_error = "not connected yet"
        self._client = self._made()

    def _made(self) -> mqtt.Client:
        version = MQTTProtocolVersion.MQTTv5 if self._five else MQTTProtocolVersion.MQTTv311
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._login.session,
            protocol=version,
            clean_session=None if self._five else False,
            manual_ack=True,
        )
        client.username_pw_set(self._login.user, self._login.password)
        if self._login.url.startswith("mqtts:"):
            client.tls_set_context(ssl.create_default_context(cafile=self._login.authority))
        client.will_set(self._available, b"offline", qos=1, retain=True)
        client.reconnect_delay_set(FIRST_WAIT, LONGEST_WAIT)  # type: ignore[arg-type] # paho works with floats
        client.max_inflight_messages_set(MOST_OUTGOING)
        client.on_connect = self._on_connect
        client.on_connect_fail = lambda _client, _data: self._hand_over(self._down, "the broker does not answer")
        client.on_disconnect = lambda _client, _data, _flags, code, _more: self._hand_over(self._down, str(code))
        client.on_message = self._on_message
        client.on_socket_open = _send_at_once
        client.on_publish = self._on_publish
        return client

    async def run(self, *, take: Callable[[Incoming], None], connected: Callable[[], None]) -> None:
        """Stay connected until cancelled, then say goodbye.

        Args:
            take: called for each message on the event loop; `settle` each of them.
            connected: called on the event loop after each connection.
        """
        self._take, self._tell_connected = take, connected
        self._loop = asyncio.get_running_loop()
        place = urlsplit(self._login.url)
        options: dict[str, Any] = {}
        if self._five:
            lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's
            lasting.SessionExpiryInterval = SESSION_SECONDS
            options = {"clean_start": False, "properties": lasting}
        port = place.port or (8883 if place.scheme == "mqtts" else 1883)
        self._client.connect_async(place.hostname or "", port, KEEPALIVE_SECONDS, **options)
        self._client.loop_start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            if self._is_connected:
                self._client.publish(self._available, b"offline", qos=1, retain=True)
            self._client.disconnect()
            await self._end_loop()

    async def _end_loop(self) -> None:
        """Wait for paho's thread, which waits for what the broker has not acknowledged: not for ever."""
        ending = threading.Thread(target=self._client.loop_stop, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, GOODBYE_SECONDS)

    def state(self) -> Dependency:
        """Return whether the broker is there."""
        return Dependency(ok=self._is_connected, detail="connected" if self._is_connected else self._last_error)

    # What comes in: on paho's thread, then on ours.

    def _hand_over(self, what: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                self._loop.call_soon_threadsafe(what, *arguments)

    def _on_connect(self, client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _more: object) -> None:
        if code.is_failure:
            self._hand_over(self._down, f"refused: {code}")
            return
        if self._five:
            # What was retained is no request: it is not asked for.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            client.subscribe([(topic, options) for topic in self._topics])
        else:
            client.subscribe([(topic, 1) for topic in self._topics])
        client.publish(self._available, b"online", qos=1, retain=True)
        self._connection += 1
        self._hand_over(self._up)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with self._counting:
            if self._in_hand >= MOST_IN_HAND:
                self._overflowed = self._overflowed or message.qos > 0
                self._metrics.dropped.labels("too_many_at_once").inc()
                return
            self._in_hand += 1
        properties = message.properties
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        incoming = Incoming(
            topic=topic,
            payload=bytes(message.payload),
            qos=message.qos,
            packet=message.mid,
            again=message.dup,
            kept=message.retain,
            connection=self._connection,
            response_topic=getattr(properties, "ResponseTopic", None),
            correlation=getattr(properties, "CorrelationData", None),
        )
        self._hand_over(self._take, incoming)

    def _on_publish(self, _client: mqtt.Client, _data: object, mid: int, code: ReasonCode, _more: object) -> None:
        self._hand_over(self._is_published, mid, code)

    def _up(self) -> None:
        self._is_connected = True
        self._metrics.connected.set(1)
        self._metrics.connections.inc()
        structlog.get_logger().info("broker_connected", connection=self._connection)
        self._tell_connected()

    def _down(self, reason: str) -> None:
        if self._is_connected or reason != self._last_error:
            structlog.get_logger().warning("broker_away", reason=reason)
        self._is_connected, self._last_error = False, reason
        self._metrics.connected.set(0)

    def settle(self, message: Incoming, *, done: bool = True) -> None:
        """Let go of a message; one that is done is acknowledged, another one comes again with the next connection."""
        if done and message.qos > 0 and message.connection == self._connection:
            self._client.ack(message.packet, message.qos)
        with self._counting:
            self._in_hand -= 1
            again = self._overflowed and self._in_hand == 0
            self._overflowed = self._overflowed and not again
        if again:
            # What there was no room for was not acknowledged: the broker sends it on a new connection.
            structlog.get_logger().warning("messages_fetched_again")
            self._client.reconnect()

    # What goes out.

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes | None = None
    ) -> None:
        """Publish at QoS 1 and return once the broker has it, however long it is away."""
        properties = None
        if correlation is not None and self._five:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's
            properties.CorrelationData = correlation
        async with self._room:
            mid = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties).mid
            future = self._published[mid] = asyncio.get_running_loop().create_future()
            try:
                await future
            finally:
                self._published.pop(mid, None)

    def _is_published(self, mid: int, code: ReasonCode) -> None:
        if code.is_failure:
            self._metrics.refused_by_broker.labels(code.getName()).inc()
            structlog.get_logger().error("broker_refused", reason=code.getName())
        future = self._published.get(mid)
        if future is not None and not future.done():
            future.set_result(None)


def _send_at_once(_client: mqtt.Client, _data: object, opened: Any) -> None:  # noqa: ANN401 - paho's several sockets
    """Let an answer not wait until the acknowledgement before it was heard (RFC 896 and 1122 together: 40 ms)."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
