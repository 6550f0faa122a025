"""What is used of Tornado without its promise: the one file that names its private parts. Decides nothing by itself.

pyproject.toml therefore bounds Tornado below its next minor version, and the tests of this file fail when a part is
gone, takes something else or means something else. Where every message passes, a part is an alias: that costs nothing.
"""

from collections.abc import Coroutine
from typing import Any

from tornado.iostream import IOStream
from tornado.util import _websocket_mask
from tornado.websocket import WebSocketProtocol13

__all__ = ["OpenProtocol", "OpenStream", "unmasked"]

unmasked = _websocket_mask
"""(mask: 4 bytes, data) -> data with the mask applied (RFC 6455 section 5.3), in C where Tornado has it."""


class OpenProtocol(WebSocketProtocol13):
    """One connection's protocol whose reading may be replaced: override `read_all`, `read_exactly`, `before_abort`."""

    read_frame = WebSocketProtocol13._receive_frame
    """Read one frame in Tornado's way, by `read_exactly`, and hand on the message that it completes."""

    handle_message = WebSocketProtocol13._handle_message
    """(opcode, payload) of a whole message -> None, or what must be awaited before the next message."""

    async def read_all(self) -> None:
        """Read until the connection ends, then call `handler.on_ws_connection_close`."""
        await super()._receive_frame_loop()

    async def read_exactly(self, size: int) -> bytes:
        """Return the next `size` bytes of the connection."""
        return await super()._read_bytes(size)

    def before_abort(self) -> None:
        """Hear that the connection is about to be closed without a word; it may be closed already."""

    def abort(self) -> None:
        """Close the connection without a word."""
        self._abort()

    def takes_plain_messages(self) -> bool:
        """Say whether the next frame may be a message by itself: nothing is compressed, and no fragments wait.

        Holds until the next `read_frame`: nothing else changes it.
        """
        return self._decompressor is None and self._fragmented_message_buffer is None

    async def _receive_frame_loop(self) -> None:
        await self.read_all()

    def _read_bytes(self, n: int) -> Coroutine[Any, Any, bytes]:
        return self.read_exactly(n)

    def _abort(self) -> None:
        self.before_abort()
        super()._abort()


class OpenStream(IOStream):
    """A stream that tells whether bytes which it received wait in it to be read."""

    def holds_unread(self) -> bool:
        """Say whether the next read is answered, at least in part, without the socket."""
        return self._read_buffer_size > 0
