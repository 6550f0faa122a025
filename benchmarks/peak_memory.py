"""The most memory that a program took; it times nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Side = Literal["ours", "theirs"]


def own_peak_megabytes() -> float:
    """Return the largest resident size of this process so far in MB, imports included (Linux)."""
    # Not getrusage: Linux hands the parent's own peak on to a child.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
