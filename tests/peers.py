"""Plain WebSocket peers that speak the wire by hand, as legacy clients and processors do."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PATIENCE = 40.0


class Peer:
    """One open socket; messages are JSON values."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.seen: list[Any] = []

    async def say(self, **message: Any) -> None:
        await self.connection.write_message(json.dumps(message))

    async def say_raw(self, raw: str | bytes, *, binary: bool = False) -> None:
        await self.connection.write_message(raw, binary=binary)

    async def hear(self, kind: str | None = None, *, patience: float = PATIENCE) -> Any:
        """Return the next message (of a kind); bytes are returned as they are, None means closed."""
        async with asyncio.timeout(patience):
            while True:
                raw = await self.connection.read_message()
                message = json.loads(raw) if isinstance(raw, str) else raw
                self.seen.append(message)
                if message is None or kind is None or (isinstance(message, dict) and message.get("type") == kind):
                    return message

    async def hears_nothing(self, kind: str, marker: dict[str, Any]) -> None:
        """Check that no message of a kind came before `marker`, a message that the caller has provoked."""
        while (message := await self.hear()) != marker:
            assert message is not None
            assert message["type"] != kind, message

    def close(self) -> None:
        self.connection.close()


@asynccontextmanager
async def peer(url: str, path: str, *, headers: dict[str, str] | None = None) -> AsyncIterator[Peer]:
    address = url.replace("http://", "ws://") + path
    opened = Peer(await websocket_connect(HTTPRequest(address, headers=headers), max_message_size=32 * 1024 * 1024))
    try:
        yield opened
    finally:
        opened.close()


@asynccontextmanager
async def processor(url: str, camera_id: str | int, **kwargs: Any) -> AsyncIterator[Peer]:
    async with peer(url, "/processor", **kwargs) as opened:
        await opened.say(type="identifier", id=camera_id)
        yield opened


@asynccontextmanager
async def client(url: str, **kwargs: Any) -> AsyncIterator[Peer]:
    async with peer(url, "/client", **kwargs) as opened:
        yield opened
