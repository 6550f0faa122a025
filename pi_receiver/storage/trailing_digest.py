"""The SHA-256 of bytes that come in pieces, computed beside what else is done with them. Reads and writes no file."""

import hashlib
from concurrent.futures import Executor, Future

LEAST_BYTES = 65_536
"""A shorter piece is done sooner than handed over."""


class TrailingDigest:
    """One digest; at most one piece waits.

    Args:
        threads: compute; they are to have nothing to do that waits for others.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._hash = hashlib.sha256()
        self._waiting: Future[None] | None = None

    def update(self, data: bytes) -> None:
        """Take a piece; a long one is hashed while the caller goes on."""
        self._settle()
        if len(data) < LEAST_BYTES:
            self._hash.update(data)
        else:
            self._waiting = self._threads.submit(self._hash.update, data)

    def hexdigest(self) -> str:
        """Return the digest of all pieces, in hex."""
        self._settle()
        return self._hash.hexdigest()

    def _settle(self) -> None:
        if self._waiting is not None:
            self._waiting.result()
            self._waiting = None
