"""Takes uploads in, whichever way they come: counts them, opens their files, keeps what came whole, signs for it."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from backbone.errors import Unavailable
from pi_receiver.domain.identities import Identity
from pi_receiver.domain.names import check_name
from pi_receiver.domain.refusals import Mismatch
from pi_receiver.intake.receipts import ReceiptSigner
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.storage.disk_file import disk_fault
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.incoming import Incoming
from pi_receiver.storage.keeper import Keeper
from pi_receiver.storage.part_file import PartFile
from pi_receiver.storage.space import Claim, Space
from pi_receiver.storage.store import Store, Whole

T = TypeVar("T")


class Reception:
    """What every upload needs.

    Args:
        workers: threads that write.
        hashing: threads that compute digests meanwhile.
        suffixes: of names that are taken.
        most_bytes: longest file.
        most: uploads at once.
        most_of_one: uploads at once of one Pi.
    """

    def __init__(
        self, *, store: Store, keeper: Keeper, space: Space, signer: ReceiptSigner, metrics: ReceiverMetrics,
        faults: Faults, workers: Executor, hashing: Executor, suffixes: frozenset[str], most_bytes: int, most: int,
        most_of_one: int,
    ) -> None:  # fmt: skip
        self.space = space
        self.faults = faults
        self.metrics = metrics
        self.most_bytes = most_bytes
        self._store = store
        self._keeper = keeper
        self._signer = signer
        self.workers = workers
        self._hashing = hashing
        self._suffixes = suffixes
        self._most = most
        self._most_of_one = most_of_one
        self._under_way: Counter[str] = Counter()

    def enter(self, pi: str) -> None:
        """Count an upload.

        Raises:
            Unavailable: there are too many.
        """
        if self._under_way.total() >= self._most or self._under_way[pi] >= self._most_of_one:
            raise Unavailable(f"expected at most {self._most_of_one} uploads of one Pi at once, {self._most} of all")
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
        return check_name(name, self._suffixes)

    def open(self, claim: Claim) -> Incoming:
        """Return a new temporary file.

        Raises:
            NoSpace, Unavailable: the disk did not take it.
        """
        path = self._store.temporary()
        return Incoming(path, claim=claim, most_bytes=self.most_bytes, faults=self.faults, hashing=self._hashing)

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
        await self.work(lambda: _date(part.path, modified))
        sidecar = await self.work(lambda: self._store.seal_sidecar(digest, name))
        return await self._keep(part.path, part.offset, sidecar, name=name, digest=digest, owner=owner, way="tus")

    async def _keep(
        self, path: Path, size: int, sidecar: Path, *, name: str, digest: str, owner: Identity, way: str
    ) -> str:
        whole = Whole(path, sidecar, name, owner.station, digest, size, time.time())
        received = await self._keeper.keep(whole)
        self.metrics.files.labels(way).inc()
        self.metrics.bytes.inc(received.size)
        return self._signer.sign(received)


def _agree(found: str, announced: str, size: int) -> None:
    if found != announced:
        raise Mismatch(f"checksum: expected {announced}, got {found} for {size} bytes")


def _date(path: Path, modified: float | None) -> None:
    if modified is None:
        return
    try:
        os.utime(path, (modified, modified))
    except OSError as fault:
        raise disk_fault(fault) from None
