"""A slot for one value in which the newest wins. Keeps no queue; what was overwritten is counted."""

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Hands the newest value from any thread to one waiting coroutine.

    `dropped` counts the values that a newer one replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self.dropped = 0

    @property
    def empty(self) -> bool:
        """Whether nothing waits now."""
        return self._value is None

    def put(self, value: T) -> None:
        """Replace what is in the slot; may be called from any thread."""
        with self._lock:
            if self._value is not None:
                self.dropped += 1
            self._value = value
            if self._waiter is not None:
                loop, event = self._waiter
                loop.call_soon_threadsafe(event.set)

    async def take(self, *, timeout: float) -> T | None:  # noqa: ASYNC109 - the bound belongs to the call
        """Return the newest value and empty the slot, or None after `timeout` seconds without one.

        One coroutine at a time may wait.
        """
        event = asyncio.Event()
        with self._lock:
            value, self._value = self._value, None
            if value is not None:
                return value
            self._waiter = (asyncio.get_running_loop(), event)
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiter = None
        with self._lock:
            value, self._value = self._value, None
        return value
