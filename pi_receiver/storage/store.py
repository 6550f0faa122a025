"""The folder of received files: puts whole files in their place for good. Knows no sender and no protocol.

station<N>/<file>, diagnostics/station<N>/<file>    what people see
<file>.sha256 beside it, also linked as the stem's `.sha256` (a.sha256 for a.txt) where nobody has that name yet
.receiver/incoming/    temporary files; what a kill leaves there is removed at the next start
.receiver/resumable/   unfinished resumable uploads
.receiver/ledger.sqlite3, .receiver/receipt-key.pem
"""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backbone.errors import Conflict, Unavailable
from pi_receiver.domain.checksums import sidecar
from pi_receiver.domain.names import SIDECAR, folder_of, short_sidecar, version_name
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.disk_file import disk_fault
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.ledger import Ledger, Received

STATE = ".receiver"
LEDGER = "ledger.sqlite3"
MOST_VERSIONS = 10_000
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Whole:
    """A file that came whole and is on the disk, under a temporary name; `sidecar` is its sealed `.sha256`."""

    path: Path
    sidecar: Path
    name: str
    station: str
    sha256: str
    size: int
    received_at: float


class Store:
    """The folder; one process at a time.

    Args:
        open_ledger: opens the ledger, once nobody else uses the folder.

    Raises:
        Unavailable: another process uses it, or the disk fails.
    """

    def __init__(
        self, folder: Path, *, disk: Disk, faults: Faults, open_ledger: Callable[[Path], Ledger] = Ledger
    ) -> None:
        self._folder = folder
        self._disk = disk
        self._faults = faults
        self.state = folder / STATE
        self._incoming = self.state / "incoming"
        self._resumable = self.state / "resumable"
        try:
            for made in (self.state, self._incoming, self._resumable):
                made.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(self.state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left_over in self._incoming.iterdir():
                left_over.unlink()
        except BlockingIOError:
            raise Unavailable(f"{folder}: expected to be its only receiver, got another one") from None
        except OSError as fault:
            raise disk_fault(fault) from None
        self.ledger = open_ledger(self.state / LEDGER)

    def temporary(self) -> Path:
        """Return the name of a new temporary file."""
        return self._incoming / uuid.uuid4().hex

    def part(self, upload_id: str) -> Path:
        """Return where a resumable upload grows."""
        return self._resumable / upload_id

    def drop_parts_but(self, kept: Collection[str]) -> None:
        """Take away the parts of uploads that nobody knows any more."""
        for path in self._resumable.iterdir():
            if path.name not in kept:
                path.unlink()

    def seal_sidecar(self, digest: str, name: str) -> Path:
        """Bring the `.sha256` of a file to the disk, under a temporary name.

        Raises:
            NoSpace, Unavailable: the disk did not take it.
        """
        path = self.temporary()
        try:
            self._disk.write_whole(path, sidecar(digest, name))
        except OSError as fault:
            path.unlink(missing_ok=True)
            raise disk_fault(fault) from None
        return path

    def keep(self, batch: Sequence[Whole]) -> list[Received | Exception]:
        """Put files in their place, one after the other, then bring folders and ledger to the disk once.

        Returns:
            for each what was noted of it, or why it could not be kept; then its temporary file is still there.
        """
        kept: list[Received | Exception] = []
        for whole in batch:
            try:
                kept.append(self._place(whole))
            except OSError as fault:
                kept.append(disk_fault(fault))
            except (Unavailable, Conflict) as fault:
                kept.append(fault)
            finally:
                whole.sidecar.unlink(missing_ok=True)
        placed = [one for one in kept if isinstance(one, Received)]
        try:
            for folder in {one.folder for one in placed}:
                self._disk.sync_folder(self._folder / folder)
            self._faults.hit("before_ledger")
            self.ledger.add(placed)
            self._faults.hit("after_ledger")
        except OSError as fault:
            return [disk_fault(fault)] * len(batch)
        except Unavailable as fault:
            return [fault] * len(batch)
        for whole, one in zip(batch, kept, strict=True):
            if isinstance(one, Received):
                whole.path.unlink(missing_ok=True)
        return kept

    def _place(self, whole: Whole) -> Received:
        """Return where a file lies now: there already, adopted, or linked under the first free name."""
        folder = folder_of(whole.name, whole.station)
        self._make(folder)
        known = self.ledger.versions(folder, whole.name)
        for one in known:
            if one.sha256 == whole.sha256 and self._size(one) == one.size:
                return one
        for version in range(1, MOST_VERSIONS):
            stored = version_name(whole.name, version)
            there = self._folder / folder / stored
            if not os.path.lexists(there):
                if self.ledger.holds(folder, stored) and not any(_same(one, stored, whole) for one in known):
                    continue  # somebody took it away; its name stays its own
                self._link(whole, there)
            elif self.ledger.holds(folder, stored) or not _has_digest(there, whole):
                continue
            elif not _tells(there.with_name(stored + SIDECAR), sidecar(whole.sha256, stored)):
                self._put_sidecar(whole, there)
            self._put_short_sidecar(there)
            return Received(
                folder, whole.name, stored, version, whole.station, whole.sha256, whole.size, whole.received_at
            )
        raise Conflict(f"expected at most {MOST_VERSIONS} versions of a name, got one more")

    def _link(self, whole: Whole, there: Path) -> None:
        """Make a file visible, after its `.sha256`; an existing one is never replaced."""
        self._faults.hit("before_rename")
        self._put_sidecar(whole, there)
        self._disk.link(whole.path, there)
        self._faults.hit("after_rename")

    def _put_sidecar(self, whole: Whole, there: Path) -> None:
        made = whole.sidecar if there.name == whole.name else self.seal_sidecar(whole.sha256, there.name)
        self._disk.move(made, there.with_name(there.name + SIDECAR))

    def _put_short_sidecar(self, there: Path) -> None:
        """Link the `.sha256` of a file in its place under its short name too, unless somebody has that one."""
        with suppress(FileExistsError):
            self._disk.link(there.with_name(there.name + SIDECAR), there.with_name(short_sidecar(there.name)))

    def _make(self, folder: str) -> None:
        """Make a station's folder, for good."""
        where = self._folder
        for part in folder.split("/"):
            if not (where / part).is_dir() or (where / part).is_symlink():
                self._disk.make_folder(where / part)
            where /= part

    def _size(self, received: Received) -> int:
        try:
            return (self._folder / received.path).lstat().st_size
        except FileNotFoundError:
            return -1

    def path_of(self, received: Received) -> Path:
        """Return where a received file lies."""
        return self._folder / received.path

    async def aclose(self) -> None:
        """Let the folder go."""
        self.ledger.close()
        os.close(self._lock)


def _same(one: Received, stored: str, whole: Whole) -> bool:
    return one.stored == stored and one.sha256 == whole.sha256


def _tells(path: Path, content: bytes) -> bool:
    """Return whether a small file says just that."""
    return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content


def _has_digest(there: Path, whole: Whole) -> bool:
    """Return whether a file that the ledger does not know is the one that came; then it is on the disk as well."""
    if there.is_symlink() or not there.is_file() or there.stat().st_size != whole.size:
        return False
    with there.open("rb") as file:
        same = digest_of(there) == whole.sha256
        os.fsync(file.fileno())
    return same


def digest_of(path: Path, read: Callable[[int], None] = lambda _count: None) -> str:
    """Return the SHA-256 of a file, in hex; `read` is called with the bytes of each piece."""
    found = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while data := file.read(_CHUNK):
            found.update(data)
            read(len(data))
    return found.hexdigest()
