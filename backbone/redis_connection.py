"""Opens redis-py's asyncio client, with connections that a cancelled task always leaves. Asks Redis nothing."""

import asyncio
from collections.abc import Iterable

from redis.asyncio import Redis
from redis.asyncio.connection import Connection


class PromptConnection(Connection):
    """The client's own connection, without its loss of cancellations.

    With a socket timeout it sends by `asyncio.wait_for`, which before Python 3.12 returns as if nothing had happened
    when a task is cancelled in the moment that the bytes are out (python/cpython issue 86296). A role that is told to
    stop would go on for ever.
    """

    async def send_packed_command(
        self,
        command: bytes | str | Iterable[bytes],
        check_health: bool = True,
    ) -> None:
        """Send, and raise what `asyncio.wait_for` may have kept to itself."""
        task = asyncio.current_task()
        before = 0 if task is None else task.cancelling()
        await super().send_packed_command(command, check_health)
        if task is not None and task.cancelling() > before:
            await self.disconnect(nowait=True)
            raise asyncio.CancelledError


def redis_at(url: str, *, seconds: float) -> Redis:
    """Return a client of the Redis at `redis://...`, which connects at its first use.

    Args:
        seconds: that connecting, and each answer, may take.
    """
    return Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=seconds, protocol=2, connection_class=PromptConnection
    )
