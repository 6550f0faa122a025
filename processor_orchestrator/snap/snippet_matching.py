"""Has the workers look for sought people in devices' pictures, and makes sightings of what they find. Decides nothing.

Every step may be repeated: a task is named by its picture, a result is stored once by that name and acknowledged then.
"""

import hashlib
import time
from collections import deque

import structlog

from backbone.jobs.job_queue import JobQueue
from backbone.wire.jobs import MATCH, FaceMatch, Matched, MatchTask, Photo, Result
from processor_orchestrator.domain.sighting import Found
from processor_orchestrator.domain.snippet import Snippet
from processor_orchestrator.matching.galleries import Galleries
from processor_orchestrator.matching.match_crop import crop_of
from processor_orchestrator.metrics import OrchestratorMetrics
from processor_orchestrator.sightings.service import SightingService

SOURCE = "snap"
WINDOW_SECONDS = 600.0
MOST_IN_WINDOW = 300
"""Pictures that go to the workers in ten minutes; without workers their queue would grow."""


class SnippetMatching:
    """Between pictures and the job workers.

    Args:
        queue: where the workers are; None: there are none, for the store is memory.
        galleries: of everyone who is sought now.
        results: name of the stream on which workers answer.
    """

    def __init__(
        self,
        *,
        queue: JobQueue | None,
        galleries: Galleries,
        sightings: SightingService,
        metrics: OrchestratorMetrics,
        results: str,
    ) -> None:
        self._queue = queue
        self._galleries = galleries
        self._sightings = sightings
        self._metrics = metrics
        self._results = results
        self._handed_over: deque[float] = deque(maxlen=MOST_IN_WINDOW)

    async def look(self, snippet: Snippet, jpeg: bytes) -> None:
        """Have a picture compared with everyone who is sought now; the same one again is compared once.

        Raises:
            Unavailable: it could not be handed over.
        """
        key = await self._galleries.put()
        if self._queue is None or key is None:
            return
        if not self._has_room(time.monotonic()):
            self._metrics.snippets.labels("not_matched").inc()
            structlog.get_logger().warning("snippet_not_matched", snippet=snippet.snippet_id, reason="too many")
            return
        task_id = _task_id(snippet, key)
        blob = f"blob:{task_id}"
        await self._queue.put_blobs({blob: jpeg})
        photo = Photo(key=blob, name=snippet.snippet_id, received_at=snippet.received_at)
        tag = f"{SOURCE} {snippet.snippet_id} {snippet.received_at:.3f}"
        task = MatchTask(task_id=task_id, reply=self._results, tag=tag, photos=(photo,), gallery=key)
        await self._queue.enqueue(MATCH, task)

    def _has_room(self, now: float) -> bool:
        full = len(self._handed_over) == MOST_IN_WINDOW
        if full and now - self._handed_over[0] < WINDOW_SECONDS:
            return False
        self._handed_over.append(now)
        return True

    async def take(self, result: Result) -> None:
        """Store what workers found in a picture, and let the picture go.

        Raises:
            Unavailable: it has had no effect yet.
        """
        place = _place_of(result.tag)
        if not isinstance(result, Matched) or place is None:
            structlog.get_logger().warning("snap_result_passed_over", task=result.task_id, tag=result.tag[:200])
        else:
            self._metrics.passed_over.labels(SOURCE).inc(result.passed_over)
            await self._keep(result, *place)
        if self._queue is not None:
            await self._queue.drop_blobs([f"blob:{result.task_id}"])

    async def _keep(self, result: Matched, device: str, received_at: float) -> None:
        found = []
        for number, match in enumerate(result.matches):
            case_id = await self._galleries.case_of(match.name)
            if case_id is not None:
                made_of = f"{result.task_id}\n{number}"
                model = match.model_id or result.model_id
                one = found_of(match, made_of, case_id=case_id, device=device, model_id=model, seen_at=received_at)
                found.append(one)
        if await self._sightings.add(found, once=result.task_id):
            structlog.get_logger().info("snap_matched", device=device, faces=len(found))


def found_of(match: FaceMatch, made_of: str, *, case_id: int, device: str, model_id: str, seen_at: float) -> Found:
    """Return what one face of a picture is; the same face of the same task is the same sighting."""
    return Found(
        case_id=case_id,
        camera_id=device,
        made_of=made_of,
        source=SOURCE,
        first_seen=seen_at,
        last_seen=seen_at,
        rect=match.rect,
        seconds=(int(seen_at),),
        distance=match.distance,
        model_id=model_id,
        crop=crop_of(match),
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
