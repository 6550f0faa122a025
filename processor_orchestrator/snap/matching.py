"""Has the workers look for sought people in devices' pictures, and makes sightings of what they find. Decides nothing.

Every step may be repeated: a task is named by its picture, a result is stored once by that name and acknowledged then.
"""

import asyncio
import hashlib
import time
import uuid
from collections import deque
from collections.abc import Callable

import structlog

from backbone.errors import Unavailable
from backbone.job_queue import JobQueue
from backbone.pictures import PictureCleaner
from backbone.wire import to_client
from backbone.wire.jobs import MATCH, FaceMatch, Matched, MatchTask, Photo, Result
from processor_orchestrator.cases.found_crops import crop_of
from processor_orchestrator.cases.galleries import Galleries
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.snap.snippets import Snippet
from processor_orchestrator.stores import Store
from processor_orchestrator.tracking.sighting_writer import told
from processor_orchestrator.tracking.sightings import Changes, Sighting, TimelineEntry

RESULTS = "searchlight:snap_results"
GROUP = "orchestrators"
RETRY_SECONDS = 1.0
SOURCE = "snap"
WINDOW_SECONDS = 600.0
MOST_IN_WINDOW = 300
"""Pictures that go to the workers in ten minutes; without workers their queue would grow."""


class SnapMatching:
    """Between pictures and the job workers.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        galleries: of everyone who is sought now.
        tell: hands a stored sighting to the clients, here and elsewhere.
    """

    def __init__(
        self,
        *,
        queue: JobQueue | None,
        store: Store,
        cleaner: PictureCleaner,
        metrics: OrchestratorMetrics,
        galleries: Galleries,
        tell: Callable[[to_client.Sighting], None],
    ) -> None:
        self._queue = queue
        self._store = store
        self._cleaner = cleaner
        self._metrics = metrics
        self._galleries = galleries
        self._tell = tell
        self._name = uuid.uuid4().hex
        self._handed_over: deque[float] = deque(maxlen=MOST_IN_WINDOW)

    async def look(self, snippet: Snippet, jpeg: bytes) -> None:
        """Have a picture compared with everyone who is sought now; the same one again is compared once.

        Raises:
            Unavailable: it could not be handed over.
        """
        keys = await self._galleries.put()
        if self._queue is None or not keys:
            return
        if not self._has_room(time.monotonic()):
            self._metrics.snippets.labels("not_matched").inc()
            structlog.get_logger().warning("snippet_not_matched", snippet=snippet.snippet_id, reason="too many")
            return
        for key in keys:
            task_id = _task_id(snippet, key)
            blob = f"blob:{task_id}"
            await self._queue.put_blobs({blob: jpeg})
            photo = Photo(key=blob, name=snippet.snippet_id, received_at=snippet.received_at)
            tag = f"{SOURCE} {snippet.snippet_id} {snippet.received_at:.3f}"
            task = MatchTask(task_id=task_id, reply=RESULTS, tag=tag, photos=(photo,), gallery=key)
            await self._queue.enqueue(MATCH, task)

    def _has_room(self, now: float) -> bool:
        full = len(self._handed_over) == MOST_IN_WINDOW
        if full and now - self._handed_over[0] < WINDOW_SECONDS:
            return False
        self._handed_over.append(now)
        return True

    async def run(self) -> None:
        """Store what workers answer, until cancelled."""
        while self._queue is not None:
            try:
                async for entry_id, result in self._queue.read_results(RESULTS, GROUP, self._name):
                    await self._take(result)
                    await self._queue.ack(RESULTS, GROUP, entry_id)
                    await self._queue.drop_blobs([f"blob:{result.task_id}"])
            except Unavailable as fault:
                structlog.get_logger().warning("snap_results_wait", reason=fault.message)
            await asyncio.sleep(RETRY_SECONDS)

    async def _take(self, result: Result) -> None:
        place = _place_of(result.tag)
        if not isinstance(result, Matched) or place is None:
            structlog.get_logger().warning("snap_result_passed_over", task=result.task_id, tag=result.tag[:200])
            return
        found = [(match, await self._galleries.case_of(match.name)) for match in result.matches]
        device, received_at = place
        made: list[Sighting] = []
        crops: dict[str, bytes] = {}
        for number, (match, object_id) in enumerate(found):
            if object_id is None:
                continue
            crop = await crop_of(match, self._cleaner)
            sighting = sighting_of(
                result.task_id,
                number,
                match,
                object_id=object_id,
                device=device,
                seen_at=received_at,
                has_crop=crop is not None,
            )
            made.append(sighting)
            crops |= {} if crop is None else {sighting.sighting_id: crop}
        timeline = tuple(TimelineEntry(known.object_id, device, int(received_at)) for known in made)
        if made and await self._store.save_sightings(Changes(tuple(made), crops, timeline), once=result.task_id):
            for sighting in made:
                self._tell(told(sighting))
            structlog.get_logger().info("snap_matched", device=device, faces=len(made))


def sighting_of(
    task_id: str, number: int, match: FaceMatch, *, object_id: int, device: str, seen_at: float, has_crop: bool
) -> Sighting:
    """Return the sighting of one face; the same result makes the same id."""
    name = hashlib.sha256(f"{task_id}\n{number}".encode()).hexdigest()[:16]
    return Sighting(
        sighting_id=f"{object_id}-{int(seen_at * 1000):x}-{name}",
        object_id=object_id,
        camera_id=device,
        first_seen=seen_at,
        last_seen=seen_at,
        frames=1,
        rect=match.rect,
        distance=match.distance,
        has_crop=has_crop,
        source=SOURCE,
    )


def _task_id(snippet: Snippet, gallery: str) -> str:
    named = f"{snippet.snippet_id}\n{snippet.sha256}\n{gallery}"
    return f"snap-{hashlib.sha256(named.encode()).hexdigest()[:40]}"


def _place_of(tag: str) -> tuple[str, float] | None:
    """Return the device and the time that a tag tells."""
    parts = tag.split(" ")
    try:
        return (parts[1], float(parts[2])) if parts[0] == SOURCE and len(parts) == 3 else None
    except ValueError:
        return None
