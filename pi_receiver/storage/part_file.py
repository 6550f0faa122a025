"""The growing file of one resumable upload; only bytes that are on the disk and in order count. Knows no protocol.

Called from worker threads, by one request at a time.
"""

import hashlib
from pathlib import Path

from backbone.errors import Unavailable
from pi_receiver.domain.refusals import ChunkMismatch
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.disk_file import DiskFile
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.space import Claim
from pi_receiver.storage.store import digest_of

SAVE_BYTES = 8 * 1024 * 1024
"""A kill costs at most so much of a request without a checksum of its own."""


class PartFile:
    """A file that grows by requests.

    Attributes:
        offset: bytes that count; what lies beyond them is cut off before the next request writes.
    """

    def __init__(self, path: Path, *, disk: Disk, offset: int, claim: Claim, faults: Faults) -> None:
        self.path = path
        self.offset = offset
        self.written = offset
        self._disk = disk
        self._claim = claim
        self._faults = faults
        self._file: DiskFile | None = None
        self._hashed = 0
        self._whole = hashlib.sha256()
        self._before = self._whole.copy()
        self._chunk: tuple[str, hashlib._Hash] | None = None

    def begin(self, chunk_digest: str | None, *, missing: int) -> None:
        """Open the file for a request.

        Args:
            chunk_digest: SHA-256 in hex that all bytes of the request must have; until they do, none counts.
            missing: bytes of the whole upload that did not come yet; their room is claimed again where it was given
                back.

        Raises:
            NoSpace, Unavailable: the disk fails.
        """
        self._claim.renew(missing)
        self._file = self._disk.open(self.path, offset=self.offset)
        self.written = self.offset
        self._before = self._whole.copy()
        self._chunk = (chunk_digest, hashlib.sha256()) if chunk_digest is not None else None

    def write(self, data: bytes) -> bool:
        """Append bytes; return whether it is time to save what came.

        Raises:
            NoSpace, Unavailable: the disk did not take them.
        """
        self._claim.use(len(data))
        self._faults.hit("before_write")
        self._opened().write(data)
        self._faults.hit("after_write")
        if self._hashed == self.written:
            self._whole.update(data)
            self._hashed += len(data)
        self.written += len(data)
        if self._chunk is None:
            return self.written - self.offset >= SAVE_BYTES
        self._chunk[1].update(data)
        return False

    def save(self) -> None:
        """Have everything that was written count, once it is on the disk.

        Raises:
            ChunkMismatch: the request's bytes do not have their digest; none of them counts.
            NoSpace, Unavailable: the disk fails.
        """
        if self._chunk is not None and self._chunk[1].hexdigest() != self._chunk[0]:
            came = self._chunk[1].hexdigest()
            self.take_back()
            raise ChunkMismatch(f"Upload-Checksum: expected {self._chunk[0]}, got {came}")
        self._faults.hit("before_fsync")
        try:
            self._opened().sync()
        except Unavailable:
            # A disk that failed may drop the bytes, and say at the next fsync that all is well: see fsync(2).
            self.take_back()
            raise
        self._faults.hit("after_fsync")
        self.offset = self.written
        self._before = self._whole.copy()

    def take_back(self) -> None:
        """Have nothing count that was not saved."""
        self._claim.restore(self.written - self.offset)
        if self._hashed > self.offset:
            self._whole, self._hashed = self._before.copy(), self.offset
        self.written = self.offset

    def breaks_off(self) -> None:
        """End a request early: what came counts, unless it had to have a digest.

        Raises:
            NoSpace, Unavailable: the disk fails.
        """
        if self._file is None:
            return
        if self._chunk is not None:
            self.take_back()
        else:
            self.save()

    def end(self) -> None:
        """Close the file after a request."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> DiskFile:
        if self._file is None:
            raise Unavailable("expected a request that began, got none")
        return self._file

    def digest(self) -> str:
        """Return the SHA-256 of what counts; read from the disk where an earlier run of the receiver wrote of it."""
        return self._whole.hexdigest() if self._hashed == self.offset else digest_of(self.path)

    def give_room_back(self) -> bool:
        """Claim no room until the next request begins; return whether any was claimed."""
        held = self._claim.outstanding > 0
        self._claim.release()
        return held

    def discard(self) -> None:
        """Take the file away and give its room back."""
        self.end()
        self._claim.release()
        self.path.unlink(missing_ok=True)
