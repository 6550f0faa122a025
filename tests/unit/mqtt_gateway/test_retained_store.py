"""Topics that may hold something are remembered in a real Redis until they are cleared."""

import pytest

from backbone.errors import Unavailable
from backbone.redis_settings import RedisKeys
from mqtt_gateway.retained_store import RetainedStore


async def test_topics_are_kept_until_they_are_dropped_also_over_a_start(redis_server):
    store = RetainedStore.from_url(redis_server.url, keys=RedisKeys())
    await store.add({"a", "b"})
    await store.add([])
    await store.drop([])
    await store.drop({"b", "never there"})
    await store.aclose()
    later = RetainedStore.from_url(redis_server.url, keys=RedisKeys())
    north = RetainedStore.from_url(redis_server.url, keys=RedisKeys("north"))
    assert (await later.topics(), await north.topics()) == ({"a"}, set())
    await later.aclose()
    await north.aclose()


async def test_a_redis_that_is_away_is_told(redis_server):
    store = RetainedStore.from_url(redis_server.url, keys=RedisKeys())
    redis_server.kill()
    for call in (store.topics(), store.add({"a"}), store.drop({"a"})):
        with pytest.raises(Unavailable, match="expected Redis to answer"):
            await call
    await store.aclose()
