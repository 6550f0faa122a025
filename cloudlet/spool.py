"""What waits for a server, in one SQLite file that survives a kill: in order, each once. Does not send it."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backbone.errors import Unavailable

T = TypeVar("T")
DELIVERED_KEPT = 100_000
"""Names of delivered parcels that are remembered, so that a result that comes again is not sent again."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, job TEXT NOT NULL,
  content BLOB NOT NULL, refusals INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS delivered(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One request that has to reach a server; `job` and `content` (a zip) are empty where it needs none."""

    id: str
    request: str
    job: str
    content: bytes
    refusals: int = 0


class Spool:
    """The file, used by one process; every change is on the disk before the call returns.

    Args:
        most_bytes: contents that may wait; then nothing more is taken.

    Raises:
        Unavailable: the file cannot be used, or another process uses it.
    """

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._most = most_bytes
        self._turn = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
            for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._file.execute(f"PRAGMA {pragma}")
            self._file.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as fault:
            raise Unavailable(f"spool {path.name}: expected a file of my own, got: {fault}") from None
        self.bytes = int(self._file.execute("SELECT COALESCE(SUM(LENGTH(content)), 0) FROM waiting").fetchone()[0])

    async def put(self, parcel: Parcel) -> bool:
        """Keep a parcel; return False when it was here before.

        Raises:
            Unavailable: the spool or the disk is full.
        """
        return await self._call(lambda: self._put(parcel))

    def _put(self, parcel: Parcel) -> bool:
        known = "SELECT 1 FROM waiting WHERE id = ?1 UNION ALL SELECT 1 FROM delivered WHERE id = ?1"
        if self._file.execute(known, (parcel.id,)).fetchone():
            return False
        if self.bytes + len(parcel.content) > self._most:
            raise Unavailable(f"spool: expected at most {self._most} bytes, got more", code="spool_full")
        self._file.execute(
            "INSERT INTO waiting(id, request, job, content) VALUES (?, ?, ?, ?)",
            (parcel.id, parcel.request, parcel.job, parcel.content),
        )
        self._count()
        return True

    async def oldest(self) -> Parcel | None:
        """Return the parcel whose turn it is: the oldest of those that were refused least often."""
        columns = "id, request, job, content, refusals"
        row = await self._call(
            lambda: self._file.execute(f"SELECT {columns} FROM waiting ORDER BY refusals, number LIMIT 1").fetchone()  # noqa: S608 - constant
        )
        return Parcel(*row) if row is not None else None

    async def delivered(self, parcel_id: str) -> None:
        """Forget a parcel that a server has, though not its name."""
        await self._call(lambda: self._delivered(parcel_id))

    def _delivered(self, parcel_id: str) -> None:
        with self._transaction():
            self._file.execute("DELETE FROM waiting WHERE id = ?", (parcel_id,))
            self._file.execute("INSERT OR IGNORE INTO delivered(id) VALUES (?)", (parcel_id,))
            self._file.execute(
                "DELETE FROM delivered WHERE number <= (SELECT MAX(number) FROM delivered) - ?", (DELIVERED_KEPT,)
            )
        self._count()

    async def refused(self, parcel_id: str) -> None:
        """Let a parcel that a server did not take wait behind all others."""
        await self._call(
            lambda: self._file.execute("UPDATE waiting SET refusals = refusals + 1 WHERE id = ?", (parcel_id,))
        )

    async def drop_job(self, job: str) -> int:
        """Forget what waits for a job; return how many parcels that were."""
        return await self._call(lambda: self._drop_job(job))

    def _drop_job(self, job: str) -> int:
        dropped = self._file.execute("DELETE FROM waiting WHERE job = ? AND request = 'match'", (job,)).rowcount
        # What was deleted, now or once it was delivered, is overwritten in the file but not in the journal beside it.
        self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._count()
        return dropped

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._file.close()

    def _transaction(self) -> sqlite3.Connection:
        self._file.execute("BEGIN IMMEDIATE")
        return self._file

    def _count(self) -> None:
        self.bytes = int(self._file.execute("SELECT COALESCE(SUM(LENGTH(content)), 0) FROM waiting").fetchone()[0])

    async def _call(self, what: Callable[[], T]) -> T:
        def in_turn() -> T:
            with self._turn:
                return what()

        try:
            return await asyncio.to_thread(in_turn)
        except sqlite3.Error as fault:
            raise Unavailable(f"spool: expected to read and write it, got: {fault}", code="spool_unavailable") from None
