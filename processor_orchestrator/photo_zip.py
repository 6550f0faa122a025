"""Zips of photos, read within bounds and without touching the disk. Does not look into the photos."""

import asyncio
import io
import zipfile
import zlib

from backbone.errors import BadInput, TooLarge

ZIP_MAGIC = b"PK\x03\x04"
MAX_ZIP_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 200
MAX_ENTRY_BYTES = 25 * 1024 * 1024
MAX_INFLATED_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_DIRECTORY_BYTES = 256 * 1024
_PIECE = 64 * 1024
_END = b"PK\x05\x06"
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


async def photos_in(raw: bytes) -> dict[str, bytes]:
    """Return the files of a zip by name, folders left out; names that start with `.` are passed over (WIRE section 0).

    Raises:
        TooLarge: it is over a stated limit.
        BadInput: it is no whole zip.
    """
    return await asyncio.to_thread(read_zip, raw)


def read_zip(raw: bytes) -> dict[str, bytes]:
    """As `photos_in`, in the caller's thread."""
    if len(raw) > MAX_ZIP_BYTES:
        raise TooLarge(f"zip: expected at most {MAX_ZIP_BYTES} bytes, got {len(raw)}")
    _check_directory(raw)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _read_all(archive, len(raw))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as fault:
        raise BadInput(f"zip: expected a whole one, got: {fault}", code="bad_zip") from None


def _check_directory(raw: bytes) -> None:
    """Refuse a directory that would cost much before a single entry is looked at (APPNOTE 4.3.16)."""
    end = raw.rfind(_END)
    if end < 0 or len(raw) - end < 22:
        raise BadInput("zip: expected an end of central directory, got none", code="bad_zip")
    entries = int.from_bytes(raw[end + 10 : end + 12], "little")
    size = int.from_bytes(raw[end + 12 : end + 16], "little")
    if entries > 2 * MAX_ENTRIES or size > MAX_DIRECTORY_BYTES:
        raise TooLarge(f"zip: expected at most {MAX_ENTRIES} entries, got {entries} in {size} bytes")


def _read_all(archive: zipfile.ZipFile, came: int) -> dict[str, bytes]:
    wanted = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)]
    if len(wanted) > MAX_ENTRIES:
        raise TooLarge(f"zip: expected at most {MAX_ENTRIES} entries, got {len(wanted)}")
    files: dict[str, bytes] = {}
    budget = min(MAX_INFLATED_BYTES, max(MAX_RATIO * came, MAX_ENTRY_BYTES // MAX_RATIO))
    for entry in wanted:
        content = _read(archive, entry, min(MAX_ENTRY_BYTES, budget))
        budget -= len(content)
        files[_free_name(files, entry.filename)] = content
    return files


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """Return an entry's bytes; what it says of its own size is not believed."""
    if entry.compress_type not in _METHODS or entry.flag_bits & 1:
        raise BadInput(f"zip: expected stored or deflated entries, got another in {entry.filename[:100]!r}")
    content = bytearray()
    with archive.open(entry) as opened:
        while piece := opened.read(_PIECE):
            content += piece
            if len(content) > limit:
                raise TooLarge(f"zip: expected at most {limit} more bytes, got more in {entry.filename[:100]!r}")
    return bytes(content)


def _is_hidden(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return any(part.startswith(".") and part.strip(".") for part in parts) or "__MACOSX" in parts


def _free_name(taken: dict[str, bytes], path: str) -> str:
    """Return the last part of a path, with a number where two folders hold the same name."""
    name = path.replace("\\", "/").rsplit("/", maxsplit=1)[-1][:200] or "file"
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{number}-{name}"
    return free
