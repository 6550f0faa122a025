"""The most memory that a piece of work takes in a process of its own; it times nothing."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Literal

Side = Literal["ours", "theirs"]


def peak_megabytes(work: Callable[[str, Side], None], name: str, side: Side) -> float:
    """Return the largest resident size in MB of a fresh process that does `work(name, side)`, imports included (Linux).

    Args:
        work: a function at the top of a module, so that another process finds it.
        name: which work.
        side: whose.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
        return child.submit(_peak, work, name, side).result()


def _peak(work: Callable[[str, Side], None], name: str, side: Side) -> float:
    work(name, side)
    # Not getrusage: Linux hands the parent's own peak on to a child.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
