"""The registry of a single process that forgets at its end; see `RegistryStore` for the contract."""

from processor_orchestrator.domain.cloudlet import Cloudlet, JobNote
from processor_orchestrator.stores.registry import Decision


class MemoryRegistry:
    """Keeps the roster in this process."""

    def __init__(self) -> None:
        self._roster: dict[str, Cloudlet] = {}
        self._jobs: dict[str, dict[str, JobNote]] = {}

    async def change(self, decide: Decision) -> list[Cloudlet]:
        """Keep what `decide` returns."""
        changed = decide(self._roster)
        for key, cloudlet in changed.items():
            if cloudlet is None:
                self._roster.pop(key, None)
                self._jobs.pop(key, None)
            else:
                self._roster[key] = cloudlet
        return [cloudlet for cloudlet in changed.values() if cloudlet is not None]

    async def cloudlets(self) -> list[Cloudlet]:
        """Return the roster."""
        return [cloudlet for _, cloudlet in sorted(self._roster.items())]

    async def jobs_of(self, key: str) -> dict[str, JobNote]:
        """Return the jobs of a cloudlet."""
        return dict(self._jobs.get(key, {}))

    async def note_job(self, key: str, note: JobNote) -> None:
        """Note a job of a cloudlet."""
        self._jobs.setdefault(key, {})[note.job] = note

    async def drop_job(self, key: str, job: str) -> None:
        """Forget a job of a cloudlet."""
        self._jobs.get(key, {}).pop(job, None)

    async def claim(self, key: str, owner: str, *, seconds: float) -> bool:  # noqa: ARG002 - nobody else is there
        """Return True: there is one process."""
        return True

    async def release(self, key: str, owner: str) -> None:
        """Nothing is held."""

    async def aclose(self) -> None:
        """Nothing is held."""
