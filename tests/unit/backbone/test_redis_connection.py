"""A task that speaks to a real Redis ends when it is cancelled, at whichever step that finds it."""

import asyncio

from backbone.redis_connection import redis_at

STEPS = 60


async def test_a_cancelled_task_ends_wherever_it_is(redis_server):
    redis = redis_at(redis_server.url, seconds=3.0)

    async def go_on() -> None:
        while True:
            await redis.set("key", "value")

    await redis.ping()
    for steps in range(STEPS):
        task = asyncio.create_task(go_on())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=5)
        ended = task.cancelled()
        while not task.done():  # a test that fails ends as well
            task.cancel()
            await asyncio.sleep(0)
        assert ended, f"cancelled after {steps} steps"
    assert await redis.get("key") == b"value", "the next one has a connection"
    await redis.aclose()
