"""Where the pictures of snap devices are kept for a while: one contract, two stores."""

from typing import Protocol

from processor_orchestrator.domain.snippet import Snippet

MAX_SNIPPETS = 2_000
"""Pictures that are kept altogether; the oldest go first."""

MAX_SNIPPET_BYTES = 128 * 1024 * 1024
"""Bytes of pictures that are kept altogether; the oldest go first."""

MAX_HISTORY = 50
"""Pictures that are kept of one id; the oldest go first."""


class SnippetStore(Protocol):
    """Keeps pictures, bounded in count, bytes and age. Every method raises `Unavailable` when the store is away."""

    async def put(self, snippet: Snippet, jpeg: bytes) -> bool:
        """Keep a picture and return whether it is new; the same again only becomes the newest of its id.

        Raises:
            Conflict: the id is held by another subject. One without a token takes none that is held.
        """

    async def find(self, snippet_id: str, sha256: str | None = None) -> Snippet | None:
        """Return the picture of that digest, or the newest of the id; None when it is not kept."""

    async def jpeg(self, snippet: Snippet) -> bytes | None:
        """Return a picture's clean JPEG; None when it is gone."""

    async def newest(self, *, limit: int, snippet_id: str | None = None) -> list[Snippet]:
        """Return the newest pictures of an id, or of all, newest first."""

    async def sweep(self) -> None:
        """Forget what is too old."""

    async def aclose(self) -> None:
        """Let the connections go."""
