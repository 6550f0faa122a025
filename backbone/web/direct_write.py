"""Bytes straight to the socket of an idle stream: one system call, no task, no copy. Never waits."""

import struct

from tornado.iostream import IOStream

_FINAL_TEXT = 0x81
_SHORT, _MEDIUM = 126, 1 << 16


def text_frame(payload: bytes) -> bytes:
    """Return one unmasked WebSocket text frame, as a server sends it (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < _SHORT:
        head = struct.pack("!BB", _FINAL_TEXT, size)
    elif size < _MEDIUM:
        head = struct.pack("!BBH", _FINAL_TEXT, 126, size)
    else:
        head = struct.pack("!BBQ", _FINAL_TEXT, 127, size)
    return head + payload


def write_now(stream: IOStream | None, data: bytes) -> bool:
    """Write `data` and return True, or False when the stream is busy, closed or encrypted: then nothing was written.

    What the kernel does not take of it at once stays in the stream's own buffer, and makes it busy.
    """
    if type(stream) is not IOStream or stream.closed() or stream.writing():
        return False
    try:
        sent = stream.socket.send(data)
    except OSError:  # full, or broken: the stream's ordinary way finds out which
        return False
    if sent < len(data):
        stream.write(memoryview(data)[sent:])
    return True
