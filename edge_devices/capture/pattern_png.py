"""A test picture without any library: stripes that differ from one picture to the next. For trials without a camera."""

import struct
import zlib

WIDTH, HEIGHT = 320, 240


def pattern_png(number: int) -> bytes:
    """Return the PNG (RGB, 320 x 240) of that number."""
    rows = b"".join(b"\x00" + _row(number, y) for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _row(number: int, y: int) -> bytes:
    pixels = bytearray()
    for x in range(0, WIDTH, 8):
        pixels += bytes(((x + 16 * number) % 256, (y + 4 * number) % 256, number % 256)) * 8
    return bytes(pixels)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
