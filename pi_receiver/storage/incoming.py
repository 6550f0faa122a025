"""One file on its way in: a temporary file that is hashed as it is written. Knows no name and no sender.

Called from worker threads; `discard` may come from another one at any moment.
"""

import threading
from concurrent.futures import Executor
from pathlib import Path

from backbone.errors import TooLarge, Unavailable
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.disk_file import DiskFile
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.space import Claim
from pi_receiver.storage.trailing_digest import TrailingDigest


class Incoming:
    """A temporary file.

    Args:
        path: of a file that does not exist yet, on the store's file system.
        claim: its room on the disk.
        most_bytes: how long it may get.
        hashing: threads that compute its digest.
    """

    def __init__(
        self, path: Path, *, disk: Disk, claim: Claim, most_bytes: int, faults: Faults, hashing: Executor
    ) -> None:
        self.path = path
        self.size = 0
        self._claim = claim
        self._most = most_bytes
        self._faults = faults
        self._hash = TrailingDigest(hashing)
        self._turn = threading.Lock()
        self._file: DiskFile | None = disk.open(path)

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            TooLarge: the file gets too long.
            NoSpace: the disk is full, or its reserve would be touched.
            Unavailable: it was discarded, or the disk fails.
        """
        with self._turn:
            if self._file is None:
                raise Unavailable("expected more of an upload, got its end")
            if self.size + len(data) > self._most:
                raise TooLarge(f"expected at most {self._most} bytes, got more")
            self._claim.use(len(data))
            self._hash.update(data)
            self._faults.hit("before_write")
            self._file.write(data)
            self._faults.hit("after_write")
            self.size += len(data)

    def digest(self) -> str:
        """Return the SHA-256 of what was written, in hex."""
        return self._hash.hexdigest()

    def seal(self, *, modified: float | None = None) -> None:
        """Bring the file to the disk and close it; it stays until it is moved or discarded.

        Args:
            modified: its date, seconds since the epoch; None: now.

        Raises:
            NoSpace, Unavailable: the disk did not take it.
        """
        with self._turn:
            if self._file is None:
                raise Unavailable("expected a whole upload, got its end")
            self._faults.hit("before_fsync")
            self._file.sync(modified=modified)
            self._faults.hit("after_fsync")
            self._close()

    def discard(self) -> None:
        """Take the file away, if it is still there."""
        with self._turn:
            self._close()
            self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._claim.release()
