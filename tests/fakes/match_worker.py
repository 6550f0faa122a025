"""A job worker without an engine for photos: whoever is sought wears red. Encodes nothing."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis
from PIL import Image
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from backbone.wire.jobs import MATCH, FaceMatch, GalleryFile, Matched, MatchTask
from tests.fakes.background import repeated


def is_red(content: bytes) -> bool:
    """Whether the middle of a picture is red."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    red, green, blue = picture.getpixel((picture.width // 2, picture.height // 2))
    return red > 200 and green < 60 and blue < 60


class MatchWorker:
    """Works through the queue of one Redis."""

    def __init__(self, port: int) -> None:
        self._redis = redis.Redis(port=port)
        self._queue = Queue(MATCH, connection=self._redis, serializer=JSONSerializer)

    def work_once(self) -> bool:
        """Do the next task, if there is one."""
        ids = self._queue.job_ids
        if not ids:
            return False
        job = Job.fetch(ids[0], connection=self._redis, serializer=JSONSerializer)
        task = msgspec.json.decode(job.args[0], type=MatchTask)
        gallery = msgspec.json.decode(self._redis.get(task.gallery) or b"", type=GalleryFile)
        red = [n for n, photo in enumerate(task.photos) if is_red(self._redis.get(photo.key) or b"")]
        found = tuple(FaceMatch(n, sought.name, (0.1, 0.1, 0.5, 0.5), 0.25) for n in red for sought in gallery.sought)
        result = Matched(task.task_id, task.tag, gallery.model_id, found)
        self._redis.xadd(task.reply, {"result": msgspec.json.encode(result)})
        self._queue.remove(job.id)
        return True


@contextmanager
def match_worker(port: int) -> Iterator[None]:
    """Let a worker do whatever comes, for the length of a `with` block."""
    worker = MatchWorker(port)
    with repeated(worker.work_once):
        yield
