"""Where cases and sightings survive: one contract, two stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.case_events import CaseEvent
from processor_orchestrator.domain.sighting import Changes, Sighting

MAX_SIGHTINGS = 100_000
"""Sightings that are kept; the oldest go first."""

ONCE_SECONDS = 30 * 86_400
"""How long a store remembers what must be stored once."""

MAX_TIMELINE_ENTRIES = 50_000
"""Timeline entries that are kept for one case; the oldest go first."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A person was seen by a camera in this second of the epoch; oldest first in a timeline."""

    second: int
    camera_id: str | int


class Store(Protocol):
    """Keeps what must survive. Every method raises `backbone.errors.Unavailable` when the store is away.

    A method that returned has stored: what it took survives the end of this process.
    """

    async def next_case_id(self) -> int:
        """Return an id that was never returned before, from 1."""

    async def save(self, event: CaseEvent) -> None:
        """Store one event, all of it or nothing."""

    async def save_sightings(self, changes: Changes, *, once: str | None = None) -> bool:
        """Store sightings (a known id is replaced) and timeline entries, all of them or nothing.

        With `once`, nothing is stored when something was stored under that name already; returns whether it was now.
        """

    async def was_stored(self, once: str) -> bool:
        """Return whether `save_sightings` stored something under that name."""

    async def save_chips(self, opened: Case, chips: Sequence[bytes]) -> None:
        """Store the small pictures of a case's references; they go when the case is closed, or at its end."""

    async def chips(self, case_id: int) -> list[bytes]:
        """Return the small pictures of a case's references; none once it is closed."""

    async def open_cases(self) -> list[Case]:
        """Return the open cases, with their images."""

    async def open_case(self, case_id: int) -> Case | None:
        """Return what is sought by that id now, without its image; None when it is not."""

    async def last_seen(self, case_ids: Sequence[int]) -> dict[int, float]:
        """Return when cases were seen last, by id, in seconds since the epoch; those never seen are left out."""

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought, ascending."""

    async def timeline(self, case_id: int) -> list[TimelineRow]:
        """Return where a person was seen, oldest first; empty when never."""

    async def sightings(self, *, limit: int, case_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings, newest first."""

    async def sighting(self, sighting_id: str) -> Sighting | None:
        """Return one sighting, or None."""

    async def case_of_job(self, job: str) -> int | None:
        """Return the case that a cloudlet's job stands for or stood for; None when no such job ever was."""

    async def image(self, case_id: int) -> bytes | None:
        """Return a case's JPEG, or None."""

    async def crop(self, sighting_id: str) -> bytes | None:
        """Return a sighting's JPEG, or None."""

    async def check(self) -> None:
        """Return when the store answers."""

    async def aclose(self) -> None:
        """Let the connections go."""
