"""Speaks to the servers as legacy cloudlets do: multipart, all fields file parts (WIRE section 0). Decides nothing."""

import re
import socket
import uuid
from collections.abc import Mapping
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from backbone.errors import Unavailable

REQUEST_SECONDS = 3.0
SLOWEST_BYTES_PER_SECOND = 500_000
"""A zip gets the time that it needs on a slow line; only then has the server failed."""

NO_ANSWER = 599
"""Tornado's code for a request that failed before any status came."""

MAX_ANSWER_BYTES = 1024 * 1024
_NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')


class ServerLink:
    """Sends single requests; whoever asks tries again.

    Args:
        token: shown to the servers, where they ask for one.
    """

    def __init__(self, *, token: str | None) -> None:
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_ANSWER_BYTES)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

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
        if file is not None:
            parts.append(("zip", *file))
        boundary = uuid.uuid4().hex
        body = _multipart(parts, boundary.encode())
        request = HTTPRequest(
            f"{server.rstrip('/')}/",
            method="POST",
            headers=self._headers | {"Content-Type": f"multipart/form-data; boundary={boundary}"},
            body=body,
            connect_timeout=REQUEST_SECONDS,
            request_timeout=REQUEST_SECONDS + len(body) / SLOWEST_BYTES_PER_SECOND,
            follow_redirects=False,
        )
        try:
            answer = await self._client.fetch(request, raise_error=False)
        except (OSError, ValueError) as fault:
            raise Unavailable(f"{request_type}: expected an answer of {server}, got: {fault}") from None
        if answer.code == NO_ANSWER:
            raise Unavailable(f"{request_type}: expected an answer of {server}, got: {answer.error}")
        return answer.code

    def close(self) -> None:
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


def _multipart(parts: list[tuple[str, str, bytes]], boundary: bytes) -> bytes:
    """Return the body of parts (field, file name, content), RFC 7578."""
    pieces: list[bytes] = []
    for field, filename, content in parts:
        plain = _NEEDS_ESCAPE.sub(lambda found: f"%{ord(found[0]):02X}", filename)
        head = f'Content-Disposition: form-data; name="{field}"; filename="{plain}"'
        pieces += [b"--", boundary, b"\r\n", head.encode(), b"\r\n\r\n", content, b"\r\n"]
    return b"".join([*pieces, b"--", boundary, b"--\r\n"])
