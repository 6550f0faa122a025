"""Where the sought objects and the sightings survive: one contract, two stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from processor_orchestrator.tracking.events import Event
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.sightings import Changes, Sighting

MAX_SIGHTINGS = 100_000
"""Sightings that are kept; the oldest go first."""

ONCE_SECONDS = 30 * 86_400
"""How long a store remembers what must be stored once."""

MAX_TIMELINE_ENTRIES = 50_000
"""Timeline entries that are kept for one object; the oldest go first."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """An object was seen by a camera in this second of the epoch; oldest first in a timeline."""

    second: int
    camera_id: str | int


class Store(Protocol):
    """Keeps what must survive. Every method raises `backbone.errors.Unavailable` when the store is away.

    A method that returned has stored: what it took survives the end of this process.
    """

    async def next_object_id(self) -> int:
        """Return an id that was never returned before, from 1."""

    async def save(self, event: Event) -> None:
        """Store one event, all of it or nothing."""

    async def save_sightings(self, changes: Changes, *, once: str | None = None) -> bool:
        """Store sightings (a known id is replaced) and timeline entries, all of them or nothing.

        With `once`, nothing is stored when something was stored under that name already; returns whether it was now.
        """

    async def was_stored(self, once: str) -> bool:
        """Return whether `save_sightings` stored something under that name."""

    async def save_chips(self, opened: TrackedObject, chips: Sequence[bytes]) -> None:
        """Store the small pictures of a case's references; they go when the case is closed, or at its end."""

    async def chips(self, object_id: int) -> list[bytes]:
        """Return the small pictures of a case's references; none once it is closed."""

    async def open_objects(self) -> list[TrackedObject]:
        """Return what is sought now."""

    async def open_object(self, object_id: int) -> TrackedObject | None:
        """Return what is sought by that id now, without its image; None when it is not."""

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought, ascending."""

    async def timeline(self, object_id: int) -> list[TimelineRow]:
        """Return where an object was seen, oldest first; empty when never."""

    async def sightings(self, *, limit: int, object_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings, newest first."""

    async def sighting(self, sighting_id: str) -> Sighting | None:
        """Return one sighting, or None."""

    async def object_of_job(self, job: str) -> int | None:
        """Return the object that a cloudlet's job stands for or stood for; None when no such job ever was."""

    async def image(self, object_id: int) -> bytes | None:
        """Return an object's JPEG, or None."""

    async def crop(self, sighting_id: str) -> bytes | None:
        """Return a sighting's JPEG, or None."""

    async def check(self) -> None:
        """Return when the store answers."""

    async def aclose(self) -> None:
        """Let the connections go."""
