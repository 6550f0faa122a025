"""The jobs of a cloudlet: who is sought, and how far each is on its way to references. Does not encode or store."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from backbone.errors import Unavailable
from backbone.face_models.names import DLIB
from backbone.wire.jobs import Encoded, Failed, Sought

MAX_JOBS = 1_000


class JobState(Enum):
    """Where a job stands."""

    ENCODING = "encoding"
    OPEN = "open"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Job:
    """One sought person.

    Attributes:
        digest: of the zip that it came in: what comes again is recognised.
        task_id: of its encoding.
        photos: blob keys and names, until they are encoded.
        embeddings: 128 floats each.
        negatives: faces that are somebody else's, 128 floats each.
        object_id: the server's own name of it, where it said so.
        reason: why it is unusable.
        model_id: of its embeddings; what was kept before jobs said so is dlib's.
        sought_since: when its name was heard first after it was deleted last; seconds since the epoch.
    """

    name: str
    digest: str
    state: JobState
    tolerance: float
    task_id: str
    photos: tuple[tuple[str, str], ...] = ()
    received_at: float = 0.0
    embeddings: tuple[tuple[float, ...], ...] = ()
    negatives: tuple[tuple[float, ...], ...] = ()
    reason: str = ""
    sought_since: float = 0.0
    object_id: int | None = None
    model_id: str = DLIB


class Jobs:
    """All jobs by name.

    Args:
        model_id: the workers' model; references of another cannot be compared.
    """

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def load(self, jobs: Iterable[Job]) -> None:
        """Know exactly these; one whose embeddings are of another model than the workers' has to come again."""
        self._jobs = {job.name: self._usable(job) for job in jobs}

    def _usable(self, job: Job) -> Job:
        if job.state is not JobState.OPEN or job.model_id == self.model_id:
            return job
        reason = f"expected embeddings of the model {self.model_id}, got {job.model_id}: it has to be sent again"
        return replace(job, state=JobState.UNUSABLE, embeddings=(), negatives=(), reason=reason)

    def get(self, name: str) -> Job | None:
        """Return a job, None when it is not known."""
        return self._jobs.get(name)

    def check_room(self, name: str) -> None:
        """Refuse a job beyond the bound.

        Raises:
            Unavailable: there are too many already.
        """
        if name not in self._jobs and len(self._jobs) >= MAX_JOBS:
            raise Unavailable(f"expected at most {MAX_JOBS} jobs, got one more")

    def put(self, job: Job) -> None:
        """Know a job; one of the same name is replaced."""
        self._jobs[job.name] = job

    def drop(self, name: str) -> None:
        """Forget a job."""
        self._jobs.pop(name, None)

    def encoding(self) -> list[Job]:
        """Return the jobs that wait for their references."""
        return [job for job in self._jobs.values() if job.state is JobState.ENCODING]

    def of_task(self, task_id: str) -> Job | None:
        """Return the job that waits for this encoding."""
        return next((job for job in self.encoding() if job.task_id == task_id), None)

    def count(self, state: JobState) -> int:
        """Return how many jobs are in a state."""
        return sum(job.state is state for job in self._jobs.values())

    def sought(self) -> tuple[Sought, ...]:
        """Return everyone who can be compared with now, all of one model."""
        listed = (job for job in self._jobs.values() if job.state is JobState.OPEN and job.model_id == self.model_id)
        return tuple(Sought(job.name, job.tolerance, job.embeddings, job.negatives) for job in listed)

    def is_sought_since(self, name: str, moment: float) -> bool:
        """Return whether a job is here and was not deleted, and another opened under its name, since a moment."""
        job = self._jobs.get(name)
        return job is not None and job.sought_since <= moment

    def after(self, job: Job, result: Encoded | Failed) -> Job:
        """Return what a job becomes by its encoding's result."""
        if isinstance(result, Failed):
            return replace(job, state=JobState.UNUSABLE, photos=(), reason=f"{result.code}: {result.message}"[:300])
        references = result.by_model.get(self.model_id)
        if references is None:
            reason = f"expected the model {self.model_id}, got {', '.join(result.by_model)}"
            return replace(job, state=JobState.UNUSABLE, photos=(), reason=reason)
        embeddings = tuple(reference.embedding for reference in references)
        if not embeddings:
            return replace(job, state=JobState.UNUSABLE, photos=(), reason="no photo shows a face")
        return replace(job, state=JobState.OPEN, photos=(), embeddings=embeddings, model_id=self.model_id)
