"""Hashes everything that was received again and names each damaged file; changes nothing.

`python -m pi_receiver verify DIR` or `python -m pi_receiver.verify DIR`; the receiver may go on meanwhile.
Exit codes: 0 all is as it was acknowledged, 1 something is damaged or missing, 2 that cannot be told.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from backbone.errors import SearchlightError
from pi_receiver.checksums import sidecar
from pi_receiver.ledger import Ledger, Received
from pi_receiver.names import SIDECAR
from pi_receiver.store import LEDGER, STATE, digest_of

PROGRESS_SECONDS = 2.0


def faults_of(folder: Path, received: Received) -> Iterator[str]:
    """Yield what is wrong with a file."""
    path = folder / received.path
    try:
        if path.is_symlink() or not path.is_file():
            yield "missing" if not path.exists() else "no file any more"
            return
        size = path.stat().st_size
        if size != received.size:
            yield f"expected {received.size} bytes, got {size}"
            return
        digest = digest_of(path)
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
    files, size = ledger.totals()
    damaged = checked = done = 0
    began = told = time.monotonic()
    for received in ledger.all():
        for fault in faults_of(folder, received):
            damaged += 1
            out.write(f"damaged {received.path}: {fault}\n")
        checked, done = checked + 1, done + received.size
        if (now := time.monotonic()) - told >= PROGRESS_SECONDS:
            told = now
            left = (size - done) / (done / (now - began)) if done else 0
            progress.write(
                f"{checked} of {files} files, {done / 1e6:,.0f} of {size / 1e6:,.0f} MB, {left:.0f} s left\n"
            )
    seconds = max(time.monotonic() - began, 1e-9)
    progress.write(f"{checked} files, {done / 1e6:,.1f} MB in {seconds:.1f} s, {done / 1e6 / seconds:,.0f} MB/s\n")
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
