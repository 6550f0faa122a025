"""Rebuilds an EXIF block from what may be told of a photo: its orientation and its times. Copies nothing else.

An allow-list, because a position hides in more places than the GPS tags: maker notes, comments, thumbnails.
TIFF 6.0 section 2 (header, IFD) and Exif 2.32 section 4.6 (tags).
"""

import re
import struct
from typing import NamedTuple

ORIENTATION, DATE_TIME, EXIF_IFD = 0x0112, 0x0132, 0x8769
DATE = re.compile(rb"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d\0")
OFFSET = re.compile(rb"[+-]\d\d:\d\d\0")
SUBSECOND = re.compile(rb"\d{1,9} {0,8}\0")
EXIF_TEXTS = {
    0x9003: DATE,  # DateTimeOriginal
    0x9004: DATE,  # DateTimeDigitized
    0x9010: OFFSET,
    0x9011: OFFSET,
    0x9012: OFFSET,
    0x9290: SUBSECOND,
    0x9291: SUBSECOND,
    0x9292: SUBSECOND,
}
SHORT, LONG, ASCII = 3, 4, 2
MOST_ENTRIES = 512
MOST_TEXT = 32
BIG_ENDIAN_HEADER = b"MM\0*\0\0\0\x08"

Entry = tuple[int, int, bytes]
"""Tag, type, value: big-endian bytes."""


class Field(NamedTuple):
    """An entry of an IFD as it stands in a file; `value` is the value itself or its offset; `length` counts values."""

    tag: int
    kind: int
    length: int
    value: bytes


def times_only(tiff: bytes) -> bytes | None:
    """Return a new TIFF block with a photo's orientation and times.

    Args:
        tiff: from the byte order mark on.

    Returns:
        None when there is nothing to keep, or the block cannot be read.
    """
    try:
        first, exif = _read(tiff)
    except (struct.error, ValueError):
        return None
    if not first and not exif:
        return None
    return _write(first, exif)


def _read(tiff: bytes) -> tuple[list[Entry], list[Entry]]:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        raise ValueError("no TIFF header")
    first: list[Entry] = []
    exif: list[Entry] = []
    for field in _fields(tiff, order, struct.unpack_from(f"{order}I", tiff, 4)[0]):
        if field.tag == ORIENTATION and field.kind == SHORT and field.length == 1:
            orientation = struct.unpack_from(f"{order}H", field.value)[0]
            if 1 <= orientation <= 8:
                first.append((ORIENTATION, SHORT, struct.pack(">H", orientation)))
        elif field.tag == DATE_TIME:
            first += _text(tiff, order, field, DATE)
        elif field.tag == EXIF_IFD and field.kind == LONG and not exif:
            exif += _exif_texts(tiff, order, struct.unpack(f"{order}I", field.value)[0])
    return first, exif


def _exif_texts(tiff: bytes, order: str, at: int) -> list[Entry]:
    texts: list[Entry] = []
    for field in _fields(tiff, order, at):
        if field.tag in EXIF_TEXTS:
            texts += _text(tiff, order, field, EXIF_TEXTS[field.tag])
    return texts


def _fields(tiff: bytes, order: str, at: int) -> list[Field]:
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    if count > MOST_ENTRIES:
        raise ValueError("too many entries")
    return [Field(*struct.unpack_from(f"{order}HHI4s", tiff, at + 2 + 12 * number)) for number in range(count)]


def _text(tiff: bytes, order: str, field: Field, form: re.Pattern[bytes]) -> list[Entry]:
    """Return a text of the expected form, so that nothing else travels under a time's tag."""
    if field.kind != ASCII or field.length > MOST_TEXT:
        return []
    at = struct.unpack(f"{order}I", field.value)[0]
    text = field.value[: field.length] if field.length <= 4 else tiff[at : at + field.length]
    return [(field.tag, ASCII, text)] if form.fullmatch(text) else []


def _write(first: list[Entry], exif: list[Entry]) -> bytes:
    first = _sorted_once(first)
    exif = _sorted_once(exif)
    if not exif:
        return BIG_ENDIAN_HEADER + _ifd(first, 8)
    # The pointer has a fixed size, so the length of the first IFD is known before its value is.
    length = len(_ifd([*first, (EXIF_IFD, LONG, bytes(4))], 8))
    pointer = (EXIF_IFD, LONG, struct.pack(">I", 8 + length))
    return BIG_ENDIAN_HEADER + _ifd([*first, pointer], 8) + _ifd(exif, 8 + length)


def _sorted_once(entries: list[Entry]) -> list[Entry]:
    return sorted({entry[0]: entry for entry in reversed(entries)}.values())


def _ifd(entries: list[Entry], at: int) -> bytes:
    """Return an IFD that lies at offset `at`, its longer values behind it."""
    table, values = struct.pack(">H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        count = {SHORT: 1, LONG: 1, ASCII: len(value)}[kind]
        if len(value) <= 4:
            field = value.ljust(4, b"\0")
        else:
            field = struct.pack(">I", behind + len(values))
            values += value + b"\0" * (len(value) % 2)
        table += struct.pack(">HHI", tag, kind, count) + field
    return table + bytes(4) + values
