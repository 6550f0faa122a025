"""The files that are to be sent, and where they go afterwards. Sends nothing."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1024 * 1024
SENT = "sent_files"
SETTLED_SECONDS = 2.0
"""While a folder is watched, a file that was written to so shortly ago is left for the next look."""

JOINT = "__"
"""Between the folders and the name of a file, for a receiver that takes plain names only."""


class FileChanged(Exception):
    """A file is not what it was when it was found; it is sent another time."""


@dataclass(frozen=True)
class Waiting:
    """A file that waits to be sent.

    Attributes:
        path: below the folder, relative.
        size: bytes; `modified` in nanoseconds: both tell later whether it changed.
    """

    path: Path
    size: int
    modified: int

    @property
    def name(self) -> str:
        """What the receiver is told: `2024/a.csv` becomes `2024__a.csv`."""
        return JOINT.join(self.path.parts)


class Outbox:
    """One folder, with its sub-folders.

    Args:
        folder: what is sent; `sent_files` lies beside it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._sent = self._folder.parent / SENT
        self.unread: list[Path] = []
        """Sub-folders that the last look could not read, relative."""

    @property
    def sent(self) -> Path:
        """Where files go that were received."""
        return self._sent

    def waiting(self, *, now: float | None = None) -> list[Waiting]:
        """Return the files by path; links, hidden and special files are passed over.

        Args:
            now: where only those are wanted that are not being written to, seconds since the epoch.
        """
        found: list[Waiting] = []
        self.unread = []
        for path in sorted(self._files(self._folder)):
            try:
                state = path.stat(follow_symlinks=False)
            except OSError:  # it went meanwhile
                continue
            if now is None or abs(now - state.st_mtime) > SETTLED_SECONDS:  # a clock may have been ahead
                found.append(Waiting(path.relative_to(self._folder), state.st_size, state.st_mtime_ns))
        return found

    def _files(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as opened:
                entries = [entry for entry in opened if not entry.name.startswith(".")]
        except OSError:
            self.unread.append(folder.relative_to(self._folder))
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and Path(entry.path) != self._sent:
                yield from self._files(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)

    def open(self, waiting: Waiting) -> "OpenFile":
        """Open a file, hashed; blocks, never the whole of it, are in memory.

        Raises:
            FileChanged: it is another than the one that was found.
            OSError: it cannot be read, or its name cannot be told.
        """
        if not waiting.name.isprintable():  # bytes that are no UTF-8, or line ends: no receiver takes them
            raise OSError(f"expected a name of printable characters, got {str(waiting.path)!a}")
        return OpenFile(self._folder / waiting.path, waiting)

    def move(self, waiting: Waiting) -> Path:
        """Move a received file to `sent_files` and return where it is; none that is there is replaced.

        Raises:
            FileChanged: what lies there now was not received.
            OSError: it cannot be moved.
        """
        path = self._folder / waiting.path
        _check_same(path, waiting)
        target = self._free_name(self._sent / waiting.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return target

    @staticmethod
    def _free_name(wanted: Path) -> Path:
        target, number = wanted, 1
        while os.path.lexists(target):
            number += 1
            target = wanted.with_name(f"{wanted.stem}.{number}{wanted.suffix}")
        return target


class OpenFile:
    """A file that is being sent; `sha256` is of all of it, in hex.

    Reads never give more bytes than the file had when it was found.
    """

    def __init__(self, path: Path, waiting: Waiting) -> None:
        self._path = path
        self._waiting = waiting
        self._file = path.open("rb")
        try:
            self.sha256 = self._hash()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "OpenFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def name(self) -> str:
        """What the receiver is told."""
        return self._waiting.name

    @property
    def size(self) -> int:
        """Bytes."""
        return self._waiting.size

    @property
    def modified(self) -> str:
        """When it was last written to, seconds since the epoch: the end of a recording."""
        return f"{self._waiting.modified / 1e9:.3f}"

    @property
    def mark(self) -> str:
        """A text that is the same for the same content at the same place."""
        return f"{self._waiting.path}:{self.size}:{self.sha256}"

    def read_at(self, offset: int, size: int) -> bytes:
        """Return the bytes at an offset, fewer at the end.

        Raises:
            FileChanged: the file became shorter.
        """
        wanted = min(size, self.size - offset)
        self._file.seek(offset)
        content = self._file.read(wanted)
        if len(content) != wanted:
            raise FileChanged(f"{self._waiting.path} became shorter while it was sent")
        return content

    def check(self) -> None:
        """Return when the file is still the one that was found.

        Raises:
            FileChanged: it is not.
        """
        _check_same(self._path, self._waiting)

    def _hash(self) -> str:
        digest, left = hashlib.sha256(), self.size
        while left > 0 and (block := self._file.read(min(BLOCK, left))):
            digest.update(block)
            left -= len(block)
        self.check()
        return digest.hexdigest()


def _check_same(path: Path, waiting: Waiting) -> None:
    state = path.stat(follow_symlinks=False)
    if (state.st_size, state.st_mtime_ns) != (waiting.size, waiting.modified):
        raise FileChanged(f"{waiting.path} changed while it was sent")
