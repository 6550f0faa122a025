"""The threads that work beside the loop. Nothing is handed to them once they stopped."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from backbone.lifecycle import Part


class Threads(Part):
    """Two pools.

    Attributes:
        workers: write; they may wait for `hashing`.
        hashing: compute digests meanwhile; they wait for nobody.
    """

    def __init__(self, *, workers: int, hashing: int) -> None:
        self.workers = ThreadPoolExecutor(workers, thread_name_prefix="upload")
        self.hashing = ThreadPoolExecutor(hashing, thread_name_prefix="hash")

    async def stop(self) -> None:
        """Wait until they have done what they were given."""
        await asyncio.to_thread(self.workers.shutdown)
        await asyncio.to_thread(self.hashing.shutdown)
