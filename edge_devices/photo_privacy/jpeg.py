"""Takes a JPEG apart and puts it together without its metadata; the picture itself is not encoded again.

Only what a decoder needs is kept, and only in the form that it must have, so that a damaged file cannot smuggle an
EXIF block through under another marker. What stands inside the compressed picture is not looked at. ITU-T T.81 annex B.
"""

import re
import struct
from collections.abc import Callable, Iterator

from edge_devices.photo_privacy.exif_block import EXIF_HEADER, NotReadable, refuse_hidden
from edge_devices.photo_privacy.exif_times import times_only

SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
APP0, APP1, APP2, APP14 = 0xE0, 0xE1, 0xE2, 0xEE
# Fill bytes, stuffed bytes and restart markers belong to the scan; any other marker ends it (B.1.1.2, B.1.1.5).
SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def strip_jpeg(content: bytes) -> bytes:
    """Return a JPEG with orientation, times and colour profile, without other metadata and without what trails it.

    Raises:
        NotReadable: its segments cannot be followed.
    """
    head: list[bytes] = [b"\xff\xd8"]
    body: list[bytes] = []
    exif: bytes | None = None
    scanned = False
    for marker, payload, scan in _segments(content):
        if marker == APP1 and payload.startswith(EXIF_HEADER) and exif is None:
            exif = times_only(payload[len(EXIF_HEADER) :])
        elif marker == APP0 and payload.startswith(b"JFIF\0") and len(payload) >= 14:
            head[1:] = [_segment(APP0, payload[:12] + b"\0\0")]  # without its thumbnail
        elif _is_kept(marker, payload):
            body += [_segment(marker, payload), scan]
            scanned |= marker == SOS
    if not scanned:
        raise NotReadable("no picture in it")
    refuse_hidden(b"".join(body))
    if exif is not None:
        head.append(_segment(APP1, EXIF_HEADER + exif))
    return b"".join([*head, *body, b"\xff\xd9"])


def _segments(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, payload and the scan that follows an SOS, up to the end of the picture."""
    at = 2
    while at < len(content):
        at, marker = _marker(content, at)
        if marker == EOI:
            return
        if at + 2 > len(content):
            return
        (length,) = struct.unpack_from(">H", content, at)
        payload = content[at + 2 : at + length]
        if length < 2 or len(payload) != length - 2:
            raise NotReadable("a segment is cut short")
        at += length
        scan = b""
        if marker == SOS:
            end = SCAN_END.search(content, at)
            scan = content[at : end.start()] if end else content[at:]
            at += len(scan)
        yield marker, payload, scan


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """Return where the segment begins and its marker; fill bytes may stand before it (B.1.1.2)."""
    start = at
    while content[at : at + 1] == b"\xff":
        at += 1
    if at == start or at >= len(content) or content[at] in {0, SOI}:
        raise NotReadable("there is something between its segments")
    return at + 1, content[at]


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _is_kept(marker: int, payload: bytes) -> bool:
    if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
        return _is_frame(payload)
    form = KEPT.get(marker)
    return form is not None and form(payload)


def _is_frame(payload: bytes) -> bool:
    return len(payload) >= 6 and len(payload) == 6 + 3 * payload[5]


def _are_quantization_tables(payload: bytes) -> bool:
    at = 0
    while at < len(payload):
        if payload[at] >> 4 > 1 or payload[at] & 15 > 3:
            return False
        at += 1 + 64 * (1 + (payload[at] >> 4))
    return at == len(payload)


def _are_huffman_tables(payload: bytes) -> bool:
    at = 0
    while at + 17 <= len(payload):
        if payload[at] >> 4 > 1 or payload[at] & 15 > 3:
            return False
        at += 17 + sum(payload[at + 1 : at + 17])
    return at == len(payload)


def _is_scan_head(payload: bytes) -> bool:
    return len(payload) >= 4 and len(payload) == 4 + 2 * payload[0]


KEPT: dict[int, Callable[[bytes], bool]] = {
    0xC4: _are_huffman_tables,
    0xCC: lambda payload: len(payload) % 2 == 0 and len(payload) <= 64,  # arithmetic conditioning
    0xDB: _are_quantization_tables,
    0xDC: lambda payload: len(payload) == 2,  # number of lines
    0xDD: lambda payload: len(payload) == 2,  # restart interval
    SOS: _is_scan_head,
    APP2: lambda payload: payload.startswith(b"ICC_PROFILE\0"),
    APP14: lambda payload: payload.startswith(b"Adobe") and len(payload) == 12,
}
