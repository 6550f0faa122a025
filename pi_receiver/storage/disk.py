"""The steps that the store takes on a disk, each of them done when its call returns. Decides nothing.

Tests put another one in its place: one that tells the order of the steps, or one that is full.
"""

import os
from pathlib import Path

from pi_receiver.storage.disk_file import DiskFile


class Disk:
    """One file system.

    Raises:
        OSError: a step failed; by every method but `open`, which says so in the words of `DiskFile`.
    """

    def open(self, path: Path, *, offset: int | None = None) -> DiskFile:
        """Return a file that grows, see `DiskFile`."""
        return DiskFile(path, offset=offset)

    def write_whole(self, path: Path, content: bytes) -> None:
        """Bring a small new file to the disk."""
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            os.write(file, content)
            os.fsync(file)
        finally:
            os.close(file)

    def date(self, path: Path, modified: float) -> None:
        """Give a file its date, seconds since the epoch."""
        os.utime(path, (modified, modified))

    def link(self, path: Path, there: Path) -> None:
        """Give a file a second name; whoever has it already keeps it (FileExistsError)."""
        os.link(path, there, follow_symlinks=False)

    def move(self, path: Path, there: Path) -> None:
        """Give a file another name; what had it before is gone."""
        path.rename(there)

    def make_folder(self, path: Path) -> None:
        """Make a folder that stays."""
        path.mkdir(mode=0o750)
        self.sync_folder(path.parent)

    def sync_folder(self, path: Path) -> None:
        """Bring the names in a folder to the disk."""
        file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)
