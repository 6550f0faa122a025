"""Has received pictures compared and received videos looked through: a Pi is a camera with a delay.

What waits is what the ledger says, so a kill loses nothing; each file is handed on until it was taken or refused.
"""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Protocol

import structlog

from backbone.backoff import Backoff
from backbone.errors import SearchlightError, Unavailable
from backbone.lifecycle import Part
from backbone.web.health import Dependency
from pi_receiver.metrics import ReceiverMetrics
from pi_receiver.storage.disk_file import disk_fault
from pi_receiver.storage.ledger import Received
from pi_receiver.storage.store import Store

PICTURES = frozenset({"jpg", "jpeg", "png", "webp", "heic", "heif"})
VIDEOS = frozenset({"mp4", "avi", "mkv", "mov", "mjpeg", "ts"})
MOST_PICTURE_BYTES = 25 * 1024 * 1024
"""What a cloudlet takes as one picture."""

REFUSED = range(400, 500)
TRY_AGAIN = {401, 403, 408, 429}
NOBODY_SOUGHT = 409
LOOK_SECONDS = 1.0
AT_ONCE = 20


class Cloudlet(Protocol):
    """Compares pictures; see `CloudletLink`."""

    async def hand_over(self, received: Received, content: bytes, *, with_location: bool) -> int:
        """Return the status that is answered."""

    def close(self) -> None:
        """Let the connections go."""


class Orchestrator(Protocol):
    """Has videos looked through; see `OrchestratorLink`."""

    async def look_through(self, received: Received) -> int:
        """Return the status that is answered."""

    def close(self) -> None:
        """Let the connections go."""


class Forwarder(Part):
    """One file after the other, oldest first.

    Args:
        cloudlet: None: pictures are only stored.
        footage: None: videos are only stored.
        orchestrator: asked to have each video in `footage` looked through; None: an operator asks for it.
        with_location: whether a picture's own position may be told.
    """

    def __init__(
        self,
        *,
        store: Store,
        metrics: ReceiverMetrics,
        cloudlet: Cloudlet | None,
        footage: Path | None,
        orchestrator: Orchestrator | None = None,
        with_location: bool,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._cloudlet = cloudlet
        self._footage = footage
        self._orchestrator = orchestrator
        self._with_location = with_location
        self._last_error = ""

    def state(self) -> Dependency:
        """Return whether the last file could be handed on."""
        return Dependency(ok=not self._last_error, detail=self._last_error or "nothing waits")

    async def run(self) -> None:
        """Go on until cancelled; at once done where nothing is to be handed on."""
        if self._cloudlet is None and self._footage is None:
            return
        backoff = Backoff(first=0.5, limit=30.0)
        while True:
            try:
                if not await self.forward_some():
                    await asyncio.sleep(LOOK_SECONDS)
                self._last_error = ""
                backoff.reset()
            except SearchlightError as fault:
                self._last_error = fault.message
                structlog.get_logger().warning("forwarding_waits", reason=fault.message)
                await asyncio.sleep(backoff.next_wait())

    async def forward_some(self) -> int:
        """Hand on the oldest files that wait; return how many were looked at.

        Raises:
            Unavailable: one could not be handed on; what came before it is noted as done.
        """
        waiting = await asyncio.to_thread(self._store.ledger.to_forward, AT_ONCE)
        done = []
        try:
            for number, received in waiting:
                await self._forward(received)
                done.append(number)
        finally:
            if done:
                await asyncio.to_thread(self._store.ledger.forwarded, done)
        return len(waiting)

    async def _forward(self, received: Received) -> None:
        suffix = received.name.rpartition(".")[2].lower()
        if suffix in PICTURES and self._cloudlet is not None:
            await self._hand_over(received, self._cloudlet)
        elif suffix in VIDEOS and self._footage is not None:
            await asyncio.to_thread(_put_footage, self._store.path_of(received), self._footage / received.path)
            if self._orchestrator is not None:
                await self._have_looked_through(received, self._orchestrator)
            self._metrics.forwarded.labels("video").inc()

    async def _hand_over(self, received: Received, cloudlet: Cloudlet) -> None:
        content = await asyncio.to_thread(_read, self._store.path_of(received))
        if content is None:
            self._metrics.forwarded.labels("skipped").inc()
            return
        status = await cloudlet.hand_over(received, content, with_location=self._with_location)
        if status in REFUSED and status not in TRY_AGAIN:
            structlog.get_logger().warning("picture_refused", file=received.path, status=status)
            self._metrics.forwarded.labels("refused").inc()
        elif status != 200:
            raise Unavailable(f"cloudlet: expected 200, got {status}")
        else:
            self._metrics.forwarded.labels("picture").inc()

    async def _have_looked_through(self, received: Received, orchestrator: Orchestrator) -> None:
        status = await orchestrator.look_through(received)
        if status == NOBODY_SOUGHT:
            structlog.get_logger().info("video_not_looked_through", file=received.path, reason="nobody is sought")
        elif status in REFUSED and status not in TRY_AGAIN:
            structlog.get_logger().warning("video_refused", file=received.path, status=status)
            self._metrics.forwarded.labels("refused").inc()
        elif status != 200:
            raise Unavailable(f"orchestrator: expected 200, got {status}")

    async def stop(self) -> None:
        """Let the connections go."""
        for link in (self._cloudlet, self._orchestrator):
            if link is not None:
                link.close()


def _read(path: Path) -> bytes | None:
    """Return a picture; None where it is gone by now or no cloudlet would take it."""
    try:
        return path.read_bytes() if path.stat().st_size <= MOST_PICTURE_BYTES else None
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise disk_fault(fault) from None


def _put_footage(source: Path, there: Path) -> None:
    """Link a video into the footage folder, or copy it to another file system; a half copy is never seen."""
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        if there.exists() or not source.is_file():
            return
        try:
            os.link(source, there)
        except OSError:
            unfinished = there.with_name(f".{there.name}")
            shutil.copyfile(source, unfinished)
            shutil.copystat(source, unfinished)  # its time is the recording's
            with unfinished.open("rb") as copied:
                os.fsync(copied.fileno())
            unfinished.rename(there)
    except OSError as fault:
        raise disk_fault(fault) from None
