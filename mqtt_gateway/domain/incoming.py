"""A message as the broker handed it over, and where its answer goes. Neither reads nor sends it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message.

    Attributes:
        packet: the broker's number of it on this session, with which it is acknowledged.
        again: the broker may have handed it over before (DUP).
        kept: it was retained, so it is no news.
        connection: number of the connection that it came by; on another one `packet` means something else.
        response_topic, correlation: MQTT 5 properties (OASIS MQTT 5.0 section 4.10), None where absent.
    """

    topic: str
    payload: bytes
    qos: int
    packet: int
    again: bool
    kept: bool
    connection: int
    response_topic: str | None = None
    correlation: bytes | None = None
