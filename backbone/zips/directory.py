"""The directory of a zip, its records and headers as bytes (PKWARE APPNOTE 6.3.10). Inflates nothing."""

import struct
from dataclasses import dataclass

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
    (
        _, _made, version, flags, method, _time, _date, crc, packed, size,
        name_bytes, extra_bytes, comment_bytes, _disk, _internal, external, offset,
    ) = CENTRAL.unpack_from(raw, at)  # fmt: skip
    at += CENTRAL.size
    name, extra = raw[at : at + name_bytes], raw[at + name_bytes : at + name_bytes + extra_bytes]
    after = at + name_bytes + extra_bytes + comment_bytes
    if after > end:
        raise bad_zip("expected an entry within the directory, got one beyond its end")
    _check_extra(extra)
    if version > _READABLE_VERSION:
        raise bad_zip(f"expected entries of version {_READABLE_VERSION} or less, got {version}")
    try:
        path = name.decode("utf-8" if flags & UTF8 else "cp437")
    except UnicodeDecodeError:
        raise bad_zip("expected a name in UTF-8, got bytes that are not") from None
    return Record(path, name, flags, method, crc, packed, size, external >> 16, offset), after


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
