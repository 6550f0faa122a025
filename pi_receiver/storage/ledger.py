"""What was received, which station each Pi is bound to, which uploads are unfinished: one SQLite file. Moves no files.

Every change is on the disk before the call returns.
"""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from backbone.sqlite_file import Layout, SqliteFile

_TABLES = """
CREATE TABLE IF NOT EXISTS files(
  number INTEGER PRIMARY KEY AUTOINCREMENT, folder TEXT NOT NULL, name TEXT NOT NULL, stored TEXT NOT NULL,
  version INTEGER NOT NULL, station TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  received_at REAL NOT NULL, forwarded INTEGER NOT NULL DEFAULT 0, UNIQUE(folder, stored));
CREATE INDEX IF NOT EXISTS by_name ON files(folder, name);
CREATE INDEX IF NOT EXISTS by_station ON files(station, number);
CREATE INDEX IF NOT EXISTS to_forward ON files(forwarded, number) WHERE forwarded = 0;
CREATE TABLE IF NOT EXISTS bindings(pi TEXT PRIMARY KEY, station TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS unfinished(
  id TEXT PRIMARY KEY, pi TEXT NOT NULL, station TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  length INTEGER NOT NULL, offset INTEGER NOT NULL, expires_at REAL NOT NULL, receipt TEXT NOT NULL DEFAULT '');
"""
_LAYOUT = Layout("ledger", (_TABLES,))


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was received whole.

    Attributes:
        folder: below the folder of received files.
        name, stored: as it was sent, and as it lies in the folder: they differ from the second version on.
        received_at: seconds since the epoch.
    """

    folder: str
    name: str
    stored: str
    version: int
    station: str
    sha256: str
    size: int
    received_at: float

    @property
    def path(self) -> str:
        """Where it lies, below the folder of received files."""
        return f"{self.folder}/{self.stored}"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A resumable upload; `offset` bytes of it are on the disk; a `receipt` tells that it was received."""

    id: str
    pi: str
    station: str
    name: str
    sha256: str
    length: int
    offset: int
    expires_at: float
    receipt: str = ""


_FILE_COLUMNS = "folder, name, stored, version, station, sha256, size, received_at"
_UNFINISHED_COLUMNS = "id, pi, station, name, sha256, length, offset, expires_at, receipt"


class Ledger:
    """The file; used from worker threads.

    Raises:
        Unavailable: it cannot be used.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._file = SqliteFile(path, _LAYOUT, read_only=read_only)

    def versions(self, folder: str, name: str) -> list[Received]:
        """Return what was received under a name, the first version first."""
        query = f"SELECT {_FILE_COLUMNS} FROM files WHERE folder = ? AND name = ? ORDER BY version"  # noqa: S608 - constant
        return [Received(*row) for row in self._file.rows(query, (folder, name))]

    def holds(self, folder: str, stored: str) -> bool:
        """Return whether a file of this place was received."""
        return bool(self._file.rows("SELECT 1 FROM files WHERE folder = ? AND stored = ?", (folder, stored)))

    def add(self, received: Iterable[Received]) -> None:
        """Note files that lie in their place; one that was noted before is noted anew."""
        query = f"INSERT OR REPLACE INTO files({_FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constant
        self._file.change_many(query, [astuple(one) for one in received])

    def of_station(self, station: str, *, before: int, limit: int) -> list[tuple[int, Received]]:
        """Return the newest files of a station with their numbers, from those below the number `before`."""
        query = (
            f"SELECT number, {_FILE_COLUMNS} FROM files WHERE station = ? AND number < ? "  # noqa: S608 - constant
            "ORDER BY number DESC LIMIT ?"
        )
        return [(row[0], Received(*row[1:])) for row in self._file.rows(query, (station, before, limit))]

    def stations(self) -> list[tuple[str, int, int, float]]:
        """Return each station with the number and bytes of its files, and when the last one came."""
        query = "SELECT station, COUNT(*), SUM(size), MAX(received_at) FROM files GROUP BY station ORDER BY station"
        return [(row[0], row[1], row[2], row[3]) for row in self._file.rows(query)]

    def all(self) -> Iterator[Received]:
        """Yield every file, oldest first."""
        for row in self._file.each(f"SELECT {_FILE_COLUMNS} FROM files ORDER BY number"):  # noqa: S608 - constant
            yield Received(*row)

    def totals(self) -> tuple[int, int]:
        """Return how many files there are, and their bytes."""
        row = self._file.rows("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM files")[0]
        return row[0], row[1]

    def to_forward(self, limit: int) -> list[tuple[int, Received]]:
        """Return the oldest files that nobody decided about yet, with their numbers."""
        query = f"SELECT number, {_FILE_COLUMNS} FROM files WHERE forwarded = 0 ORDER BY number LIMIT ?"  # noqa: S608 - constant
        return [(row[0], Received(*row[1:])) for row in self._file.rows(query, (limit,))]

    def forwarded(self, numbers: Iterable[int]) -> None:
        """Note that files need to go nowhere any more."""
        self._file.change_many("UPDATE files SET forwarded = 1 WHERE number = ?", [(number,) for number in numbers])

    def bindings(self) -> dict[str, str]:
        """Return the station of each Pi that is bound."""
        return {row[0]: row[1] for row in self._file.rows("SELECT pi, station FROM bindings")}

    def bind(self, pi: str, station: str) -> bool:
        """Bind a Pi to a station; return False where either is bound already."""
        return self._file.change("INSERT OR IGNORE INTO bindings(pi, station) VALUES (?, ?)", (pi, station)) == 1

    def unfinished(self) -> list[Unfinished]:
        """Return every resumable upload."""
        return [Unfinished(*row) for row in self._file.rows(f"SELECT {_UNFINISHED_COLUMNS} FROM unfinished")]  # noqa: S608 - constant

    def put_unfinished(self, upload: Unfinished) -> None:
        """Note a resumable upload, or what became of it."""
        query = f"INSERT OR REPLACE INTO unfinished({_UNFINISHED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constant
        self._file.change(query, astuple(upload))

    def drop_unfinished(self, upload_id: str) -> None:
        """Forget a resumable upload."""
        self._file.change("DELETE FROM unfinished WHERE id = ?", (upload_id,))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
