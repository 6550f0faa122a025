"""The event bus: who did something says so once; who wants to know has asked to. Stores nothing, knows no event.

A publisher never knows who listens, nor whether a listener is in this process: what another orchestrator published
arrives here as an event from elsewhere (`cluster`).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, TypeVar

import structlog

E = TypeVar("E")


class Origin(Enum):
    """Where an event happened: at this orchestrator, or at another one on the same Redis."""

    HERE = "here"
    ELSEWHERE = "elsewhere"


# Any: a handler takes the one type of event that it was subscribed for
Handler = Callable[[Any], None]


class EventBus:
    """Hands events to their subscribers, in the order of subscription, before `publish` returns.

    A handler does not wait: what takes time is put into an `Inbox` or wakes the subscriber's own task. One that fails
    is told with its traceback, and the others hear the event all the same.
    """

    def __init__(self) -> None:
        self._handlers: dict[tuple[type, Origin], tuple[Handler, ...]] = {}

    def subscribe(self, event_type: type[E], handler: Callable[[E], None], *, origin: Origin | None = None) -> None:
        """Have a handler called with every event of a type.

        Args:
            origin: only with those that happened there; None: wherever.
        """
        for one in Origin if origin is None else (origin,):
            self._handlers[event_type, one] = (*self._handlers.get((event_type, one), ()), handler)

    def publish(self, event: object, *, origin: Origin = Origin.HERE) -> None:
        """Tell everybody who subscribed to events of this type."""
        for handler in self._handlers.get((type(event), origin), ()):
            try:
                handler(event)
            except Exception:  # noqa: BLE001 - whoever published is not harmed by who listens
                structlog.get_logger().exception("event_handler_failed", event_type=type(event).__name__)


class Inbox(Generic[E]):
    """Events that wait for one subscriber which takes its time: the oldest is dropped when there are too many.

    Args:
        most: events that may wait.
    """

    def __init__(self, *, most: int) -> None:
        self._waiting: deque[E] = deque(maxlen=most)
        self._filled = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: E) -> None:
        """Let an event wait; this is a handler for `EventBus.subscribe`."""
        if len(self._waiting) == self._waiting.maxlen:
            self.dropped += 1
        self._waiting.append(event)
        self._filled.set()

    async def take(self) -> E:
        """Return the oldest event, as soon as there is one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()

    async def take_all(self) -> list[E]:
        """Return everything that waits, as soon as there is something."""
        taken = [await self.take(), *self._waiting]
        self._waiting.clear()
        return taken
