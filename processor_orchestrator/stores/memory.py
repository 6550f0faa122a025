"""The store of a single process that forgets at its end: for trying things out, and for tests."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

from processor_orchestrator.stores import MAX_SIGHTINGS, MAX_TIMELINE_ENTRIES, TimelineRow
from processor_orchestrator.tracking.events import (
    Event,
    FeatureMapLearned,
    NegativesLearned,
    ObjectClosed,
    ObjectOpened,
    ReferencesLearned,
    SightingRejected,
    learned,
)
from processor_orchestrator.tracking.objects import TrackedObject, known_object
from processor_orchestrator.tracking.sightings import Changes, Sighting


class MemoryStore:
    """Keeps everything in this process; see `Store` for the contract."""

    def __init__(self) -> None:
        self._last_id = 0
        self._objects: dict[int, TrackedObject] = {}
        self._object_ids: list[int] = []
        self._sightings: dict[str, Sighting] = {}
        self._crops: dict[str, bytes] = {}
        self._chips: dict[int, list[bytes]] = {}
        self._jobs: dict[str, int] = {}
        self._rejected: set[str] = set()
        self._once: set[str] = set()
        self._timelines: dict[int, deque[TimelineRow]] = defaultdict(lambda: deque(maxlen=MAX_TIMELINE_ENTRIES))

    async def next_object_id(self) -> int:
        """Return the next id."""
        self._last_id += 1
        return self._last_id

    async def save(self, event: Event) -> None:
        """Keep one event."""
        match event:
            case ObjectOpened(opened):
                self._objects[opened.object_id] = opened
                self._object_ids.append(opened.object_id)
                if opened.job is not None:
                    self._jobs[opened.job] = opened.object_id
            case FeatureMapLearned(object_id) | ReferencesLearned(object_id) | NegativesLearned(object_id):
                if object_id in self._objects:
                    self._objects[object_id] = learned(self._objects[object_id], event)
            case SightingRejected(_, sighting_id):
                self._rejected.add(sighting_id)
            case ObjectClosed(object_id):
                self._objects.pop(object_id, None)
                self._chips.pop(object_id, None)

    async def save_sightings(self, changes: Changes, *, once: str | None = None) -> bool:
        """Keep sightings and timeline entries."""
        if once is not None and once in self._once:
            return False
        self._once |= {once} if once is not None else set()
        for sighting in changes.sightings:
            self._sightings[sighting.sighting_id] = sighting
        self._crops.update(changes.crops)
        for entry in changes.timeline:
            self._timelines[entry.object_id].append(TimelineRow(entry.second, entry.camera_id))
        while len(self._sightings) > MAX_SIGHTINGS:
            oldest = min(self._sightings.values(), key=lambda sighting: sighting.last_seen).sighting_id
            del self._sightings[oldest]
            self._crops.pop(oldest, None)
            self._rejected.discard(oldest)
        return True

    async def was_stored(self, once: str) -> bool:
        """Return whether something was stored under that name."""
        return once in self._once

    async def save_chips(self, opened: TrackedObject, chips: Sequence[bytes]) -> None:
        """Keep the small pictures of a case that is open."""
        if opened.object_id in self._objects:
            self._chips[opened.object_id] = list(chips)

    async def chips(self, object_id: int) -> list[bytes]:
        """Return the small pictures of a case."""
        return self._chips.get(object_id, [])

    async def open_objects(self) -> list[TrackedObject]:
        """Return what is sought now."""
        return list(self._objects.values())

    async def open_object(self, object_id: int) -> TrackedObject | None:
        """Return what is sought by that id."""
        return self._objects.get(object_id)

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought."""
        return sorted(self._object_ids)

    async def timeline(self, object_id: int) -> list[TimelineRow]:
        """Return where an object was seen."""
        return list(self._timelines[object_id]) if object_id in self._timelines else []

    async def sightings(self, *, limit: int, object_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings."""
        marked = map(self._marked, self._sightings.values())
        kept = (known for known in marked if object_id in (None, known.object_id))
        return sorted(kept, key=lambda known: (known.last_seen, known.sighting_id), reverse=True)[:limit]

    async def sighting(self, sighting_id: str) -> Sighting | None:
        """Return one sighting."""
        known = self._sightings.get(sighting_id)
        return None if known is None else self._marked(known)

    def _marked(self, sighting: Sighting) -> Sighting:
        return replace(sighting, rejected=sighting.sighting_id in self._rejected)

    async def object_of_job(self, job: str) -> int | None:
        """Return the object of a job."""
        return known_object(job, self._jobs.get(job), self._last_id)

    async def image(self, object_id: int) -> bytes | None:
        """Return an object's JPEG."""
        known = self._objects.get(object_id)
        return known.image if known is not None else None

    async def crop(self, sighting_id: str) -> bytes | None:
        """Return a sighting's JPEG."""
        return self._crops.get(sighting_id)

    async def check(self) -> None:
        """Memory always answers."""

    async def aclose(self) -> None:
        """Nothing is held."""
