"""The WebSocket to a relay, ours or a legacy one. Does not know what the texts mean."""

from types import TracebackType
from typing import Protocol, Self

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import ClientConnection, connect

from edge_devices.snap_relay.words import MOST_BYTES

OPEN_SECONDS = 5.0
PING_SECONDS = 10.0
MOST_WAITING = 1_024
"""Texts of others that may wait while a picture is taken; more are left unread by then."""


class RelayAway(Exception):
    """The relay cannot be reached, does not let us in, or the connection is lost; the text says which."""


class Link(Protocol):
    """A connection to a relay; every method may raise `RelayAway`."""

    def send(self, text: str) -> None:
        """Send a text."""

    def receive(self, seconds: float) -> str | None:
        """Return the next text, None when none came in time."""


class RelayLink:
    """One connection.

    Raises:
        RelayAway: from every method.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            self._socket: ClientConnection = connect(
                url,
                additional_headers=headers,
                open_timeout=OPEN_SECONDS,
                close_timeout=2.0,
                ping_interval=PING_SECONDS,
                ping_timeout=PING_SECONDS,
                max_size=2 * MOST_BYTES,
                max_queue=MOST_WAITING,
                compression=None,
            )
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError, ConnectionClosed) as fault:
            raise RelayAway(f"{url}: {fault or type(fault).__name__}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, text: str) -> None:
        """Send a text."""
        try:
            self._socket.send(text)
        except (ConnectionClosed, OSError) as fault:
            raise RelayAway(f"lost the connection: {fault}") from None

    def receive(self, seconds: float) -> str | None:
        """Return the next text; None when none came in time. What is no text is passed over."""
        try:
            came = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as fault:
            raise RelayAway(f"lost the connection: {fault}") from None
        return came if isinstance(came, str) else ""
