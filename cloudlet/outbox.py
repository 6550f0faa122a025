"""What waits for a server, in one SQLite file that survives a kill: in order, each once. Does not send it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.sqlite_file import Layout, SqliteFile
from backbone.web.health import Dependency

T = TypeVar("T")
DELIVERED_KEPT = 100_000
"""Names of delivered items that are remembered, so that a result that comes again is not sent again."""

PROBE_SECONDS = 5.0
WAIT_SECONDS = 1.0
"""How long another process that uses the file is waited for."""

_TABLES = """
CREATE TABLE IF NOT EXISTS waiting(
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, request TEXT NOT NULL, job TEXT NOT NULL,
  content BLOB NOT NULL, refusals INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS delivered(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE);
"""
_LAYOUT = Layout("spool", (_TABLES,))


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One request that has to reach a server; `job` and `content` (a zip) are empty where it needs none."""

    id: str
    request: str
    job: str = ""
    content: bytes = b""
    refusals: int = 0


class DeliveryOutbox(Part):
    """The file, used by one process; every change is on the disk before the call returns.

    Every method but `arrival` raises `Unavailable` when the disk does not take a change.

    Args:
        most_bytes: contents that may wait; then nothing more is taken.

    Raises:
        Unavailable: the file cannot be used, or another process uses it.
    """

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._most = most_bytes
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise Unavailable(f"spool {path.name}: expected a folder for it, got: {fault}") from None
        self._file = SqliteFile(path, _LAYOUT, wait_seconds=WAIT_SECONDS, alone=True, erase=True)
        self._turn = asyncio.Lock()
        self._arrived = asyncio.Event()
        self._put_last = 0
        self._bytes = self._counted()

    @property
    def bytes(self) -> int:
        """Bytes of the contents that wait."""
        return self._bytes

    def state(self) -> Dependency:
        """Return whether it takes what comes: there is room, and the disk kept the last change."""
        fault = self._file.write_fault
        if fault is not None:
            return Dependency(ok=False, detail=f"the last write failed: {fault}")
        return Dependency(ok=self._bytes < self._most, detail=f"{self._bytes} of {self._most} bytes wait")

    async def put(self, item: OutboxItem) -> bool:
        """Keep an item; return False when it was here before.

        Raises:
            Unavailable: the outbox or the disk is full.
        """
        is_new = await self._change(lambda: self._put(item))
        self._arrived.set()
        return is_new

    def _put(self, item: OutboxItem) -> bool:
        with self._file.transaction():
            known = "SELECT 1 FROM waiting WHERE id = ?1 UNION ALL SELECT 1 FROM delivered WHERE id = ?1"
            if self._file.rows(known, (item.id,)):
                return False
            if self._bytes + len(item.content) > self._most:
                raise Unavailable(f"spool: expected at most {self._most} bytes, got more", code="spool_full")
            self._put_last = len(item.content)
            self._file.change(
                "INSERT INTO waiting(id, request, job, content) VALUES (?, ?, ?, ?)",
                (item.id, item.request, item.job, item.content),
            )
        return True

    async def arrival(self) -> None:
        """Wait until something was put since the last call."""
        await self._arrived.wait()
        self._arrived.clear()

    async def oldest(self) -> OutboxItem | None:
        """Return the item whose turn it is: the oldest of those that were refused least often."""
        query = "SELECT id, request, job, content, refusals FROM waiting ORDER BY refusals, number LIMIT 1"
        found = await asyncio.to_thread(self._file.rows, query)
        return OutboxItem(*found[0]) if found else None

    async def delivered(self, item_id: str) -> None:
        """Forget an item that a server has, though not its name."""
        await self._change(lambda: self._delivered(item_id))

    def _delivered(self, item_id: str) -> None:
        with self._file.transaction():
            self._file.change("DELETE FROM waiting WHERE id = ?", (item_id,))
            self._file.change("INSERT OR IGNORE INTO delivered(id) VALUES (?)", (item_id,))
            self._file.change(
                "DELETE FROM delivered WHERE number <= (SELECT MAX(number) FROM delivered) - ?", (DELIVERED_KEPT,)
            )

    async def refused(self, item_id: str) -> None:
        """Let an item that a server did not take wait behind all others."""
        query = "UPDATE waiting SET refusals = refusals + 1 WHERE id = ?"
        await self._change(lambda: self._file.change(query, (item_id,)))

    async def drop_job(self, job: str) -> int:
        """Forget what waits for a job; return how many items that were."""
        return await self._change(lambda: self._drop_job(job))

    def _drop_job(self, job: str) -> int:
        dropped = self._file.change("DELETE FROM waiting WHERE job = ? AND request = 'match'", (job,))
        # What was deleted, now or once it was delivered, is overwritten in the file but not in the journal beside it.
        self._file.erase_journal()
        return dropped

    async def probe(self) -> None:
        """After a change that was not kept, learn whether the disk takes as much again."""
        if self._file.write_fault is not None:
            await self._change(lambda: self._file.try_room(self._put_last))

    async def run(self) -> None:
        """Probe until cancelled: who was told to come again may not do so, and the state would stay."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                await self.probe()
            except Unavailable:
                continue  # `state` tells

    async def stop(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self._file.close)

    def _counted(self) -> int:
        return int(self._file.rows("SELECT COALESCE(SUM(LENGTH(content)), 0) FROM waiting")[0][0])

    async def _change(self, what: Callable[[], T]) -> T:
        def counted() -> T:
            told = what()
            self._bytes = self._counted()
            return told

        async with self._turn:
            return await asyncio.to_thread(counted)
