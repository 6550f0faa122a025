"""The directory of a zip, its records and headers as bytes (PKWARE APPNOTE 6.3.10). Inflates nothing."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from backbone.errors import BadInput, TooLarge

MAX_RECORDS = 1_000
"""Folders and hidden files beside the entries: macOS writes one hidden file for each."""

MAX_DIRECTORY_BYTES = 512 * 1024
END = struct.Struct("<4s4H2LH")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
UTF8 = 0x800
_MOST_COMMENT = 0xFFFF
_READABLE_VERSION = 63


class CentralHeader(NamedTuple):
    """The fixed part of a line of the central directory, as `CENTRAL` packs it (APPNOTE 4.3.12); lengths in bytes."""

    signature: bytes = b"PK\1\2"
    made_by: int = 20
    needs_version: int = 20
    flags: int = UTF8
    method: int = 0
    time: int = 0
    date: int = 0
    crc: int = 0
    packed: int = 0
    size: int = 0
    name_bytes: int = 0
    extra_bytes: int = 0
    comment_bytes: int = 0
    disk: int = 0
    internal: int = 0
    external: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the central directory (APPNOTE 4.3.12)."""

    path: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int


def directory_of(raw: bytes) -> tuple[list[Record], int]:
    """Return the central directory and where it begins (APPNOTE 4.3.16)."""
    end = raw.rfind(b"PK\5\6", max(0, len(raw) - END.size - _MOST_COMMENT))
    if end < 0 or len(raw) - end < END.size:
        raise bad_zip("expected an end of central directory, got none")
    _, disk, first_disk, here, count, size, offset, comment = END.unpack_from(raw, end)
    if count > MAX_RECORDS or size > MAX_DIRECTORY_BYTES:
        raise TooLarge(f"zip: expected at most {MAX_RECORDS} entries, got {count} in {size} bytes")
    if disk or first_disk or here != count or offset + size != end or end + END.size + comment != len(raw):
        raise bad_zip("expected one directory right before the end, got another place, size or number of disks")
    records, at, seen = [], offset, set()
    for _ in range(count):
        record, at = _record_at(raw, at, end)
        if record.raw_name in seen:
            raise bad_zip(f"expected each path once, got {record.path[:100]!r} twice")
        seen.add(record.raw_name)
        records.append(record)
    if at != end:
        raise bad_zip(f"expected {count} entries to fill the directory, got {end - at} bytes more")
    return records, offset


def _record_at(raw: bytes, at: int, end: int) -> tuple[Record, int]:
    if at + CENTRAL.size > end or raw[at : at + 4] != b"PK\1\2":
        raise bad_zip("expected an entry of the directory, got something else")
    head = CentralHeader._make(CENTRAL.unpack_from(raw, at))
    name_at = at + CENTRAL.size
    extra_at = name_at + head.name_bytes
    comment_at = extra_at + head.extra_bytes
    after = comment_at + head.comment_bytes
    if after > end:
        raise bad_zip("expected an entry within the directory, got one beyond its end")
    name = raw[name_at:extra_at]
    _check_extra(raw[extra_at:comment_at])
    if head.needs_version > _READABLE_VERSION:
        raise bad_zip(f"expected entries of version {_READABLE_VERSION} or less, got {head.needs_version}")
    try:
        path = name.decode("utf-8" if head.flags & UTF8 else "cp437")
    except UnicodeDecodeError:
        raise bad_zip("expected a name in UTF-8, got bytes that are not") from None
    record = Record(
        path=path,
        raw_name=name,
        flags=head.flags,
        method=head.method,
        crc=head.crc,
        packed=head.packed,
        size=head.size,
        mode=head.external >> 16,
        offset=head.offset,
    )
    return record, after


def _check_extra(extra: bytes) -> None:
    """Look at the form of the extra fields only (APPNOTE 4.5.1); zip64 has no use within our limits."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        at += 4 + size
        if at > len(extra) or kind == 1:
            raise bad_zip("expected whole extra fields without zip64, got others")


def start_of(raw: bytes, record: Record, directory: int) -> int:
    """Return where an entry's packed bytes begin; its own header has to agree with the directory."""
    at = record.offset
    if at + LOCAL.size > directory or raw[at : at + 4] != b"PK\3\4":
        raise bad_zip(f"expected a header at {at}, got something else")
    header = LOCAL.unpack_from(raw, at)
    flags, method, name_bytes, extra_bytes = (int(header[index]) for index in (2, 3, 9, 10))
    name = raw[at + LOCAL.size : at + LOCAL.size + name_bytes]
    if name != record.raw_name or method != record.method or flags != record.flags:
        raise bad_zip(f"expected the header of {record.path[:100]!r} to agree with the directory, got another")
    return at + LOCAL.size + name_bytes + extra_bytes


def bad_zip(text: str) -> BadInput:
    """Return the refusal of a whole zip."""
    return BadInput(f"zip: {text}", code="bad_zip")
