"""Takes uploads in, whichever way they come: counts them, opens their files, keeps what came whole, signs for it."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backbone.errors import Unavailable
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.names import check_name
from pi_receiver.domain.refusals import Mismatch
from pi_receiver.intake.receipts import ReceiptSigner
from pi_receiver.intake.threads import Threads
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.disk_file import disk_fault
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.incoming import Incoming
from pi_receiver.storage.keeper import Keeper
from pi_receiver.storage.part_file import PartFile
from pi_receiver.storage.space import Claim, Space
from pi_receiver.storage.store import Store, Whole

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken.

    Attributes:
        suffixes: of names, lower case, without their dot.
        most_bytes: longest file.
        most: uploads at once.
        most_of_one: uploads at once of one Pi.
    """

    suffixes: frozenset[str]
    most_bytes: int
    most: int
    most_of_one: int


class Reception:
    """What every upload needs.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        *,
        store: Store,
        keeper: Keeper,
        space: Space,
        disk: Disk,
        signer: ReceiptSigner,
        metrics: ReceiverMetrics,
        faults: Faults,
        threads: Threads,
        limits: Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.space = space
        self.disk = disk
        self.faults = faults
        self.metrics = metrics
        self.workers = threads.workers
        self.most_bytes = limits.most_bytes
        self._store = store
        self._keeper = keeper
        self._signer = signer
        self._hashing = threads.hashing
        self._limits = limits
        self._clock = clock
        self._under_way: Counter[str] = Counter()

    def enter(self, pi: str) -> None:
        """Count an upload.

        Raises:
            Unavailable: there are too many.
        """
        most, most_of_one = self._limits.most, self._limits.most_of_one
        if self._under_way.total() >= most or self._under_way[pi] >= most_of_one:
            raise Unavailable(f"expected at most {most_of_one} uploads of one Pi at once, {most} of all")
        self._under_way[pi] += 1
        self.metrics.uploads.set(self._under_way.total())

    def leave(self, pi: str) -> None:
        """Count an upload as ended."""
        self._under_way[pi] -= 1
        if not self._under_way[pi]:
            del self._under_way[pi]
        self.metrics.uploads.set(self._under_way.total())

    def check_name(self, name: str | None) -> str:
        """Return a file's name, as it came.

        Raises:
            FieldMissing, BadInput, WrongKind: it is not taken.
        """
        return check_name(name, self._limits.suffixes)

    def open(self, claim: Claim) -> Incoming:
        """Return a new temporary file.

        Raises:
            NoSpace, Unavailable: the disk did not take it.
        """
        return Incoming(
            self._store.temporary(),
            disk=self.disk,
            claim=claim,
            most_bytes=self.most_bytes,
            faults=self.faults,
            hashing=self._hashing,
        )

    async def work(self, what: Callable[[], T]) -> T:
        """Return what a worker thread makes of it."""
        return await asyncio.get_running_loop().run_in_executor(self.workers, what)

    def later(self, what: Callable[[], object]) -> None:
        """Have a worker thread do it, some time."""
        self.workers.submit(what)

    async def keep(
        self, incoming: Incoming, *, name: str, digest: str, owner: Identity, way: str, modified: float | None = None
    ) -> str:
        """Keep a file that came whole; return the receipt.

        Args:
            digest: what its sender announced.
            way: how it came, for the metrics.
            modified: when it was last written to at its sender, seconds since the epoch.

        Raises:
            Mismatch: the bytes have another digest.
            NoSpace, Unavailable: it could not be kept.
        """
        sidecar = await self.work(lambda: self._seal(incoming, digest, name, modified))
        return await self._keep(incoming.path, incoming.size, sidecar, name=name, digest=digest, owner=owner, way=way)

    def _seal(self, incoming: Incoming, digest: str, name: str, modified: float | None) -> Path:
        _agree(incoming.digest(), digest, incoming.size)
        incoming.seal(modified=modified)
        return self._store.seal_sidecar(digest, name)

    async def keep_part(
        self, part: PartFile, *, name: str, digest: str, owner: Identity, modified: float | None = None
    ) -> str:
        """Keep a resumable upload that came whole; return the receipt.

        Raises:
            Mismatch: the bytes have another digest.
            NoSpace, Unavailable: it could not be kept; its part is still there.
        """
        _agree(await self.work(part.digest), digest, part.offset)
        await self.work(lambda: self._date(part.path, modified))
        sidecar = await self.work(lambda: self._store.seal_sidecar(digest, name))
        return await self._keep(part.path, part.offset, sidecar, name=name, digest=digest, owner=owner, way="tus")

    def _date(self, path: Path, modified: float | None) -> None:
        if modified is None:
            return
        try:
            self.disk.date(path, modified)
        except OSError as fault:
            raise disk_fault(fault) from None

    async def _keep(
        self, path: Path, size: int, sidecar: Path, *, name: str, digest: str, owner: Identity, way: str
    ) -> str:
        whole = Whole(path, sidecar, name, owner.station, digest, size, self._clock())
        received = await self._keeper.keep(whole)
        self.metrics.files.labels(way).inc()
        self.metrics.bytes.inc(received.size)
        return self._signer.sign(received)


def _agree(found: str, announced: str, size: int) -> None:
    if found != announced:
        raise Mismatch(f"checksum: expected {announced}, got {found} for {size} bytes")
