"""Waits for a real peer to get somewhere, never for seconds to pass. No fixed sleeps hide here."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from tests.processes import PATIENCE


async def until(condition: Callable[[], object], *, within: float = PATIENCE, what: str = "") -> None:
    """Return as soon as the condition holds; AssertionError after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"still not so after {within} s: {what or condition}") from None


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie that nobody reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def child_processes() -> int:
    """Count our children, whichever thread started them, zombies included."""
    count = 0
    for children in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread ended meanwhile
            count += len(children.read_text().split())
    return count
