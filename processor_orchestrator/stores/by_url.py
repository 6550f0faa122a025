"""The stores that a URL names; called by `app.py` alone."""

from processor_orchestrator.stores import Store
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.stores.redis_store import RedisStore
from processor_orchestrator.stores.registry import RegistryStore
from processor_orchestrator.stores.registry_memory import MemoryRegistry
from processor_orchestrator.stores.registry_redis import RedisRegistry
from processor_orchestrator.stores.snippets import SnippetStore
from processor_orchestrator.stores.snippets_memory import MemorySnippets
from processor_orchestrator.stores.snippets_redis import RedisSnippets

MEMORY = "memory://"
DAY_SECONDS = 86_400


def store_at(url: str, *, prefix: str) -> Store:
    """Return the store that a URL names."""
    return MemoryStore() if url.startswith(MEMORY) else RedisStore.from_url(url, prefix=prefix)


def registry_at(url: str, *, prefix: str) -> RegistryStore:
    """Return the registry that a URL names."""
    return MemoryRegistry() if url.startswith(MEMORY) else RedisRegistry.from_url(url, prefix=prefix)


def snippets_at(url: str, *, days: float, prefix: str) -> SnippetStore:
    """Return the pictures' store that a URL names; pictures are kept for so many days."""
    seconds = days * DAY_SECONDS
    if url.startswith(MEMORY):
        return MemorySnippets(keep_seconds=seconds)
    return RedisSnippets.from_url(url, keep_seconds=seconds, prefix=prefix)
