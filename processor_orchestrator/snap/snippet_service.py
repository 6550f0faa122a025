"""Takes a device's picture in: made safe, kept, handed to whoever looks for people in it. Decides nothing."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from backbone.errors import Unavailable
from backbone.lifecycle import Part
from backbone.pictures.cleaner import PictureCleaner
from processor_orchestrator.domain.snippet import Snippet
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.stores.snippets import SnippetStore

SWEEP_SECONDS = 300.0


class Looker(Protocol):
    """Whoever looks for people in pictures."""

    async def look(self, snippet: Snippet, jpeg: bytes) -> None:
        """Have a picture looked through; the same one again changes nothing."""


class SnippetService(Part):
    """The way in for pictures.

    Args:
        cleaner: makes a picture safe; keeps it large enough to find faces.
        now: wall clock, seconds since the epoch.
    """

    def __init__(
        self,
        *,
        store: SnippetStore,
        cleaner: PictureCleaner,
        looker: Looker,
        metrics: OrchestratorMetrics,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._cleaner = cleaner
        self._looker = looker
        self._metrics = metrics
        self._now = now

    async def take(self, snippet_id: str, raw: bytes, *, subject: str | None) -> tuple[Snippet, bool]:
        """Keep a picture and return its facts and whether it is new; it is stored when this returns.

        Raises:
            BadInput: it is no picture that is taken.
            Conflict: the id is another's.
            Unavailable: it could not be stored; the device has to send it again.
        """
        clean = await self._cleaner.clean(raw)
        snippet = Snippet(
            snippet_id=snippet_id,
            sha256=hashlib.sha256(raw).hexdigest(),
            size=len(clean.jpeg),
            width=clean.width,
            height=clean.height,
            received_at=self._now(),
            subject=subject,
        )
        is_new = await self._store.put(snippet, clean.jpeg)
        await self._looker.look(snippet, clean.jpeg)
        self._metrics.snippets.labels("new" if is_new else "known").inc()
        return snippet, is_new

    async def run(self) -> None:
        """Forget pictures that are too old, until cancelled."""
        while True:
            try:
                await self._store.sweep()
            except Unavailable as fault:
                structlog.get_logger().warning("snippets_wait", reason=fault.message)
            await asyncio.sleep(SWEEP_SECONDS)
