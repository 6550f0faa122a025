"""What it means that Redis does not answer: the one place where its library's errors become ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError, WatchError

from backbone.errors import Unavailable


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn the library's errors into `Unavailable`, and heed a cancel that the library took for one or passed over.

    Raises:
        Unavailable: Redis did not answer.
        WatchError: what the caller watched was changed meanwhile.
    """
    try:
        yield
    except WatchError:
        raise  # no fault: the caller looks again
    except (RedisError, OSError, TimeoutError) as fault:
        _heed_cancel()
        raise Unavailable(f"expected Redis to answer, got: {fault}", code="store_unavailable") from None
    _heed_cancel()


def _heed_cancel() -> None:
    """Raise what was asked of this task: a cancel while the library connects may be lost in it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
