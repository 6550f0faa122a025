"""One SQLite file that survives a kill: opened, brought to the newest layout, written by one thread at a time, closed.

Knows no table. Every change is on the disk before its call returns (https://sqlite.org/pragma.html#pragma_synchronous:
FULL also syncs the write-ahead log at each commit). Calls block; who runs an event loop makes them in a thread.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone.errors import Unavailable

Row = tuple[Any, ...]
"""Any: what a column holds is known to who asked for it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file holds.

    Attributes:
        name: what people call the file; error codes are made of it.
        steps: SQL scripts; each brings a file from the layout before it to its own. Steps that were released stay as
            they are: a file notes how many it has seen (`user_version`). The first also meets files that hold its
            tables and note nothing, so it creates only what is not there.
    """

    name: str
    steps: tuple[str, ...]


class SqliteFile:
    """The file; used from any thread, by one at a time.

    Args:
        wait_seconds: how long to wait for another process that uses the file.
        read_only: change nothing, not even the layout.
        alone: keep every other process out for as long as it is open.
        erase: overwrite what is deleted, so that nothing of it can be read from the file.

    Raises:
        Unavailable: it cannot be used: it is damaged, no such file, of a newer version, or held by another process.
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        *,
        wait_seconds: float = 5.0,
        read_only: bool = False,
        alone: bool = False,
        erase: bool = False,
    ) -> None:
        self._layout = layout
        self._turn = threading.RLock()
        self._write_fault: str | None = None
        with self._opening(path):
            where = f"{path.resolve().as_uri()}{'?mode=ro' if read_only else ''}"
            self._connection = sqlite3.connect(
                where, uri=True, timeout=wait_seconds, isolation_level=None, check_same_thread=False
            )
        try:
            with self._opening(path):
                self._prepare(path, read_only=read_only, alone=alone, erase=erase)
        except Unavailable:
            self._connection.close()
            raise

    def _prepare(self, path: Path, *, read_only: bool, alone: bool, erase: bool) -> None:
        if alone:
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        version, known = self._version(), len(self._layout.steps)
        if version > known:
            raise Unavailable(
                f"{self._layout.name} {path.name}: expected a file of version {known} or older, got {version}",
                code=f"bad_{self._layout.name}",
            )
        if read_only:
            return
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        if erase:
            self._connection.execute("PRAGMA secure_delete=ON")
        for number, step in enumerate(self._layout.steps[version:], start=version + 1):
            self._connection.executescript(f"BEGIN IMMEDIATE; {step}; PRAGMA user_version={number}; COMMIT;")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @property
    def write_fault(self) -> str | None:
        """Why the last change could not be kept; None once one was kept again."""
        return self._write_fault

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return what a query finds."""
        with self._turn, self._answering():
            return self._connection.execute(query, values).fetchall()

    def each(self, query: str) -> Iterator[Row]:
        """Yield what a query finds, row by row; only where nobody changes the file meanwhile."""
        with self._answering():
            yield from self._connection.execute(query)

    def change(self, query: str, values: Sequence[object] = ()) -> int:
        """Change rows, on their own or as a part of a transaction; return how many."""
        with self.transaction():
            return self._connection.execute(query, values).rowcount

    def change_many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Change rows, once for each of the values."""
        with self.transaction():
            self._connection.executemany(query, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is changed within a `with` block, or nothing of it; others wait meanwhile.

        Raises:
            Unavailable: it could not be kept.
        """
        with self._turn:
            if self._connection.in_transaction:
                yield
                return
            with self._writing():
                self._connection.execute("BEGIN IMMEDIATE")
                with self._connection:
                    yield

    def erase_journal(self) -> None:
        """Bring the write-ahead log into the file and empty it: what was deleted is in neither."""
        with self._turn, self._writing():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def try_room(self, size: int) -> None:
        """Write so many bytes and delete them again, to learn whether the disk takes them.

        Raises:
            Unavailable: it does not.
        """
        with self.transaction():
            self.change("CREATE TABLE IF NOT EXISTS room(filler BLOB)")
            self.change("INSERT INTO room VALUES (zeroblob(?))", (size,))
        self.change("DROP TABLE room")

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._connection.close()

    @contextmanager
    def _opening(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as fault:
            name = self._layout.name
            raise Unavailable(
                f"{name} {path.name}: expected a {name} that I may use, got: {fault}", code=f"bad_{name}"
            ) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        changes = self._connection.total_changes
        with self._answering():
            try:
                yield
            except sqlite3.Error as fault:
                self._write_fault = str(fault)
                raise
        if self._connection.total_changes != changes:
            self._write_fault = None

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as fault:
            name = self._layout.name
            raise Unavailable(
                f"{name}: expected to read and write it, got: {fault}", code=f"{name}_unavailable"
            ) from None
