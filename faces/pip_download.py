"""Fetches locked packages with the interpreter's pip, without installing them; it does not look inside of them.

To learn a source package's name, pip runs its `setup.py` as far as the metadata; the lock's hash says which one.
Only at installation, where images are built and where sample pictures are made: never while a role runs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TIMEOUT_S = 180.0
# Any platform would do, for nothing of the wheel is run: one wheel for all keeps the lock short.
_PLATFORM = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp")


class PackagesUnreachable(Exception):
    """The registry could not be reached in time, or what it gave is not what the lock says."""


def download_packages(lock: Path, into: Path, *, timeout_s: float = TIMEOUT_S) -> list[Path]:
    """Download every package of a lock file with hashes into a folder and return the files.

    Raises:
        PackagesUnreachable: pip failed or needed longer than `timeout_s`; the text has pip's last lines.
    """
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check", "--timeout", "20", "--retries", "2")
    locked = ("--no-deps", "--no-build-isolation", "--require-hashes", *_PLATFORM, "--abi", "cp311")
    command = [sys.executable, "-m", "pip", "download", *quiet, *locked, "--dest", str(into), "-r", str(lock)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise PackagesUnreachable(f"expected the packages of {lock.name} within {timeout_s:.0f} s") from error
    if done.returncode != 0:
        said = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise PackagesUnreachable(f"expected pip to download the packages of {lock.name}, it said: {said}")
    return sorted(path for path in into.iterdir() if path.is_file())
