"""Posts forms whose every part is a file part, as legacy servers and cloudlets do (WIRE section 0); decides nothing."""

import re
import uuid
from collections.abc import Sequence

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from backbone.errors import Unavailable

CONNECT_SECONDS = 3.0
MAX_ANSWER_BYTES = 1024 * 1024
MAX_REQUESTS = 100
"""As many at once; more wait."""

_NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')

Part = tuple[str, str, bytes]
"""Field, file name, content."""


class MultipartClient:
    """Sends single requests; whoever asks tries again.

    Args:
        token: shown to the other side, where it asks for one.
    """

    def __init__(self, *, token: str | None = None) -> None:
        self._client = AsyncHTTPClient(force_instance=True, max_body_size=MAX_ANSWER_BYTES, max_clients=MAX_REQUESTS)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def post(self, url: str, parts: Sequence[Part], *, seconds: float) -> int:
        """Return the status that comes within `seconds`.

        Raises:
            Unavailable: none came; the other side may have done what it was asked or not.
        """
        boundary = uuid.uuid4().hex
        request = HTTPRequest(
            url,
            method="POST",
            headers=self._headers | {"Content-Type": f"multipart/form-data; boundary={boundary}"},
            body=multipart(parts, boundary.encode()),
            connect_timeout=CONNECT_SECONDS,
            request_timeout=seconds,
            follow_redirects=False,
        )
        try:
            # Asked not to raise, tornado still does where no status came: time, name, connection.
            answer = await self._client.fetch(request, raise_error=False)
        except (HTTPClientError, OSError, ValueError) as fault:
            raise Unavailable(f"expected an answer of {url} within {seconds:g} s, got: {fault}") from None
        return answer.code

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()


def multipart(parts: Sequence[Part], boundary: bytes) -> bytes:
    """Return the body of parts, RFC 7578; file names are escaped as browsers do."""
    pieces: list[bytes] = []
    for field, filename, content in parts:
        plain = _NEEDS_ESCAPE.sub(lambda found: f"%{ord(found[0]):02X}", filename)
        head = f'Content-Disposition: form-data; name="{field}"; filename="{plain}"'
        pieces += [b"--", boundary, b"\r\n", head.encode(), b"\r\n\r\n", content, b"\r\n"]
    return b"".join([*pieces, b"--", boundary, b"--\r\n"])
