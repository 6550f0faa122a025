"""Picture files, sound and hostile, made in memory."""

import io
import struct
import zlib

from PIL import Image


def picture(width=6, height=4, colour=(250, 10, 10), mode="RGB"):
    return Image.new("RGB", (width, height), colour).convert(mode)


def encoded(image, kind="PNG", **options):
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def lying_png(width, height):
    """A PNG that claims a size and has no pixels behind it."""

    def chunk(name, body):
        return struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


HOSTILE = {
    "bomb.png": lying_png(50_000, 50_000),
    "just_over.png": lying_png(8_000, 5_001),
    "empty.jpg": b"",
    "truncated.jpg": encoded(picture(400, 300), "JPEG")[:-400],
    "truncated.png": encoded(picture(400, 300))[:60],
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "page.jpg": b"<html><script>alert(1)</script></html>",
    "moving.gif": encoded(picture(), "GIF"),
    "photo.bmp": encoded(picture(), "BMP"),
    "scan.tiff": encoded(picture(), "TIFF"),
    "garbage.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(range(256)),
    "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
}
