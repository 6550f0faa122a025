"""A receiver's parts on a temporary folder: a disk that tells its steps and fails when told to, a clock that is set."""

import asyncio
import errno
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.web.guard import Guard
from backbone.web.http import HttpServer, Metrics, Route, application
from pi_receiver.domain.identities import Identity
from pi_receiver.intake.receipts import ReceiptSigner
from pi_receiver.intake.reception import Limits, Reception
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.storage.disk import Disk
from pi_receiver.storage.disk_file import DiskFile, disk_fault
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.keeper import Keeper
from pi_receiver.storage.ledger import Ledger
from pi_receiver.storage.space import Space
from pi_receiver.storage.store import Store
from pi_receiver.tus.resumables import Patience, Resumables

MINE, THEIRS = Identity("mine", "1"), Identity("theirs", "2")


class PowerCut(Exception):
    """The process ended here; nothing after it happened."""


class ToldSteps:
    """What happened to the disk, the ledger and the receipt, in order.

    Attributes:
        cut_before: a step that never happens: the power goes.
        fails_once: a step that the disk fails at, and at the next try says that it is done.
    """

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.cut_before = ""
        self.full = False
        self.fails_once = ""
        self.ledger_away = False
        self.notes_away = False

    def take(self, step: str, *, grows: bool = False) -> None:
        if self.cut_before and step.startswith(self.cut_before):
            raise PowerCut(step)
        if self.fails_once and step.startswith(self.fails_once):
            self.fails_once = ""
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if grows and self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.taken.append(step)


@contextmanager
def told_as_a_file_does() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise disk_fault(fault) from None


class ToldFile(DiskFile):
    """A file whose writes and syncs are told, by the folder that it lies in."""

    def __init__(self, path: Path, offset: int | None, steps: ToldSteps) -> None:
        self._steps = steps
        self._where = path.parent.name
        super().__init__(path, offset=offset)

    def write(self, data: bytes) -> None:
        with told_as_a_file_does():
            self._steps.take(f"write {self._where}", grows=True)
        super().write(data)

    def sync(self, *, modified: float | None = None) -> None:
        with told_as_a_file_does():
            self._steps.take(f"fsync {self._where}", grows=True)
        super().sync(modified=modified)


class ToldDisk(Disk):
    """The real disk, each step told."""

    def __init__(self, steps: ToldSteps) -> None:
        self._steps = steps

    def open(self, path, *, offset=None):
        return ToldFile(path, offset, self._steps)

    def write_whole(self, path, content):
        self._steps.take("fsync sidecar", grows=True)
        super().write_whole(path, content)

    def link(self, path, there):
        self._steps.take(f"link {there.name}")
        super().link(path, there)

    def move(self, path, there):
        self._steps.take(f"rename {there.name}")
        super().move(path, there)

    def make_folder(self, path):
        self._steps.take(f"make {path.name}", grows=True)
        super().make_folder(path)

    def sync_folder(self, path):
        self._steps.take(f"fsync folder {path.name}")
        super().sync_folder(path)


class ToldLedger(Ledger):
    """The real ledger; what is noted is told."""

    def __init__(self, path: Path, steps: ToldSteps) -> None:
        self._steps = steps
        super().__init__(path)

    def add(self, received):
        self._steps.take("ledger")
        if self._steps.ledger_away:
            raise Unavailable("ledger: expected to write it, got: it is away")
        super().add(received)

    def put_unfinished(self, upload):
        self._steps.take(f"note {upload.offset}")
        if self._steps.notes_away:
            raise Unavailable("ledger: expected to write it, got: it is away")
        super().put_unfinished(upload)


class ToldSigner(ReceiptSigner):
    """Signs, and tells when."""

    def __init__(self, steps: ToldSteps) -> None:
        self._steps = steps
        super().__init__(Ed25519PrivateKey.generate())

    def sign(self, received):
        self._steps.take("receipt")
        return super().sign(received)


class SmallSpace(Space):
    """Room for `free` bytes, of which nobody else takes any."""

    def __init__(self, folder: Path, free: int) -> None:
        super().__init__(folder, reserve=0)
        self.free = free

    def left(self) -> int:
        return self.free - self._claimed


class AtOnce(Executor):
    """A thread pool without threads: what is handed over is done before the call returns."""

    def submit(self, fn, /, *args, **kwargs):
        done: Future = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as fault:  # noqa: BLE001 - as a thread pool does
            done.set_exception(fault)
        return done


class HereAndNow(Part):
    """Stands in for the receiver's threads."""

    workers = hashing = AtOnce()


class Clock:
    """Seconds since the epoch, as told."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Parts:
    """What stands between a request and the disk."""

    def __init__(self, folder: Path, *, free: int = 100_000_000) -> None:
        self.folder = folder
        self.steps, self.clock = ToldSteps(), Clock()
        self.disk = ToldDisk(self.steps)
        self.space = SmallSpace(folder, free)
        self.metrics = ReceiverMetrics(CollectorRegistry())
        self.store = Store(
            folder, disk=self.disk, faults=Faults(), open_ledger=lambda path: ToldLedger(path, self.steps)
        )
        self.keeper = Keeper(self.store)
        self.reception = Reception(
            store=self.store,
            keeper=self.keeper,
            space=self.space,
            disk=self.disk,
            signer=ToldSigner(self.steps),
            metrics=self.metrics,
            faults=Faults(),
            threads=HereAndNow(),
            limits=Limits(suffixes=frozenset({"txt", "csv", "json"}), most_bytes=50_000_000, most=3, most_of_one=2),
            clock=self.clock,
        )

    def resumables(self, kind: type[Resumables] = Resumables, **patience: float) -> Resumables:
        chosen = {"most": 5, "most_of_one": 3, "seconds": 3600.0, "claim_seconds": 600.0} | patience
        return kind(
            store=self.store,
            ledger=self.store.ledger,
            reception=self.reception,
            patience=Patience(**chosen),
            clock=self.clock,
        )

    def visible(self) -> dict[str, bytes]:
        """Return what people see, by its path."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and ".receiver" not in path.parts)
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def files(self) -> dict[str, bytes]:
        """Return the received files among it."""
        return {name: content for name, content in self.visible().items() if not name.endswith(".sha256")}

    def left_over(self) -> list[str]:
        return [path.name for folder in ("incoming", "resumable") for path in (self.store.state / folder).iterdir()]


@asynccontextmanager
async def keeping(parts: Parts):
    """Have the keeper work."""
    task = asyncio.create_task(parts.keeper.run())
    yield parts
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await parts.keeper.stop()


@asynccontextmanager
async def serving(routes: Sequence[Route]):
    """Serve routes on this machine, to everybody; tell the address."""
    app = application(routes, guard=Guard(), metrics=Metrics(CollectorRegistry()))
    server = HttpServer(app, address=("127.0.0.1", 0), chunk_bytes=64 * 1024)
    await server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.stop()
