"""Boxes that are due to the same clients leave together, once a turn of the event loop. Drops nothing, decides nothing.

While several cameras speak within one turn, each client costs one system call instead of one for each camera. Nothing
waits longer than until everything that had already arrived is read.
"""

import asyncio
from collections.abc import Callable

from backbone.web.direct_write import text_frame
from processor_orchestrator.domain.camera import PeerId

MOST_BYTES = 256 * 1024

Send = Callable[[tuple[PeerId, ...], list[bytes], bytes], None]


class FrameBatch:
    """Payloads by who gets them.

    Args:
        send: takes peers, payloads in order, and the same payloads as WebSocket frames.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._due: dict[tuple[PeerId, ...], list[bytes]] = {}
        self._bytes = 0

    def add(self, peers: tuple[PeerId, ...], payload: bytes) -> None:
        """Let a payload leave at the end of this turn, or now when much has gathered."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self.flush)
        self._due.setdefault(peers, []).append(payload)
        self._bytes += len(payload)
        if self._bytes > MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what has gathered."""
        due, self._due, self._bytes = self._due, {}, 0
        for peers, payloads in due.items():
            self._send(peers, payloads, b"".join(map(text_frame, payloads)))
