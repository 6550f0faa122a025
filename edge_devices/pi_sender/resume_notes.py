"""Remembers where unfinished uploads go on, over the end of the process. Loses nothing but time when it is lost."""

import json
import os
from pathlib import Path

MOST_NOTES = 1_000
FILE = ".pi_sender_resume.json"


class ResumeNotes:
    """Where uploads of one receiver go on, in one file.

    Args:
        file: replaced as a whole at every change.
        base: the receiver; notes of another one are kept apart.
    """

    def __init__(self, file: Path, base: str) -> None:
        self._file = file
        self._base = base
        self._notes = self._read()

    def place_of(self, mark: str) -> str | None:
        """Return the path of an upload, None when there is none to go on with."""
        return self._notes.get(self._key(mark))

    def remember(self, mark: str, place: str) -> None:
        """Note where an upload goes on; the oldest notes go when there are too many."""
        self._notes[self._key(mark)] = place
        while len(self._notes) > MOST_NOTES:
            del self._notes[next(iter(self._notes))]
        self._write()

    def forget(self, mark: str) -> None:
        """Take an upload's note away."""
        if self._notes.pop(self._key(mark), None) is not None:
            self._write()

    def _key(self, mark: str) -> str:
        return f"{self._base} {mark}"

    def _read(self) -> dict[str, str]:
        try:
            told = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(told, dict):
            return {}
        return {key: place for key, place in told.items() if isinstance(place, str) and place.startswith("/")}

    def _write(self) -> None:
        unfinished = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            if not self._notes:
                self._file.unlink(missing_ok=True)
                return
            unfinished.write_text(json.dumps(self._notes), encoding="utf-8")
            unfinished.replace(self._file)
        except OSError:  # a full or read-only disk costs a resend, not a file
            unfinished.unlink(missing_ok=True)
