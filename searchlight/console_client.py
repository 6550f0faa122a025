"""Speaks to an orchestrator as a page does: waits for it, opens a case, hears sightings. Prints nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.websocket import WebSocketClientConnection, websocket_connect

from backbone.errors import Unavailable
from backbone.wire import to_client
from backbone.wire.codec import encode
from backbone.wire.from_client import Subscribe
from backbone.wire.to_client import ToClient

ASK_SECONDS = 0.2


async def wait_until_ready(url: str, *, seconds: float) -> None:
    """Return once `url` answers `/readyz` with 200.

    Raises:
        Unavailable: it did not within `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await _is_ready(url):  # noqa: ASYNC110 - another process gets ready: there is no event to await
                await asyncio.sleep(ASK_SECONDS)
    except TimeoutError:
        raise Unavailable(f"expected {url} to be ready within {seconds:g} s, got no such answer") from None


async def wait_until_open(url: str, name: str, *, seconds: float) -> None:
    """Return once a case is open, its photos encoded.

    Raises:
        Unavailable: it was not within `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            while name not in await _open_cases(url):  # noqa: ASYNC110 - another process opens it
                await asyncio.sleep(ASK_SECONDS)
    except TimeoutError:
        raise Unavailable(f"expected the case {name!r} to be open within {seconds:g} s, it was not") from None


async def _open_cases(url: str) -> list[str]:
    return [case["name"] for case in await data_of(f"{url}/api/cases") if case["state"] == "open"]


async def _is_ready(url: str) -> bool:
    try:
        await AsyncHTTPClient().fetch(f"{url}/readyz", request_timeout=5)
    except (HTTPClientError, OSError):
        return False
    return True


async def data_of(url: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return what `url` answers under the key `data`."""
    answer = await AsyncHTTPClient().fetch(url, request_timeout=5)
    return json.loads(answer.body)["data"]


async def source_started_at(url: str) -> float:
    """Return when a camera processor's source began to play, seconds since the epoch; 0.0 before it did."""
    answer = await AsyncHTTPClient().fetch(f"{url}/metrics", request_timeout=5)
    for line in answer.body.decode().splitlines():
        if line.startswith("camera_processor_source_started_timestamp_seconds "):
            return float(line.rpartition(" ")[2])
    return 0.0


async def open_case(url: str, photo: Path, *, name: str) -> None:
    """Open a case from one photo at an orchestrator; a worker encodes it."""
    boundary, content = uuid4().hex, await asyncio.to_thread(photo.read_bytes)
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\n{name}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="{photo.name}"\r\n\r\n'
        ).encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    await AsyncHTTPClient().fetch(f"{url}/api/cases", method="POST", headers=kind, body=body)


class ConsoleClient:
    """One open `/client` socket."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection

    async def subscribe(self) -> None:
        """Ask for sightings."""
        await self._connection.write_message(encode(Subscribe(sightings=True)))

    async def messages(self) -> AsyncIterator[ToClient]:
        """Yield what the orchestrator says, until it closes the socket."""
        while (raw := await self._connection.read_message()) is not None:
            yield to_client.decode(raw)


@asynccontextmanager
async def console_client(url: str) -> AsyncIterator[ConsoleClient]:
    """Open `/client` of an orchestrator for the length of a block."""
    address = url.replace("http", "ws", 1) + "/client"
    connection = await websocket_connect(address, connect_timeout=10, max_message_size=16 * 1024 * 1024)
    try:
        yield ConsoleClient(connection)
    finally:
        connection.close()
