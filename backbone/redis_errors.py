"""What it means that Redis does not answer: the one place where its library's errors become ours. Asks nothing."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import RedisError, WatchError

from backbone.errors import Unavailable


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn the library's errors into `Unavailable`.

    Raises:
        Unavailable: Redis did not answer.
        WatchError: what the caller watched was changed meanwhile.
    """
    try:
        yield
    except WatchError:
        raise  # no fault: the caller looks again
    except (RedisError, OSError) as fault:
        raise Unavailable(f"expected Redis to answer, got: {fault}", code="store_unavailable") from None


async def answer(asked: Awaitable[Any] | Any) -> Any:  # noqa: ANN401 - the library's types: each call may be either
    """Return what Redis answers to one call of the library's asyncio client.

    Raises:
        Unavailable: it did not answer.
    """
    async with answering():
        return await asked
