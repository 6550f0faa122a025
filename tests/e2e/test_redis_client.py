"""A cancel is heeded whenever it comes, also while a real Redis is connected and written to."""

import asyncio
import random
from collections import Counter

from backbone.redis_client import redis_client

TRIES = 400


async def cancelled_somewhere(url: str, wait: float) -> str:
    client = redis_client(url, seconds=3.0)
    asking = asyncio.create_task(client.ping())
    await asyncio.sleep(wait)
    if asking.done():
        ended = "was done"
    else:
        asking.cancel()
        ended = (
            "heeded"
            if isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)
            else "passed over"
        )
    await client.aclose()
    return ended


async def test_no_cancel_is_passed_over(redis_server):
    seed = random.randrange(2**32)
    waits = random.Random(seed)
    ends = Counter([await cancelled_somewhere(redis_server.url, waits.uniform(0, 0.006)) for _ in range(TRIES)])
    assert ends["passed over"] == 0, f"seed {seed}: {ends}"
    assert ends["heeded"] > 0, f"seed {seed}: {ends}"


async def test_commands_are_answered_and_a_redis_that_is_away_is_told(redis_server):
    client = redis_client(redis_server.url, seconds=1.0)
    assert await client.set("a", "b")
    assert await client.get("a") == b"b"
    redis_server.kill()
    ended = await asyncio.gather(client.ping(), return_exceptions=True)
    assert "Error" in type(ended[0]).__name__
    await client.aclose()
