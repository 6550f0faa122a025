"""A WebSocket by hand (RFC 6455): sends what no library would, reads only when it is told to."""

import asyncio
import base64
import os
import socket
import struct
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, CONTINUATION = 0x1, 0x2, 0x8, 0x9, 0x0
FINAL = 0x80
PATIENCE = 40.0


class RawSocket:
    """One connection after its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, payload: bytes, *, opcode: int = TEXT, first: int = FINAL) -> None:
        """Send one frame; `first` holds the bits beside the opcode."""
        size, mask = len(payload), os.urandom(4)
        head = bytes([first | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        else:
            head += struct.pack(">BH", 0x80 | 126, size) if size < 2**16 else struct.pack(">BQ", 0x80 | 127, size)
        repeated = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        self._writer.write(head + mask + masked)
        await self._writer.drain()

    async def receive(self) -> tuple[int, bytes] | None:
        """Return the next frame's opcode and payload, or None when the connection has ended."""
        async with asyncio.timeout(PATIENCE):
            try:
                first, size = await self._reader.readexactly(2)
                if size == 126:
                    (size,) = struct.unpack(">H", await self._reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack(">Q", await self._reader.readexactly(8))
                return first & 0x0F, await self._reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return None

    async def close_code(self) -> int | None:
        """Read to the end; return the code of the close frame, or None where the connection was cut off."""
        while (frame := await self.receive()) is not None:
            if frame[0] == CLOSE:
                return int(struct.unpack(">H", frame[1][:2])[0]) if frame[1] else 1005
        return None

    def close(self) -> None:
        self._writer.close()


async def connect(url: str, path: str, *, receive_buffer: int | None = None, headers: str = "") -> RawSocket:
    """Open a WebSocket; a small `receive_buffer` (bytes) makes a peer that stops reading felt soon."""
    place = urlsplit(url)
    raw = socket.socket()
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (place.hostname, place.port))
    # The limit is what the stream itself reads ahead: next to nothing.
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in answer, answer
    return RawSocket(reader, writer)
