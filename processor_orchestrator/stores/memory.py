"""The store of a single process that forgets at its end: for trying things out, and for tests."""

from collections import defaultdict, deque
from dataclasses import replace

from processor_orchestrator.stores import MAX_SIGHTINGS, MAX_TIMELINE_ENTRIES, TimelineRow
from processor_orchestrator.tracking.events import Event, FeatureMapLearned, ObjectClosed, ObjectOpened
from processor_orchestrator.tracking.objects import TrackedObject
from processor_orchestrator.tracking.sightings import Changes, Sighting


class MemoryStore:
    """Keeps everything in this process; see `Store` for the contract."""

    def __init__(self) -> None:
        self._last_id = 0
        self._objects: dict[int, TrackedObject] = {}
        self._object_ids: list[int] = []
        self._sightings: dict[str, Sighting] = {}
        self._crops: dict[str, bytes] = {}
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
            case FeatureMapLearned(object_id, feature_map, model_id):
                known = self._objects[object_id]
                self._objects[object_id] = replace(known, feature_map=feature_map, model_id=model_id)
            case ObjectClosed(object_id):
                self._objects.pop(object_id, None)

    async def save_sightings(self, changes: Changes) -> None:
        """Keep sightings and timeline entries."""
        for sighting in changes.sightings:
            self._sightings[sighting.sighting_id] = sighting
        self._crops.update(changes.crops)
        for entry in changes.timeline:
            self._timelines[entry.object_id].append(TimelineRow(entry.second, entry.camera_id))
        while len(self._sightings) > MAX_SIGHTINGS:
            oldest = min(self._sightings.values(), key=lambda sighting: sighting.last_seen).sighting_id
            del self._sightings[oldest]
            self._crops.pop(oldest, None)

    async def open_objects(self) -> list[TrackedObject]:
        """Return what is sought now."""
        return list(self._objects.values())

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought."""
        return sorted(self._object_ids)

    async def timeline(self, object_id: int) -> list[TimelineRow]:
        """Return where an object was seen."""
        return list(self._timelines[object_id]) if object_id in self._timelines else []

    async def sightings(self, *, limit: int, object_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings."""
        kept = (known for known in self._sightings.values() if object_id in (None, known.object_id))
        return sorted(kept, key=lambda known: (known.last_seen, known.sighting_id), reverse=True)[:limit]

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
