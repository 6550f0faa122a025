"""Writes zips of a few files. Does not pack them: pictures do not become smaller."""

import zlib
from collections.abc import Iterable

from backbone.zips.directory import CENTRAL, END, LOCAL, UTF8, CentralHeader

STORED = 0
_FIRST_DAY = 0x21
"""1 January 1980: the same files make the same bytes."""


def write_zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip of files by name, stored: pictures cannot be packed further. Equal files make equal bytes."""
    body, directory, count = bytearray(), bytearray(), 0
    for name, content in files:
        label, crc, offset = name.encode(), zlib.crc32(content), len(body)
        body += LOCAL.pack(b"PK\3\4", 20, UTF8, STORED, 0, _FIRST_DAY, crc, len(content), len(content), len(label), 0)
        body += label + content
        head = CentralHeader(
            method=STORED,
            date=_FIRST_DAY,
            crc=crc,
            packed=len(content),
            size=len(content),
            name_bytes=len(label),
            offset=offset,
        )
        directory += CENTRAL.pack(*head) + label
        count += 1
    body += directory + END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body)
