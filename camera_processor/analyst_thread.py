"""The one thread that touches the faces, because dlib is not thread-safe. Does not know what a turn does."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from backbone.lifecycle import Part
from camera_processor.analyst import Analyst, Turn, Wanted
from camera_processor.domain.commands import Command
from camera_processor.domain.frames import Frame


class AnalystThread(Part):
    """Owns the analyst: makes it on the thread and does its turns there, one at a time.

    Args:
        load: makes the analyst; takes a second or more, as the models are loaded.
    """

    def __init__(self, load: Callable[[], Analyst]) -> None:
        self._load = load
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analyst")
        self._analyst: Analyst | None = None

    async def start(self) -> None:
        """Load the models."""
        self._analyst = await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def turn(self, frame: Frame | None, commands: Sequence[Command], wanted: Wanted) -> Turn:
        """Do one turn, as `Analyst.turn` does; raises RuntimeError before the start."""
        if self._analyst is None:
            raise RuntimeError("expected a turn after the models were loaded, got one before")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._analyst.turn, frame, commands, wanted)

    async def stop(self) -> None:
        """Begin no further turn; the one that is under way is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
