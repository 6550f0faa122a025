"""Takes PNG and WebP files apart and puts them together without their metadata. Does not encode the picture again.

PNG: W3C PNG 3rd edition, section 5. WebP: RFC 9649, section 2.
"""

import struct
import zlib
from collections.abc import Iterator

from edge_devices.photo_privacy.exif_block import EXIF_HEADER, NotReadable, refuse_hidden
from edge_devices.photo_privacy.exif_times import times_only

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT cICP pHYs bKGD acTL fcTL fdAT".split())
WEBP_KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
HAS_EXIF, HAS_XMP = 0x08, 0x04


def strip_png(content: bytes) -> bytes:
    """Return a PNG with its picture, colours, orientation and times; what trails it is gone.

    Raises:
        NotReadable: its chunks cannot be followed.
    """
    kept = [PNG_MAGIC]
    for kind, payload in _png_chunks(content):
        if kind == b"eXIf":
            exif = times_only(payload)
            if exif is not None:
                kept.append(_png_chunk(kind, exif))
        elif kind in PNG_KEPT:
            refuse_hidden(payload)
            kept.append(_png_chunk(kind, payload))
    return b"".join(kept)


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = len(PNG_MAGIC), b""
    while kind != b"IEND":
        if at + 12 > len(content):
            raise NotReadable("it ends before its picture does")
        length, kind = struct.unpack_from(">I4s", content, at)
        payload = content[at + 8 : at + 8 + length]
        sealed = content[at + 8 + length : at + 12 + length]
        # The sum also tells a damaged length from one that swallows the chunks behind it.
        if sealed != struct.pack(">I", zlib.crc32(kind + payload)):
            raise NotReadable("a chunk is damaged")
        at += 12 + length
        yield kind, payload


def _png_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def strip_webp(content: bytes) -> bytes:
    """Return a WebP file with its picture, colours, orientation and times.

    Raises:
        NotReadable: its chunks cannot be followed.
    """
    chunks = [(kind, payload) for kind, payload in _webp_chunks(content) if kind in WEBP_KEPT]
    for _, payload in chunks:
        refuse_hidden(payload)
    exif = next((times_only(_bare(payload)) for kind, payload in _webp_chunks(content) if kind == b"EXIF"), None)
    if exif is not None:
        chunks.append((b"EXIF", exif))
    body = b"".join(_webp_chunk(kind, _flagged(kind, payload, has_exif=exif is not None)) for kind, payload in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _bare(payload: bytes) -> bytes:
    """Return the TIFF block; some writers put JPEG's header before it."""
    return payload[len(EXIF_HEADER) :] if payload.startswith(EXIF_HEADER) else payload


def _webp_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    (size,) = struct.unpack_from("<I", content, 4)
    end = size + 8
    if end > len(content):
        raise NotReadable("it ends before its picture does")
    at = 12
    while at < end:
        if at + 8 > end:
            raise NotReadable("a chunk is damaged")
        kind, length = struct.unpack_from("<4sI", content, at)
        if at + 8 + length > end:
            raise NotReadable("a chunk is damaged")
        yield kind, content[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _flagged(kind: bytes, payload: bytes, *, has_exif: bool) -> bytes:
    if kind != b"VP8X" or not payload:
        return payload
    flags = payload[0] & ~(HAS_EXIF | HAS_XMP) & 0xFF
    return bytes([flags | (HAS_EXIF if has_exif else 0)]) + payload[1:]


def _webp_chunk(kind: bytes, payload: bytes) -> bytes:
    return kind + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)
