"""A task that speaks to a real Redis ends when it is cancelled, at whichever step that finds it."""

import asyncio

import pytest

from backbone.redis_client import redis_client

STEPS = 60


async def test_a_cancelled_task_ends_wherever_it_is(redis_server):
    redis = redis_client(redis_server.url, seconds=3.0)
    await redis.set("key", "value")
    for steps in range(STEPS):
        await cancel_after(steps, redis.get)
    assert await redis.ping() is True, "nobody hears the answer to what another one asked"
    await redis.aclose()


async def test_a_cancelled_task_ends_also_while_it_connects(redis_server):
    for steps in range(STEPS):
        redis = redis_client(redis_server.url, seconds=3.0)
        await cancel_after(steps, redis.get)
        await redis.aclose()


async def cancel_after(steps, get):
    async def go_on() -> None:
        while True:
            await get("key")

    task = asyncio.create_task(go_on())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=40)
    ended = task.cancelled()
    while not task.done():  # a test that fails ends as well
        task.cancel()
        await asyncio.sleep(0)
    assert ended, f"cancelled after {steps} steps"


@pytest.mark.parametrize("url", ["redis://h:1", "rediss://h:1", "unix:///run/redis"])
def test_every_kind_of_connection_heeds_a_cancel(url):
    made = redis_client(url, seconds=1.0).connection_pool.make_connection()
    assert "_Heeding" in [base.__name__ for base in type(made).__mro__]


async def test_a_redis_that_is_away_is_told(redis_server):
    redis = redis_client(redis_server.url, seconds=1.0)
    await redis.ping()
    redis_server.kill()
    ended = await asyncio.gather(redis.ping(), return_exceptions=True)
    assert "Error" in type(ended[0]).__name__
    await redis.aclose()
