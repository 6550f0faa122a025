"""Metrics, a shared Redis for the tests that do not kill it, and stores of both kinds."""

from collections.abc import Iterator

import pytest
import redis
from prometheus_client import CollectorRegistry

from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.stores.memory import MemoryStore
from processor_orchestrator.stores.redis_store import RedisStore
from tests.conftest import RedisServer


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry) -> OrchestratorMetrics:
    return OrchestratorMetrics(registry)


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("shared_redis"))
    yield server
    server.kill()


@pytest.fixture(params=["memory", "redis"])
async def store(request):
    """Every store that there is, empty."""
    if request.param == "memory":
        yield MemoryStore()
        return
    server = request.getfixturevalue("shared_redis")
    with redis.Redis(port=server.port) as direct:
        direct.flushall()
    made = RedisStore.from_url(server.url)
    yield made
    await made.aclose()
