"""One life cycle for the parts of a role: started in order, run together, stopped in reverse order. Knows no role."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Protocol


class Part:
    """Something that lives as long as its role. Each step does nothing, unless a part has work for it."""

    async def start(self) -> None:
        """Take what is needed; the parts before this one have started. What it raises ends the role."""

    async def run(self) -> None:
        """Work until cancelled, or return where there is nothing to do for ever."""

    async def stop(self) -> None:
        """Let go of what was taken; every `run` has ended, and the parts after this one have stopped."""


class Closable(Protocol):
    """What holds connections or files until it is told to let go."""

    async def aclose(self) -> None:
        """Let go."""


class Held(Part):
    """Connections that are opened by whoever uses them first, and let go when the role stops."""

    def __init__(self, closable: Closable) -> None:
        self._closable = closable

    async def stop(self) -> None:
        """Let go."""
        await self._closable.aclose()


async def live(parts: Sequence[Part], stop: asyncio.Event) -> None:
    """Start the parts, run them until `stop` is set or one of them fails, and stop those that started.

    Raises:
        ExceptionGroup: what running parts raised.
    """
    async with AsyncExitStack() as started:
        for part in parts:
            await part.start()
            started.push_async_callback(part.stop)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(part.run(), name=type(part).__name__) for part in parts]
            await stop.wait()
            for task in running:
                task.cancel()
