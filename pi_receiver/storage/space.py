"""Keeps the disk's reserve free: room is claimed before a byte is written. Writes nothing itself."""

import os
import threading
from pathlib import Path

from backbone.web.health import Dependency
from pi_receiver.domain.refusals import NoSpace

STEP = 16 * 1024 * 1024
"""An upload that did not tell its length claims so much at a time."""


class Space:
    """The room on one file system, shared by all uploads.

    Args:
        folder: anywhere on it.
        reserve: bytes that are never used.
    """

    def __init__(self, folder: Path, *, reserve: int) -> None:
        self._folder = folder
        self._reserve = reserve
        self._claimed = 0
        self._turn = threading.Lock()

    def state(self) -> Dependency:
        """Return whether anything may still be claimed."""
        left = self.left()
        return Dependency(ok=left > 0, detail=f"{left} bytes above the reserve")

    def left(self) -> int:
        """Return the bytes that may still be claimed; below zero when others filled the disk."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize - self._reserve - self._claimed

    def claim(self, size: int) -> "Claim":
        """Claim room for a file.

        Raises:
            NoSpace: the reserve would be touched.
        """
        self.take(size)
        return Claim(self, size)

    def take(self, size: int) -> None:
        """Count more bytes as claimed.

        Raises:
            NoSpace: the reserve would be touched.
        """
        with self._turn:
            left = self.left()
            if left < size:
                raise NoSpace(
                    f"expected a file of at most {max(left, 0)} bytes, got one of {size} more; try again later"
                )
            self._claimed += size

    def give(self, size: int) -> None:
        """Count fewer bytes as claimed: they are on the disk now, or will not come."""
        with self._turn:
            self._claimed -= size


class Claim:
    """The room of one upload; `outstanding` bytes of it, which the space counts already, were not written yet."""

    def __init__(self, space: Space, outstanding: int) -> None:
        self._space = space
        self.outstanding = outstanding

    def use(self, size: int) -> None:
        """Write so many bytes.

        Raises:
            NoSpace: they were not claimed, and there is no room for more.
        """
        if size > self.outstanding:
            more = max(STEP, size - self.outstanding)
            self._space.take(more)
            self.outstanding += more
        self.outstanding -= size
        self._space.give(size)

    def renew(self, size: int) -> None:
        """Have at least so many bytes claimed again: some may have been given back meanwhile.

        Raises:
            NoSpace: there is no room for them any more.
        """
        missing = size - self.outstanding
        if missing > 0:
            self._space.take(missing)
            self.outstanding += missing

    def restore(self, size: int) -> None:
        """Claim bytes again that were written and taken away."""
        self._space.give(-size)
        self.outstanding += size

    def release(self) -> None:
        """Give back what was not used."""
        self._space.give(self.outstanding)
        self.outstanding = 0
