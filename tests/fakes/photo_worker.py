"""A job worker without an engine: answers encode and match tasks with results as the contract has them, once each.

A picture shows a face when its bytes hold `face:<letter>`; the letter is who it is. `at:<seconds>` is its own time.
"""

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from backbone.face_models.names import DEFAULT
from backbone.wire.jobs import (
    ENCODE,
    MATCH,
    RUN_TASK,
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
from tests.fakes.background import repeated

MODEL = DEFAULT
RECT = (0.1, 0.1, 0.5, 0.5)


def embedding_of(content: bytes) -> tuple[float, ...] | None:
    found = re.search(rb"face:(.)", content)
    return None if found is None else tuple([found[1][0] / 256] * 128)


def taken_at_of(content: bytes) -> float | None:
    found = re.search(rb"at:(\d+)", content)
    return None if found is None else float(found[1])


class PhotoWorker:
    """Works through the queues of one Redis."""

    def __init__(self, port: int) -> None:
        self.redis = redis.Redis(port=port)
        self.tasks: list[Task] = []
        self._may_work = threading.Event()
        self._may_work.set()
        self._between = threading.Lock()

    def pause(self) -> None:
        """Do nothing from now on."""
        with self._between:
            self._may_work.clear()

    def go_on(self) -> None:
        """Work again."""
        self._may_work.set()

    def work_unless_paused(self) -> bool:
        """Do the next task, if there is one and this may."""
        with self._between:
            return self._may_work.is_set() and self.work_once()

    def work_once(self) -> bool:
        """Do the next task, if there is one."""
        begun = self.begin()
        if begun is not None:
            self.end(begun)
        return begun is not None

    def begin(self) -> tuple[Task, Result] | None:
        """Take the next task and return it with its result, which nobody is told yet."""
        for name in (ENCODE, MATCH):
            queue = Queue(name, connection=self.redis, serializer=JSONSerializer)
            for job_id in queue.job_ids:
                job = Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer)
                assert job.func_name == RUN_TASK
                task = msgspec.json.decode(job.args[0], type=Task)
                self.tasks.append(task)
                queue.remove(job.id)
                return task, self._encoded(task) if isinstance(task, EncodeTask) else self._matched(task)
        return None

    def end(self, begun: tuple[Task, Result]) -> None:
        """Tell the result of a task."""
        task, result = begun
        if self.redis.set(f"done:{task.task_id}", 1, nx=True):
            self.redis.xadd(task.reply, {"result": msgspec.json.encode(result)})
            if isinstance(task, EncodeTask):
                self.redis.delete(*(photo.key for photo in task.photos))

    def _encoded(self, task: EncodeTask) -> Result:
        references = []
        for photo in task.photos:
            row = embedding_of(self.redis.get(photo.key) or b"")
            if row is not None:
                references.append(Reference(photo.name, RECT, row, base64.b64encode(b"chip").decode()))
        return Encoded(task.task_id, task.tag, MODEL, tuple(references))

    def _matched(self, task: MatchTask) -> Result:
        gallery = msgspec.json.decode(self.redis.get(task.gallery), type=GalleryFile)
        matches: list[FaceMatch] = []
        for index, photo in enumerate(task.photos):
            content = self.redis.get(photo.key) or b""
            row = embedding_of(content)
            named = [sought.name for sought in gallery.sought if row in sought.embeddings]
            matches += [FaceMatch(index, name, RECT, 0.25, taken_at_of(content)) for name in named]
        return Matched(task.task_id, task.tag, gallery.model_id, tuple(matches))


@contextmanager
def photo_worker(port: int) -> Iterator[PhotoWorker]:
    """Let a worker do whatever comes, for the length of a `with` block."""
    worker = PhotoWorker(port)
    with repeated(worker.work_unless_paused):
        yield worker
