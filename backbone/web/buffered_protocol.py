"""Tornado's WebSocket protocol, read a buffer at a time. Adds nothing to what Tornado accepts or refuses.

Tornado asks the stream for each part of a frame by itself: head, mask, payload. Here what the kernel holds is taken at
once, and every usual message that is whole in it (one frame, masked, under 64 KiB) is handed on without waiting; all
else goes Tornado's way, which reads from the same buffer. A message of 500 bytes costs a third so much.
"""

import asyncio

from tornado.iostream import StreamClosedError

from backbone.web.tornado_private import OpenProtocol, unmasked

CHUNK_BYTES = 65_536
TURN_MESSAGES = 64
"""After so many messages of one peer the others have their turn."""

_TEXT, _BINARY = 0x81, 0x82  # final, no extension bits
_MASKED, _MEDIUM, _LONG = 0x80, 126, 127
_MASK_BYTES = 4


class BufferedProtocol(OpenProtocol):
    """One connection's protocol; see the module."""

    _unread: bytearray | None = None

    async def read_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes; Tornado's own reading of a frame calls this for each part."""
        unread = self._buffer()
        while (missing := size - len(unread)) > 0:
            unread += await self.stream.read_bytes(max(missing, CHUNK_BYTES), partial=True)
        data = bytes(unread[:size])
        del unread[:size]
        return data

    async def read_all(self) -> None:
        """Read until the connection ends, then tell the handler; the next message waits until one is done."""
        unread, turn, plain = self._buffer(), 0, self.takes_plain_messages()
        try:
            while not self.client_terminated:
                if not unread:
                    unread += await self.stream.read_bytes(CHUNK_BYTES, partial=True)
                message = self._whole_message(unread) if plain else None
                if message is None:
                    await self.read_frame()
                    plain = self.takes_plain_messages()
                elif (handled := self.handle_message(*message)) is not None:
                    await handled
                turn += 1
                if turn >= TURN_MESSAGES:
                    turn = 0
                    await asyncio.sleep(0)
        except StreamClosedError:
            self.abort()
        finally:
            self.handler.on_ws_connection_close(self.close_code, self.close_reason)

    def _buffer(self) -> bytearray:
        if self._unread is None:
            self._unread = bytearray()
        return self._unread

    def _whole_message(self, unread: bytearray) -> tuple[int, bytes] | None:
        """Take one usual message out of the buffer: its opcode and payload (RFC 6455 section 5.2), or None."""
        if len(unread) < 2 or unread[0] not in (_TEXT, _BINARY) or not unread[1] & _MASKED:
            return None
        size, start = unread[1] & ~_MASKED, 2 + _MASK_BYTES
        if size == _MEDIUM:
            size, start = int.from_bytes(unread[2:4], "big"), start + 2
        elif size == _LONG:
            return None
        end = start + size
        if len(unread) < end or size > self.params.max_message_size:
            return None
        opcode = unread[0] & 0x0F
        payload = unmasked(bytes(unread[start - _MASK_BYTES : start]), bytes(unread[start:end]))
        del unread[:end]
        return opcode, payload
