"""Speaks to the servers as legacy cloudlets do (WIRE section 0). Decides nothing."""

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from backbone.lifecycle import Part
from backbone.multipart_client import MultipartClient

REQUEST_SECONDS = 3.0
SLOWEST_BYTES_PER_SECOND = 500_000
"""A zip gets the time that it needs on a slow line; only then has the server failed."""


class ServerLink(Part):
    """Sends single requests; whoever asks tries again.

    Args:
        token: shown to the servers, where they ask for one.
    """

    def __init__(self, *, token: str | None) -> None:
        self._client = MultipartClient(token=token)

    async def post(
        self, server: str, request_type: str, fields: Mapping[str, str], *, file: tuple[str, bytes] | None = None
    ) -> int:
        """Return the status that a server answers.

        Args:
            file: name and content of the part `zip`.

        Raises:
            Unavailable: there was no answer in time.
        """
        parts = [(name, name, value.encode()) for name, value in {"requestType": request_type, **fields}.items()]
        seconds = REQUEST_SECONDS
        if file is not None:
            parts.append(("zip", *file))
            seconds += len(file[1]) / SLOWEST_BYTES_PER_SECOND
        return await self._client.post(f"{server.rstrip('/')}/", parts, seconds=seconds)

    async def stop(self) -> None:
        """Let the connections go."""
        self._client.close()


def own_address(server: str) -> str:
    """Return the address of this machine's that a server sees; nothing is sent to find it.

    Raises:
        OSError: there is no way to the server.
    """
    place = urlsplit(server)
    target = socket.getaddrinfo(place.hostname, place.port or 80, type=socket.SOCK_DGRAM)[0]
    with socket.socket(target[0], socket.SOCK_DGRAM) as probe:
        probe.connect(target[4])
        return str(probe.getsockname()[0])
