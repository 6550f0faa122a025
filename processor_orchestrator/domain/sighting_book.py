"""The visits that go on now, gathered out of single frames, and what of them is not stored yet. Does not store."""

from collections import deque
from collections.abc import Collection
from dataclasses import replace

from backbone.wire.values import Box, camera_key
from processor_orchestrator.domain.sighting import (
    CLOCK_LAG_SECONDS,
    CLOCK_LEAD_SECONDS,
    GAP_SECONDS,
    Changes,
    Sighting,
    TimelineEntry,
    sighting_id,
)

MAX_WAITING_TIMELINE = 100_000
MAX_WAITING_SIGHTINGS = 10_000


class SightingBook:
    """The sightings that go on now, and what of them is not stored yet."""

    def __init__(self) -> None:
        self._current: dict[tuple[int, str], Sighting] = {}
        self._changed: dict[str, Sighting] = {}
        self._crops: dict[str, bytes] = {}
        self._timeline: deque[TimelineEntry] = deque()
        self.dropped_timeline_entries = 0
        self.dropped_sightings = 0

    def resume(self, sighting: Sighting) -> None:
        """Take up a stored sighting, so that a visit that goes on is not counted twice; a newer one here stays."""
        place = (sighting.case_id, camera_key(sighting.camera_id))
        current = self._current.get(place)
        if current is None or current.last_seen < sighting.last_seen:
            self._current[place] = sighting

    @property
    def has_changes(self) -> bool:
        """Whether something is not stored yet."""
        return bool(self._changed)

    def observe(
        self,
        case_id: int,
        camera_id: str | int,
        box: Box,
        *,
        frame_id: float,
        crop: bytes | None,
        now: float,
        model_id: str | None = None,
        strangers_among: int | None = None,
    ) -> Sighting:
        """Note that a camera saw a sought person and return the sighting that this belongs to.

        Args:
            model_id: of the box's distance; strangers_among: what that distance is worth. As in `Sighting`.
        """
        seen_at = frame_id if now - CLOCK_LAG_SECONDS <= frame_id <= now + CLOCK_LEAD_SECONDS else now
        place = (case_id, camera_key(camera_id))
        current = self._current.get(place)
        if current is None or seen_at - current.last_seen > GAP_SECONDS:
            current = _first_view(case_id, camera_id, box, seen_at)
            current = replace(current, model_id=model_id, strangers_among=strangers_among)
            self._note_second(current, seen_at)
        else:
            if int(seen_at) > int(current.last_seen):
                self._note_second(current, seen_at)
            nearer = _is_nearer(box, current)
            current = _seen_again(current, box, seen_at, better=crop is not None)
            if nearer:
                current = replace(current, model_id=model_id, strangers_among=strangers_among)
        if crop is not None:
            current = replace(current, has_crop=True)
            self._crops[current.sighting_id] = crop
        self._current[place] = current
        self._changed[current.sighting_id] = current
        return current

    def take_changes(self) -> Changes:
        """Return what is not stored yet and count it as stored."""
        changes = Changes(tuple(self._changed.values()), self._crops, tuple(self._timeline))
        self._crops = {}
        self._changed.clear()
        self._timeline.clear()
        return changes

    def put_back(self, changes: Changes) -> None:
        """Take back what could not be stored, up to a bound; what changed since is newer and stays."""
        self._changed = {sighting.sighting_id: sighting for sighting in changes.sightings} | self._changed
        self._crops = changes.crops | self._crops
        self._timeline.extendleft(reversed(changes.timeline))
        while len(self._changed) > MAX_WAITING_SIGHTINGS:
            oldest = next(iter(self._changed))
            del self._changed[oldest]
            self._crops.pop(oldest, None)
            self.dropped_sightings += 1
        while len(self._timeline) > MAX_WAITING_TIMELINE:
            self._timeline.popleft()
            self.dropped_timeline_entries += 1

    def refuse_crops(self, sighting_ids: Collection[str]) -> None:
        """Note that what came as these sightings' crops is no picture."""
        for place, sighting in self._current.items():
            if sighting.sighting_id in sighting_ids:
                self._current[place] = replace(sighting, has_crop=False)

    def reject(self, sighting_id: str) -> None:
        """Mark a visit that goes on as somebody else's."""
        for place, sighting in self._current.items():
            if sighting.sighting_id == sighting_id:
                self._current[place] = replace(sighting, rejected=True)
        if sighting_id in self._changed:
            self._changed[sighting_id] = replace(self._changed[sighting_id], rejected=True)

    def forget(self, case_id: int) -> None:
        """End the visits of a person who is no longer sought."""
        self._current = {place: sighting for place, sighting in self._current.items() if place[0] != case_id}

    def _note_second(self, sighting: Sighting, seen_at: float) -> None:
        self._timeline.append(TimelineEntry(sighting.case_id, sighting.camera_id, int(seen_at)))


def _first_view(case_id: int, camera_id: str | int, box: Box, seen_at: float) -> Sighting:
    made = sighting_id(case_id, seen_at, camera_key(camera_id))
    return Sighting(made, case_id, camera_id, seen_at, seen_at, 1, box.rect, box.certainty, box.distance)


def _seen_again(sighting: Sighting, box: Box, seen_at: float, *, better: bool) -> Sighting:
    longer = replace(sighting, frames=sighting.frames + 1, last_seen=max(sighting.last_seen, seen_at))
    if better:
        longer = replace(longer, rect=box.rect, certainty=box.certainty)
    return replace(longer, distance=box.distance) if _is_nearer(box, sighting) else longer


def _is_nearer(box: Box, sighting: Sighting) -> bool:
    return box.distance is not None and (sighting.distance is None or box.distance < sighting.distance)
