"""The store of a single process that forgets at its end: for trying things out, and for tests."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace

from processor_orchestrator.domain.case import Case, case_named
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseEvent,
    CaseOpened,
    FeatureMapLearned,
    LikenessUnmade,
    NegativesLearned,
    ReferencesLearned,
    SightingRejected,
    learned,
)
from processor_orchestrator.domain.sighting import Changes, Sighting
from processor_orchestrator.stores import MAX_SIGHTINGS, MAX_TIMELINE_ENTRIES, TimelineRow


class MemoryStore:
    """Keeps everything in this process; see `Store` for the contract."""

    def __init__(self) -> None:
        self._last_id = 0
        self._cases: dict[int, Case] = {}
        self._ids: list[int] = []
        self._sightings: dict[str, Sighting] = {}
        self._crops: dict[str, bytes] = {}
        self._chips: dict[int, list[bytes]] = {}
        self._jobs: dict[str, int] = {}
        self._rejected: set[str] = set()
        self._once: set[str] = set()
        self._timelines: dict[int, deque[TimelineRow]] = defaultdict(lambda: deque(maxlen=MAX_TIMELINE_ENTRIES))

    async def next_case_id(self) -> int:
        """Return the next id."""
        self._last_id += 1
        return self._last_id

    async def save(self, event: CaseEvent) -> None:
        """Keep one event."""
        match event:
            case CaseOpened(opened):
                self._cases[opened.case_id] = opened
                self._ids.append(opened.case_id)
                if opened.job is not None:
                    self._jobs[opened.job] = opened.case_id
            case FeatureMapLearned() | ReferencesLearned() | NegativesLearned() | LikenessUnmade():
                case_id = event.case_id
                if case_id in self._cases:
                    self._cases[case_id] = learned(self._cases[case_id], event)
            case SightingRejected(_, sighting_id):
                self._rejected.add(sighting_id)
            case CaseClosed(case_id):
                self._cases.pop(case_id, None)
                self._chips.pop(case_id, None)

    async def save_sightings(self, changes: Changes, *, once: str | None = None) -> bool:
        """Keep sightings and timeline entries."""
        if once is not None and once in self._once:
            return False
        self._once |= {once} if once is not None else set()
        for sighting in changes.sightings:
            self._sightings[sighting.sighting_id] = sighting
        self._crops.update(changes.crops)
        for entry in changes.timeline:
            self._timelines[entry.case_id].append(TimelineRow(entry.second, entry.camera_id))
        while len(self._sightings) > MAX_SIGHTINGS:
            oldest = min(self._sightings.values(), key=lambda sighting: sighting.last_seen).sighting_id
            del self._sightings[oldest]
            self._crops.pop(oldest, None)
            self._rejected.discard(oldest)
        return True

    async def was_stored(self, once: str) -> bool:
        """Return whether something was stored under that name."""
        return once in self._once

    async def save_chips(self, opened: Case, chips: Sequence[bytes]) -> None:
        """Keep the small pictures of a case that is open."""
        if opened.case_id in self._cases:
            self._chips[opened.case_id] = list(chips)

    async def chips(self, case_id: int) -> list[bytes]:
        """Return the small pictures of a case."""
        return self._chips.get(case_id, [])

    async def open_cases(self) -> list[Case]:
        """Return what is sought now."""
        return list(self._cases.values())

    async def open_case(self, case_id: int) -> Case | None:
        """Return what is sought by that id."""
        return self._cases.get(case_id)

    async def last_seen(self, case_ids: Sequence[int]) -> dict[int, float]:
        """Return when cases were seen last."""
        seen: dict[int, float] = {}
        for sighting in self._sightings.values():
            if sighting.case_id in case_ids:
                seen[sighting.case_id] = max(sighting.last_seen, seen.get(sighting.case_id, 0.0))
        return seen

    async def object_ids(self) -> list[int]:
        """Return every id that was ever sought."""
        return sorted(self._ids)

    async def timeline(self, case_id: int) -> list[TimelineRow]:
        """Return where a person was seen."""
        return list(self._timelines[case_id]) if case_id in self._timelines else []

    async def sightings(self, *, limit: int, case_id: int | None = None) -> list[Sighting]:
        """Return the newest sightings."""
        marked = map(self._marked, self._sightings.values())
        kept = (known for known in marked if case_id in (None, known.case_id))
        return sorted(kept, key=lambda known: (known.last_seen, known.sighting_id), reverse=True)[:limit]

    async def sighting(self, sighting_id: str) -> Sighting | None:
        """Return one sighting."""
        known = self._sightings.get(sighting_id)
        return None if known is None else self._marked(known)

    def _marked(self, sighting: Sighting) -> Sighting:
        return replace(sighting, rejected=sighting.sighting_id in self._rejected)

    async def case_of_job(self, job: str) -> int | None:
        """Return the case of a job."""
        return case_named(job, self._jobs.get(job), self._last_id)

    async def image(self, case_id: int) -> bytes | None:
        """Return a case's JPEG."""
        known = self._cases.get(case_id)
        return known.image if known is not None else None

    async def crop(self, sighting_id: str) -> bytes | None:
        """Return a sighting's JPEG."""
        return self._crops.get(sighting_id)

    async def check(self) -> None:
        """Memory always answers."""

    async def aclose(self) -> None:
        """Nothing is held."""
