"""One file on its way in: a temporary file that is hashed as it is written. Knows no name and no sender.

Called from worker threads; `discard` may come from another one at any moment.
"""

import errno
import os
import threading
from concurrent.futures import Executor
from pathlib import Path

from backbone.errors import TooLarge, Unavailable
from pi_receiver.faults import Faults
from pi_receiver.refusals import NoSpace
from pi_receiver.space import Claim
from pi_receiver.trailing_digest import TrailingDigest
from pi_receiver.writeback import EVERY_BYTES, begin_writeback

_FULL = {errno.ENOSPC, errno.EDQUOT}


class Incoming:
    """A temporary file.

    Args:
        path: of a file that does not exist yet, on the store's file system.
        claim: its room on the disk.
        most_bytes: how long it may get.
        hashing: threads that compute its digest.
    """

    def __init__(self, path: Path, *, claim: Claim, most_bytes: int, faults: Faults, hashing: Executor) -> None:
        self.path = path
        self.size = 0
        self._claim = claim
        self._most = most_bytes
        self._faults = faults
        self._begun = 0
        self._hash = TrailingDigest(hashing)
        self._turn = threading.Lock()
        self._file = _opened(path)

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            TooLarge: the file gets too long.
            NoSpace: the disk is full, or its reserve would be touched.
            Unavailable: it was discarded, or the disk fails.
        """
        with self._turn:
            if self._file < 0:
                raise Unavailable("expected more of an upload, got its end")
            if self.size + len(data) > self._most:
                raise TooLarge(f"expected at most {self._most} bytes, got more")
            self._claim.use(len(data))
            self._hash.update(data)
            self._faults.hit("before_write")
            write_all(self._file, data)
            self._faults.hit("after_write")
            self.size += len(data)
            if self.size - self._begun >= EVERY_BYTES:
                begin_writeback(self._file, self._begun, self.size - self._begun)
                self._begun = self.size

    def digest(self) -> str:
        """Return the SHA-256 of what was written, in hex."""
        return self._hash.hexdigest()

    def seal(self) -> None:
        """Bring the file to the disk and close it; it stays until it is moved or discarded.

        Raises:
            NoSpace, Unavailable: the disk did not take it.
        """
        with self._turn:
            if self._file < 0:
                raise Unavailable("expected a whole upload, got its end")
            self._faults.hit("before_fsync")
            try:
                os.fsync(self._file)
            except OSError as fault:
                raise disk_fault(fault) from None
            self._faults.hit("after_fsync")
            self._close()

    def discard(self) -> None:
        """Take the file away, if it is still there."""
        with self._turn:
            self._close()
            self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._claim.release()


def disk_fault(fault: OSError) -> Unavailable:
    """Return what is answered where the disk does not take what it should."""
    if fault.errno in _FULL:
        return NoSpace("expected room on the disk, got none; try again later")
    return Unavailable(f"expected the disk to work, got: {os.strerror(fault.errno or 0)}", code="disk_fault")


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    except OSError as fault:
        raise disk_fault(fault) from None


def write_all(file: int, data: bytes) -> None:
    """Write every byte at the file's position.

    Raises:
        NoSpace, Unavailable: the disk did not take them.
    """
    try:
        written = os.write(file, data)
        while written < len(data):
            written += os.write(file, memoryview(data)[written:])
    except OSError as fault:
        raise disk_fault(fault) from None
