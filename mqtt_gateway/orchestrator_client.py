"""Hears and asks the orchestrator as a page does: its `/client` socket and `/api`. Keeps and decides nothing."""

import json
from collections.abc import Callable
from typing import Any

import structlog
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection

from backbone.errors import Unavailable
from backbone.steady_socket import SteadySocket
from backbone.web.health import Dependency
from backbone.wire import to_client
from backbone.wire.codec import PICTURE_MESSAGE_BYTES, BadMessage, encode
from backbone.wire.from_client import Subscribe
from backbone.wire.shared import Authenticate
from backbone.wire.to_client import ToClient

ASK_SECONDS = 5.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024


class OrchestratorClient:
    """One socket, to whichever of the orchestrators answers.

    Args:
        urls: ws(s)://HOST:PORT/client, several with commas.
        token: of the role client, where the orchestrator asks for one.
    """

    def __init__(self, urls: str, *, token: str | None) -> None:
        self._socket = SteadySocket(urls, self._converse, max_message_bytes=PICTURE_MESSAGE_BYTES)
        self._token = token
        self._http = AsyncHTTPClient(force_instance=True, max_body_size=MAX_ANSWER_BYTES, max_clients=4)
        self._heard: Callable[[ToClient], None] = lambda _message: None
        self._opened: Callable[[], None] = lambda: None
        self._closed: Callable[[], None] = lambda: None
        self.connected = False

    async def run(
        self, *, heard: Callable[[ToClient], None], opened: Callable[[], None], closed: Callable[[], None]
    ) -> None:
        """Stay connected until cancelled and hand on what is said; `closed` is called at first, too."""
        self._heard, self._opened, self._closed = heard, opened, closed
        closed()
        await self._socket.run()

    async def _converse(self, connection: WebSocketClientConnection) -> None:
        try:
            if self._token is not None:
                await connection.write_message(encode(Authenticate(jwt=self._token)))
            await connection.write_message(encode(Subscribe(sightings=True, cameras=True)))
            while (raw := await connection.read_message()) is not None:
                try:
                    message = to_client.decode(raw)
                except BadMessage as fault:
                    structlog.get_logger().warning("bad_message", reason=fault.message)
                    continue
                if not self.connected:
                    self._note_connected()
                self._heard(message)
        finally:
            self.connected = False
            self._closed()

    def _note_connected(self) -> None:
        """The first message shows that it lets us in."""
        self.connected = True
        structlog.get_logger().info("orchestrator_connected", url=self._socket.url)
        self._opened()

    async def data_of(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        """Return what `/api/...` answers under the key `data`.

        Raises:
            Unavailable: no such answer came in time.
        """
        try:
            return json.loads(await self._ask(path))["data"]
        except (ValueError, KeyError, TypeError) as fault:
            raise Unavailable(f"expected JSON with data from {path}, got: {fault}") from None

    async def crop(self, sighting_id: str) -> bytes | None:
        """Return a sighting's picture, None when it is gone.

        Raises:
            Unavailable: no answer came in time.
        """
        try:
            return await self._ask(f"/api/sightings/{sighting_id}/crop.jpg")
        except FileNotFoundError:
            return None

    async def _ask(self, path: str) -> bytes:
        url = self._socket.url.replace("ws", "http", 1).removesuffix("/client") + path
        headers = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        try:
            answer = await self._http.fetch(
                HTTPRequest(url, headers=headers, connect_timeout=ASK_SECONDS, request_timeout=ASK_SECONDS)
            )
        except HTTPClientError as fault:
            if fault.code == 404:
                raise FileNotFoundError(path) from None
            raise Unavailable(f"expected {path} from the orchestrator, got: {fault}") from None
        except OSError as fault:
            raise Unavailable(f"expected the orchestrator to answer, got: {fault}") from None
        return bytes(answer.body)

    def state(self) -> Dependency:
        """Return whether an orchestrator is there."""
        return Dependency(ok=self.connected, detail="connected" if self.connected else self._socket.last_error)

    async def aclose(self) -> None:
        """Let the connections go."""
        self._http.close()
