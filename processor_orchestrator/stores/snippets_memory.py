"""The pictures of a single process that forgets at its end; see `SnippetStore` for the contract."""

import time
from collections.abc import Callable

from backbone.errors import Conflict
from processor_orchestrator.domain.snippet import Snippet
from processor_orchestrator.stores.snippets import MAX_HISTORY, MAX_SNIPPET_BYTES, MAX_SNIPPETS

Key = tuple[str, str]


class MemorySnippets:
    """Keeps pictures in this process.

    Args:
        keep_seconds: how long a picture is kept.
        now: wall clock, seconds since the epoch.
    """

    def __init__(self, *, keep_seconds: float, now: Callable[[], float] = time.time) -> None:
        self._keep_seconds = keep_seconds
        self._now = now
        self._kept: dict[Key, tuple[Snippet, bytes]] = {}
        self._owners: dict[str, str] = {}

    async def put(self, snippet: Snippet, jpeg: bytes) -> bool:
        """Keep a picture."""
        await self.sweep()
        owner = self._owners.get(snippet.snippet_id)
        if owner is not None and owner != snippet.subject:
            raise Conflict(f"expected a snippet id that is free, got {snippet.snippet_id!r}, which another holds")
        if snippet.subject is not None:
            self._owners[snippet.snippet_id] = snippet.subject
        key = (snippet.snippet_id, snippet.sha256)
        is_new = self._kept.pop(key, None) is None
        self._kept[key] = (snippet, jpeg)  # a dict keeps the order in which keys came: the last is the newest
        self._trim(snippet.snippet_id)
        return is_new

    def _trim(self, snippet_id: str) -> None:
        of_id = [key for key in self._kept if key[0] == snippet_id]
        for key in of_id[:-MAX_HISTORY]:
            self._forget(key)
        while len(self._kept) > MAX_SNIPPETS or sum(known.size for known, _ in self._kept.values()) > MAX_SNIPPET_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        self._kept.pop(key)
        if not any(known == key[0] for known, _ in self._kept):
            self._owners.pop(key[0], None)

    async def find(self, snippet_id: str, sha256: str | None = None) -> Snippet | None:
        """Return one picture's facts."""
        if sha256 is not None:
            kept = self._kept.get((snippet_id, sha256))
            return None if kept is None else kept[0]
        newest = await self.newest(limit=1, snippet_id=snippet_id)
        return newest[0] if newest else None

    async def jpeg(self, snippet: Snippet) -> bytes | None:
        """Return a picture."""
        kept = self._kept.get((snippet.snippet_id, snippet.sha256))
        return None if kept is None else kept[1]

    async def newest(self, *, limit: int, snippet_id: str | None = None) -> list[Snippet]:
        """Return the newest pictures' facts."""
        await self.sweep()
        known = [known for known, _ in self._kept.values() if snippet_id in {None, known.snippet_id}]
        return known[::-1][:limit]

    async def sweep(self) -> None:
        """Forget what is too old."""
        late = self._now() - self._keep_seconds
        for key in [key for key, (known, _) in self._kept.items() if known.received_at < late]:
            self._forget(key)

    async def aclose(self) -> None:
        """Nothing is held."""
