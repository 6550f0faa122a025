"""Connections to Redis for asyncio roles: bounded in time, and heeding a cancel. Knows no keys.

The library writes through `asyncio.wait_for`, which in Python 3.11 returns as if nothing had been asked when it is
cancelled in the moment in which its future ends (CPython issue 86296). A role whose task went on for that reason would
never end.
"""

import asyncio
from collections.abc import Iterable

from redis.asyncio import Redis
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection


class _Heeding:
    """Raises, after a write, the cancel that came during it."""

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        task = asyncio.current_task()
        before = 0 if task is None else task.cancelling()
        await super().send_packed_command(command, check_health)  # type: ignore[misc] # the other base's
        if task is not None and task.cancelling() > before:
            # What the server answers to this is nobody's any more.
            await self.disconnect(nowait=True)  # type: ignore[attr-defined] # the other base's
            raise asyncio.CancelledError


class _Plain(_Heeding, Connection):
    pass


class _Tls(_Heeding, SSLConnection):
    pass


class _Local(_Heeding, UnixDomainSocketConnection):
    pass


_HEEDING = {Connection: _Plain, SSLConnection: _Tls, UnixDomainSocketConnection: _Local}


def redis_client(url: str, *, seconds: float) -> Redis:
    """Return a client for `redis://...`, `rediss://...` or `unix://...`; it connects at the first use.

    Args:
        seconds: how long it waits for a connection, a write or an answer.
    """
    client = Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, protocol=2)
    pool = client.connection_pool
    pool.connection_class = _HEEDING[pool.connection_class]
    return client
