"""What it means that Redis does not answer: the one place where its library's errors become ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

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
    except (RedisError, OSError, TimeoutError) as fault:
        raise Unavailable(f"expected Redis to answer, got: {fault}", code="store_unavailable") from None
