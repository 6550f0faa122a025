"""A job worker without an engine: takes encode tasks as rq keeps them and answers as a real one would.

A picture whose bytes hold `face` has one; its embedding follows from its bytes.
"""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from backbone.wire.jobs import ALIVE, ENCODE, RUN_TASK, UNTOLD, Encoded, EncodeTask, Reference, Refused
from tests.fakes.background import repeated

MODEL = "dlib-resnet-v1-55533b28a958"
CHIP = b"\xff\xd8 chip of "


def embedding_of(content: bytes) -> tuple[float, ...]:
    digest = hashlib.sha512(content).digest() * 2
    return tuple(round(value / 1024, 6) for value in digest)


def other_embedding_of(content: bytes, model: str) -> tuple[float, ...]:
    """Return what another model makes of a picture: as long, and of numbers that mean something else."""
    return embedding_of(model.encode() + content)


class EncodeWorker:
    """Works through the queue of one Redis.

    Args:
        more: models that it has beside `MODEL`; one without any does not tell its models, as of old.
    """

    def __init__(self, port: int, *, more: tuple[str, ...] = ()) -> None:
        self._redis = redis.Redis(port=port)
        self._more = more
        self._redis.set(f"{ALIVE}fake", " ".join((MODEL, *more)) if more else UNTOLD)
        self._queue = Queue(ENCODE, connection=self._redis, serializer=JSONSerializer)
        self.tasks: list[EncodeTask] = []

    def work_once(self) -> bool:
        """Do the next task, if there is one."""
        ids = self._queue.job_ids
        if not ids:
            return False
        job = Job.fetch(ids[0], connection=self._redis, serializer=JSONSerializer)
        assert job.func_name == RUN_TASK
        task = msgspec.json.decode(job.args[0], type=EncodeTask)
        self.tasks.append(task)
        self.answer(task)
        self._queue.remove(job.id)
        return True

    def answer(self, task: EncodeTask) -> None:
        references, refused = [], []
        others: dict[str, list[Reference]] = {model: [] for model in self._more if model in task.models}
        for photo in task.photos:
            content = self._redis.get(photo.key)
            if content is not None and b"face" in content:
                chip = base64.b64encode(CHIP + photo.name.encode()).decode()
                references.append(Reference(photo.name, (0.1, 0.1, 0.5, 0.5), embedding_of(content), chip))
                for model, made in others.items():
                    made.append(Reference(photo.name, (0.1, 0.1, 0.5, 0.5), other_embedding_of(content, model), ""))
            else:
                refused.append(Refused(photo.name, "no_face", "expected a face, got none"))
        made_by_others = {model: tuple(made) for model, made in others.items()}
        result = Encoded(task.task_id, task.tag, MODEL, tuple(references), tuple(refused), made_by_others)
        self._redis.xadd(task.reply, {"result": msgspec.json.encode(result)})
        self._redis.delete(*(photo.key for photo in task.photos))


@contextmanager
def encode_worker(port: int, *, more: tuple[str, ...] = ()) -> Iterator[EncodeWorker]:
    """Let a worker do whatever comes, for the length of a `with` block."""
    worker = EncodeWorker(port, more=more)
    with repeated(worker.work_once):
        yield worker
