"""Hashes everything that was received again and names each damaged file; changes nothing.

`python -m pi_receiver verify DIR` or `python -m pi_receiver.verify DIR`; the receiver may go on meanwhile.
Exit codes: 0 all is as it was acknowledged, 1 something is damaged or missing, 2 that cannot be told.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from backbone.errors import SearchlightError
from pi_receiver.domain.checksums import sidecar
from pi_receiver.domain.names import SIDECAR
from pi_receiver.storage.ledger import Ledger, Received
from pi_receiver.storage.store import LEDGER, STATE, digest_of

PROGRESS_SECONDS = 2.0


class Told:
    """How far a check is, told every two seconds, within a large file as well.

    Args:
        files, size: how many files there are, and their bytes.
    """

    def __init__(self, out: TextIO, files: int, size: int) -> None:
        self._out = out
        self._files = files
        self._size = size
        self._began = self._last = time.monotonic()
        self._bytes = 0
        self._checked = 0

    def read(self, count: int) -> None:
        """Count bytes, and tell when it is time."""
        self._bytes += count
        now = time.monotonic()
        if now - self._last >= PROGRESS_SECONDS:
            self._last = now
            left = max(self._size - self._bytes, 0) * (now - self._began) / max(self._bytes, 1)
            megabytes = f"{self._bytes / 1e6:,.0f} of {self._size / 1e6:,.0f} MB"
            self._out.write(f"{self._checked} of {self._files} files, {megabytes}, {left:.0f} s left\n")

    def file_checked(self) -> None:
        """Count a file."""
        self._checked += 1

    def end(self) -> None:
        """Tell what was done."""
        seconds, megabytes = max(time.monotonic() - self._began, 1e-9), self._bytes / 1e6
        speed = f"{megabytes:,.1f} MB in {seconds:.1f} s, {megabytes / seconds:,.0f} MB/s"
        self._out.write(f"{self._checked} files, {speed}\n")


def faults_of(folder: Path, received: Received, read: Callable[[int], None] = lambda _count: None) -> Iterator[str]:
    """Yield what is wrong with a file; `read` is called with the bytes of each piece that was hashed."""
    path = folder / received.path
    try:
        if path.is_symlink() or not path.is_file():
            yield "missing" if not path.exists() else "no file any more"
            return
        size = path.stat().st_size
        if size != received.size:
            yield f"expected {received.size} bytes, got {size}"
            return
        digest = digest_of(path, read)
        if digest != received.sha256:
            yield f"expected sha256 {received.sha256}, got {digest}"
            return
        beside = path.with_name(path.name + SIDECAR)
        if not beside.is_file() or beside.read_bytes() != sidecar(received.sha256, received.stored):
            yield f"{SIDECAR} beside it is missing or says something else"
    except OSError as fault:
        yield f"cannot be read: {fault.strerror}"


def verify(folder: Path, *, out: TextIO, progress: TextIO) -> int:
    """Check every file of the ledger; return how many are damaged.

    Raises:
        Unavailable: the ledger cannot be read.
    """
    ledger = Ledger(folder / STATE / LEDGER, read_only=True)
    told, damaged, checked = Told(progress, *ledger.totals()), 0, 0
    for received in ledger.all():
        for fault in faults_of(folder, received, told.read):
            damaged += 1
            out.write(f"damaged {received.path}: {fault}\n")
        told.file_checked()
        checked += 1
    told.end()
    out.write(f"{damaged} damaged of {checked} files\n")
    ledger.close()
    return damaged


def main(argv: Sequence[str] | None = None) -> int:
    """Check from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pi_receiver verify", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("received_files"), help="folder of received files")
    folder = parser.parse_args(argv).folder
    try:
        if not (folder / STATE / LEDGER).is_file():
            sys.stderr.write(f"{folder}: expected a folder of received files with its ledger, got none\n")
            return 2
        return 1 if verify(folder, out=sys.stdout, progress=sys.stderr) else 0
    except (SearchlightError, OSError) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
