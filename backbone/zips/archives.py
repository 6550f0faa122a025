"""Zips that come from strangers, read within bounds, entry by entry. Touches no disk.

Read by the format's own record (PKWARE APPNOTE 6.3.10): what an entry says of itself is checked, never believed, and
its name is a label, never a path. What no honest sender writes (links, devices, `..`, overlaps) is refused as a whole.
"""

import asyncio
import stat
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from backbone.errors import TooLarge
from backbone.zips.directory import Record, bad_zip, directory_of, start_of

MAX_ZIP_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 200
MAX_ENTRY_BYTES = 25 * 1024 * 1024
MAX_INFLATED_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
RATIO_FREE_BYTES = 1024 * 1024
"""So little may be packed as tightly as it likes: an even picture or a short text is no bomb."""

_PIECE = 64 * 1024
_STORED, _DEFLATED = 0, 8
_ENCRYPTED_OR_PATCHED = 0x1 | 0x20 | 0x40 | 0x2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a zip.

    Attributes:
        name: a label that is unique in its zip: the path's last part, without anything that a terminal or a file
            system would obey.
        size: bytes when inflated; true only once it was read.
        start: where its packed bytes begin in the zip.
    """

    name: str
    size: int
    method: int
    crc: int
    start: int
    packed: int


class Archive:
    """A zip in memory whose directory was checked; `read` inflates one entry.

    Raises:
        TooLarge: it is, or says that it is, over a stated limit.
        BadInput: it is no plain, whole zip.
    """

    def __init__(self, raw: bytes) -> None:
        if len(raw) > MAX_ZIP_BYTES:
            raise TooLarge(f"zip: expected at most {MAX_ZIP_BYTES} bytes, got {len(raw)}")
        self._raw = raw
        records, directory = directory_of(raw)
        taken: set[str] = set()
        spans: list[tuple[int, int]] = []
        entries: list[Entry] = []
        for record in records:
            start = start_of(raw, record, directory)
            spans.append((record.offset, start + record.packed))
            if not _is_passed_over(record.path):
                _check_plain(record)
                name = _free_name(taken, record.path)
                entries.append(Entry(name, record.size, record.method, record.crc, start, record.packed))
        _check_apart(spans, directory)
        _check_sizes(entries, len(raw))
        self.entries = tuple(entries)

    def read(self, entry: Entry) -> bytes:
        """Return an entry's bytes.

        Raises:
            BadInput: they are broken, or not what the directory says.
        """
        content = bytearray()
        for piece in self._pieces(entry):
            content += piece
        return bytes(content)

    def check(self) -> None:
        """Inflate everything once and keep nothing, so that what follows can rely on the whole zip.

        Raises:
            BadInput: as `read`.
        """
        for entry in self.entries:
            for _piece in self._pieces(entry):
                pass

    def _pieces(self, entry: Entry) -> Iterable[bytes]:
        crc, left = 0, entry.size
        for piece in self._inflated(entry):
            left -= len(piece)
            if left < 0:
                raise bad_zip(f"expected {entry.size} bytes in {entry.name!r}, got more")
            crc = zlib.crc32(piece, crc)
            yield piece
        if left:
            raise bad_zip(f"expected {entry.size} bytes in {entry.name!r}, got {entry.size - left}")
        if crc != entry.crc:
            raise bad_zip(f"expected the checksum {entry.crc:08x} of {entry.name!r}, got {crc:08x}")

    def _inflated(self, entry: Entry) -> Iterable[bytes]:
        packed = memoryview(self._raw)[entry.start : entry.start + entry.packed]
        if entry.method == _STORED:
            yield from (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for at in range(0, len(packed), _PIECE):
                rest: bytes | memoryview = packed[at : at + _PIECE]
                while rest and not inflater.eof:
                    yield inflater.decompress(rest, _PIECE)
                    rest = inflater.unconsumed_tail
            while not inflater.eof and (piece := inflater.decompress(b"", _PIECE)):
                yield piece
        except zlib.error as fault:
            raise bad_zip(f"expected deflated bytes in {entry.name!r}, got: {fault}") from None
        if not inflater.eof:
            raise bad_zip(f"expected the whole of {entry.name!r}, got its beginning")


async def open_archive(raw: bytes) -> Archive:
    """Return a zip that was inflated once in a thread, so every entry in it can be read.

    Raises:
        TooLarge: it is over a stated limit.
        BadInput: it is no plain, whole zip.
    """

    def checked() -> Archive:
        archive = Archive(raw)
        archive.check()
        return archive

    return await asyncio.to_thread(checked)


def _is_passed_over(path: str) -> bool:
    """Return whether a path is a folder, or hidden (WIRE section 0).

    Raises:
        BadInput: the path leads out of the zip, or is no text; whatever the characters that it says so with.
    """
    if not path or any(unicodedata.category(char) in {"Cc", "Cs"} for char in path):
        raise bad_zip(f"expected names of printable characters, got {path[:100]!r}")
    parts = _parts(path)
    if parts[0] == "" or ".." in parts or parts[0][1:2] == ":":
        raise bad_zip(f"expected names within the zip, got {path[:100]!r}")
    return parts[-1] in {"", "."} or any(part.startswith(".") and part != "." for part in parts) or "__MACOSX" in parts


def _parts(path: str) -> list[str]:
    """Return a path's parts; what looks like a dot or a slash counts as one."""
    plain = unicodedata.normalize("NFKC", path)
    for slash in "\\\u2044\u2215\u29f8":
        plain = plain.replace(slash, "/")
    return [part.strip(" ") for part in plain.split("/")]


def _check_plain(record: Record) -> None:
    kind = stat.S_IFMT(record.mode)
    if kind not in {0, stat.S_IFREG} or record.mode & (stat.S_ISUID | stat.S_ISGID):
        raise bad_zip(f"expected plain files, got a link, a device or rights in {record.path[:100]!r}")
    if record.flags & _ENCRYPTED_OR_PATCHED:
        raise bad_zip(f"expected readable entries, got an encrypted or patched one: {record.path[:100]!r}")
    if record.method not in {_STORED, _DEFLATED}:
        raise bad_zip(f"expected stored or deflated entries, got method {record.method} in {record.path[:100]!r}")
    if record.method == _STORED and record.packed != record.size:
        raise bad_zip(f"expected a stored entry as large as it says, got {record.path[:100]!r}")


def _check_apart(spans: list[tuple[int, int]], directory: int) -> None:
    """Refuse entries that share bytes: a few bytes would be inflated again and again."""
    last = 0
    for begin, end in sorted(spans):
        if begin < last or end > directory:
            raise bad_zip("expected entries that lie one after the other, got some that overlap")
        last = end


def _check_sizes(entries: list[Entry], came: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(f"zip: expected at most {MAX_ENTRIES} entries, got {len(entries)}")
    for entry in entries:
        limit = min(MAX_ENTRY_BYTES, max(MAX_RATIO * entry.packed, RATIO_FREE_BYTES))
        if entry.size > limit:
            raise TooLarge(f"zip: expected at most {limit} bytes in {entry.name!r}, got {entry.size}")
    total, limit = (
        sum(entry.size for entry in entries),
        min(MAX_INFLATED_BYTES, max(MAX_RATIO * came, RATIO_FREE_BYTES)),
    )
    if total > limit:
        raise TooLarge(f"zip: expected at most {limit} bytes when inflated, got {total}")


def _free_name(taken: set[str], path: str) -> str:
    """Return the last part of a path, with a number where two folders hold the same name."""
    last = "".join(char if char.isprintable() else "_" for char in _parts(path)[-1])[-150:]
    name, number = last, 1
    while name in taken:
        number += 1
        name = f"{number}-{last}"
    taken.add(name)
    return name
