"""Runs one part of a role beside a test. Builds none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

from backbone.lifecycle import Part

P = TypeVar("P", bound=Part)


@contextlib.asynccontextmanager
async def running(part: P) -> AsyncIterator[P]:
    """Start, run and stop a part for the length of an `async with` block; what it raises is raised at the end."""
    await part.start()
    task = asyncio.create_task(part.run())
    try:
        yield part
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await part.stop()
