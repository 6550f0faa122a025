"""Keeps what builds made, in a folder of bounded size that several processes share. Builds nothing."""

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from job_workers.domain.sandbox_file import SandboxFile

LEFT_SECONDS = 600
"""A half-written entry of a dead worker is deleted after so long."""
_DIGEST = 32
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[SandboxFile, ...]).decode


class BuildCache:
    """Files by the key of their build. Whoever uses an entry makes it young; the oldest go first.

    Args:
        most_bytes: of all entries; what is larger than a quarter of it is not kept.
    """

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def prepare(self) -> None:
        """Make the folder, for its owner alone.

        Raises:
            OSError: that cannot be.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str) -> tuple[SandboxFile, ...] | None:
        """Return what a build made, None where that is not known or was damaged."""
        path = self._folder / key
        try:
            raw = path.read_bytes()
        except OSError:
            return None
        files = _unsealed(raw)
        if files is None:
            path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            os.utime(path)
        return files

    def put(self, key: str, files: tuple[SandboxFile, ...]) -> None:
        """Keep what a build made; other processes see it whole or not at all."""
        content = _encode(files)
        if len(content) + _DIGEST > self._most_bytes // 4:
            return
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(name).replace(self._folder / key)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        self._make_room()

    def _make_room(self) -> None:
        now, entries = time.time(), list[tuple[float, int, str]]()
        for entry in os.scandir(self._folder):
            with suppress(OSError):
                seen = entry.stat()
                if entry.name.startswith(".new-") and now - seen.st_mtime > LEFT_SECONDS:
                    Path(entry.path).unlink(missing_ok=True)
                else:
                    entries.append((seen.st_mtime, seen.st_size, entry.path))
        over = sum(size for _, size, _ in entries) - self._most_bytes
        for _, size, path in sorted(entries):
            if over <= 0:
                return
            with suppress(OSError):
                Path(path).unlink()
                over -= size


def _unsealed(raw: bytes) -> tuple[SandboxFile, ...] | None:
    """Return the files of an entry, None where it is not what was written."""
    if hashlib.sha256(raw[_DIGEST:]).digest() != raw[:_DIGEST]:
        return None
    with suppress(msgspec.MsgspecError):
        return _decode(raw[_DIGEST:])
    return None
