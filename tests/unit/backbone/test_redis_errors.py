"""The errors of Redis' library, and which of them become ours."""

import pytest
from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError, WatchError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from backbone.errors import Unavailable
from backbone.redis_client import redis_client
from backbone.redis_errors import answer, answering

AWAY = [RedisConnectionError, RedisTimeoutError, BusyLoadingError, AuthenticationError, ResponseError]


@pytest.mark.parametrize("error", [*AWAY, ConnectionResetError, TimeoutError, OSError])
async def test_whatever_keeps_redis_from_answering_is_told_as_one_error(error):
    with pytest.raises(Unavailable, match="expected Redis to answer, got: why") as told:
        async with answering():
            raise error("why")
    assert (told.value.code, told.value.status) == ("store_unavailable", 503)


@pytest.mark.parametrize("error", [WatchError, ValueError])
async def test_what_is_no_silence_of_redis_is_left_as_it_is(error):
    with pytest.raises(error, match="why"):
        async with answering():
            raise error("why")


async def test_an_answer_is_handed_on_and_a_server_that_is_gone_is_told(redis_server):
    redis = redis_client(redis_server.url, seconds=3.0)
    assert await answer(redis.set("key", "value")) is True
    assert await answer(redis.get("key")) == b"value"
    redis_server.kill()
    with pytest.raises(Unavailable):
        await answer(redis.get("key"))
    await redis.aclose()
