"""What it means that Redis does not answer: the one place where its library's errors become ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from backbone.errors import Unavailable


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn the library's errors into `Unavailable`.

    Raises:
        Unavailable: Redis did not answer.
    """
    try:
        yield
    except (RedisError, OSError, TimeoutError) as fault:
        task = asyncio.current_task()
        if task is not None and task.cancelling():  # a cancel while the library connects comes out as its own error
            raise asyncio.CancelledError from None
        raise Unavailable(f"expected Redis to answer, got: {fault}", code="store_unavailable") from None
