"""How the MQTT clients of both sides of a comparison use their connection. Connects nothing."""

import socket
from typing import Any


def send_at_once(_client: object, _data: object, opened: Any) -> None:  # noqa: ANN401 - paho's several sockets
    """Let no message wait 40 ms for the acknowledgement of the one before (RFC 896 and 1122 together)."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
