"""The cloudlet's neighbours in memory: the workers' queue, Redis' store, the servers, and time."""

from collections.abc import Iterable, Mapping

import msgspec

from backbone.errors import Unavailable
from backbone.wire.jobs import (
    Encoded,
    EncodeTask,
    FaceMatch,
    GalleryFile,
    Matched,
    MatchTask,
    Reference,
    Result,
    Task,
)
from cloudlet.domain.batches import Batch
from cloudlet.domain.jobs import Job
from tests.fakes.photo_worker import MODEL, RECT, embedding_of

ANNA, BORIS, NOBODY = b"\xff\xd8\xff face:A", b"\xff\xd8\xff face:B", b"\xff\xd8\xff a tree"


class FakeClock:
    """Time that goes on when it is told to."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Failing:
    """What can be away: each call named in `away` is refused; the others are noted in `log`."""

    def __init__(self, log: list[str]) -> None:
        self.away: set[str] = set()
        self.log = log

    def called(self, name: str) -> None:
        if name in self.away or "all" in self.away:
            raise Unavailable(f"{name}: expected an answer, got none", code="store_unavailable")
        self.log.append(name)


class FakeQueue(Failing):
    """Blobs, galleries and tasks, and a worker that does them when it is told to."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log)
        self.blobs: dict[str, bytes] = {}
        self.read: list[bytes] = []
        self.put: list[bytes] = []
        self.galleries: dict[str, GalleryFile] = {}
        self.tasks: dict[str, Task] = {}
        self.done: set[str] = set()

    async def put_blobs(self, blobs: Mapping[str, bytes]) -> None:
        self.called("put_blobs")
        self.blobs.update(blobs)
        self.put += blobs.values()

    async def get_blob(self, key: str) -> bytes | None:
        self.called("get_blob")
        return self.blobs.get(key)

    async def drop_blobs(self, keys: Iterable[str]) -> None:
        self.called("drop_blobs")
        for key in keys:
            self.blobs.pop(key, None)
            self.galleries.pop(key, None)

    async def put_gallery(self, gallery: GalleryFile, *, owner: str = "") -> str:
        self.called("put_gallery")
        key = f"gallery:{owner}:{hash(msgspec.json.encode(gallery))}"
        self.galleries[key] = gallery
        return key

    async def take_from_gallery(self, key: str, name: str) -> None:
        self.called("take_from_gallery")
        gallery = self.galleries[key]
        left = tuple(one for one in gallery.sought if one.name != name)
        self.galleries[key] = msgspec.structs.replace(gallery, sought=left)

    async def enqueue(self, queue: str, task: Task) -> None:
        self.called(f"enqueue {queue}")
        if task.task_id not in self.done:
            self.tasks.setdefault(task.task_id, task)

    def of_kind(self, kind: type[Task]) -> list[Task]:
        return [task for task in self.tasks.values() if isinstance(task, kind)]

    def sought_in(self, task: Task) -> list[str]:
        return [one.name for one in self.galleries[task.gallery].sought]

    def result_of(self, task: Task) -> Result:
        """Do a task, as a worker does: it is not handed over again."""
        self.done.add(task.task_id)
        self.tasks.pop(task.task_id, None)
        if isinstance(task, EncodeTask):
            rows = [(photo, embedding_of(self.blobs[photo.key])) for photo in task.photos]
            found = tuple(Reference(photo.name, RECT, row, "") for photo, row in rows if row is not None)
            return Encoded(task.task_id, task.tag, MODEL, found)
        assert isinstance(task, MatchTask)
        matches = []
        for index, photo in enumerate(task.photos):
            self.read.append(self.blobs[photo.key])
            row = embedding_of(self.blobs[photo.key])
            sought = self.galleries[task.gallery].sought
            matches += [FaceMatch(index, one.name, RECT, 0.25) for one in sought if row in one.embeddings]
        return Matched(task.task_id, task.tag, MODEL, tuple(matches))


class FakeStore(Failing):
    """What Redis keeps; a cloudlet that is started anew finds it there."""

    replies = "cloudlet:c:1:results"

    def __init__(self, log: list[str]) -> None:
        super().__init__(log)
        self.kept_jobs: dict[str, Job] = {}
        self.kept_batches: dict[str, Batch] = {}
        self.seen: set[str] = set()

    async def jobs(self) -> list[Job]:
        self.called("jobs")
        return list(self.kept_jobs.values())

    async def batches(self) -> list[Batch]:
        self.called("batches")
        return sorted(self.kept_batches.values(), key=lambda batch: batch.received_at)

    async def put_job(self, job: Job) -> None:
        self.called("put_job")
        self.kept_jobs[job.name] = job

    async def drop_job(self, name: str) -> None:
        self.called("drop_job")
        self.kept_jobs.pop(name, None)

    async def put_batch(self, batch: Batch) -> None:
        self.called("put_batch")
        self.kept_batches[batch.batch_id] = batch
        self.seen.add(batch.batch_id)

    async def drop_batch(self, batch_id: str) -> None:
        self.called("drop_batch")
        self.kept_batches.pop(batch_id, None)

    async def was_seen(self, batch_id: str) -> bool:
        self.called("was_seen")
        return batch_id in self.seen


class FakeLink:
    """The servers: each answers 200, unless it is away or has another answer for a request."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.answers: dict[str, int] = {}
        self.said: list[tuple[str, str, dict[str, str], tuple[str, bytes] | None]] = []

    async def post(
        self, server: str, request: str, fields: Mapping[str, str], *, file: tuple[str, bytes] | None = None
    ) -> int:
        if server in self.away:
            raise Unavailable(f"expected an answer of {server}, got none")
        self.said.append((server, request, dict(fields), file))
        return self.answers.get(request, 200)

    def heard(self, server: str) -> list[str]:
        """Return what a server was asked: the requests, and for a match the file's name."""
        return [file[0] if file else request for to, request, _, file in self.said if to == server]
