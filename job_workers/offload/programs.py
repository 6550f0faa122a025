"""The catalogue of installed programs: the executable files of one folder, by their names. Runs none."""

import os
import stat
from pathlib import Path

from backbone.errors import BadInput, NotFound
from job_workers.domain.builds import plain
from job_workers.domain.sandbox_file import SandboxFile

INSIDE = "/program"
"""Where the program lies in its sandbox."""
MOST_BYTES = 32 << 20


class Programs:
    """The programs in a folder; it is looked at for each request, so a new file counts at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> SandboxFile:
        """Return a program.

        Raises:
            BadInput: the name is not plain, or the file is no program or too large.
            NotFound: there is none of this name.
        """
        path = self._folder / plain(name)
        try:
            with path.open("rb") as file:
                seen = os.fstat(file.fileno())
                if not stat.S_ISREG(seen.st_mode) or not seen.st_mode & 0o111 or seen.st_size > MOST_BYTES:
                    bound = f"an executable file of at most {MOST_BYTES >> 20} MB"
                    raise BadInput(f"expected the program {name} to be {bound}, it is not", code="bad_program")
                return SandboxFile(INSIDE, file.read(MOST_BYTES), executable=True)
        except OSError:
            known = ", ".join(self.names()[:20]) or "none"
            raise NotFound(
                f"expected an installed program, got {name}; installed: {known}", code="no_program"
            ) from None

    def names(self) -> list[str]:
        """Return the names of all programs."""
        try:
            found = [entry.name for entry in os.scandir(self._folder) if entry.is_file() and os.access(entry, os.X_OK)]
        except OSError:
            return []
        return sorted(name for name in found if not name.startswith("."))
