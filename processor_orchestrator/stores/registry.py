"""Where the roster of cloudlets survives, and which jobs each of them has: one contract, two stores."""

from collections.abc import Callable
from typing import Protocol

from processor_orchestrator.domain.cloudlet import Changed, Cloudlet, JobNote, Roster

Decision = Callable[[Roster], Changed]
"""Looks at the roster and returns what of it changes; may be asked again when another server was faster."""


class RegistryStore(Protocol):
    """Keeps the roster. Every method raises `backbone.errors.Unavailable` when the store is away."""

    async def change(self, decide: Decision) -> list[Cloudlet]:
        """Store what `decide` returns, at once and against no newer roster; return the cloudlets that it stored."""

    async def cloudlets(self) -> list[Cloudlet]:
        """Return the roster, by key."""

    async def jobs_of(self, key: str) -> dict[str, JobNote]:
        """Return the jobs that a cloudlet may have, by name."""

    async def note_job(self, key: str, note: JobNote) -> None:
        """Note that a job is about to be sent to a cloudlet, or that the cloudlet said it has it."""

    async def drop_job(self, key: str, job: str) -> None:
        """Note that a cloudlet has a job no longer."""

    async def claim(self, key: str, owner: str, *, seconds: float) -> bool:
        """Return whether `owner` alone may send jobs to a cloudlet for so long; it may ask again to go on."""

    async def release(self, key: str, owner: str) -> None:
        """Let others send jobs to a cloudlet."""

    async def aclose(self) -> None:
        """Let the connections go."""
