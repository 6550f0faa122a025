"""The cases that are open, and what may become of them. No I/O, no clock: feed it and act on what it returns.

A wish becomes an event (`opened`, `stopped`, `failed`, `expired`: they raise or return, and change nothing); a stored
event is applied.
"""

from collections.abc import Iterable, Iterator

from backbone.errors import NotFound, Unavailable
from processor_orchestrator.domain.case import Case, CaseState
from processor_orchestrator.domain.case_events import (
    CaseClosed,
    CaseEvent,
    CaseOpened,
    FeatureMapLearned,
    Learned,
    LikenessUnmade,
    NegativesLearned,
    Reason,
    ReferencesLearned,
    SightingRejected,
    learned,
)
from processor_orchestrator.domain.likeness import Likeness

MOST_CASES = 10_000


class OpenCases:
    """Every open case by its id."""

    def __init__(self, cases: Iterable[Case] = ()) -> None:
        self._cases = {case.case_id: case for case in cases}

    def __len__(self) -> int:
        return len(self._cases)

    def __contains__(self, case_id: object) -> bool:
        return case_id in self._cases

    def __iter__(self) -> Iterator[Case]:
        """Iterate over the cases, the oldest first."""
        return iter(list(self._cases.values()))

    def get(self, case_id: int) -> Case | None:
        """Return an open case, or None."""
        return self._cases.get(case_id)

    # Decisions: raise or return; nothing changes.

    def check_room(self) -> None:
        """Refuse one case too many.

        Raises:
            Unavailable: there are as many as there may be.
        """
        if len(self._cases) >= MOST_CASES:
            raise Unavailable(f"expected at most {MOST_CASES} open cases, got one more")

    def checked(self, case_id: int) -> Case:
        """Return an open case.

        Raises:
            NotFound: it is not open.
        """
        case = self._cases.get(case_id)
        if case is None:
            raise NotFound(f"objectId: expected an open case, got {case_id}", code="unknown_object")
        return case

    def stopped(self, case_id: int) -> CaseClosed:
        """Return the end of a case at somebody's wish.

        Raises:
            NotFound: it is not open.
        """
        return CaseClosed(self.checked(case_id).case_id, Reason.STOPPED, "stopped by a client")

    def expired(self, *, now: float) -> list[CaseClosed]:
        """Return the ends of the cases whose time is over; `now` in seconds since the epoch."""
        over = (case.case_id for case in self._cases.values() if case.expires_at <= now)
        return [CaseClosed(case_id, Reason.EXPIRED, "sought for long enough") for case_id in over]

    def next_expiry(self) -> float | None:
        """Return when the next case is over, seconds since the epoch; None while none is open."""
        return min((case.expires_at for case in self._cases.values()), default=None)

    def differences(self, case_id: int, stored: Case | None, *, ended: CaseClosed) -> list[CaseEvent]:
        """Return what has to happen here so that a case is what the store says: `stored`, or gone and `ended`."""
        known = self._cases.get(case_id)
        if stored is None:
            return [] if known is None else [ended]
        if known is None:
            return [CaseOpened(stored)]
        return [*_learned_elsewhere(known, stored), *_negatives(stored)]

    # Changes.

    def replace_all(self, cases: Iterable[Case]) -> None:
        """Take what was stored when the process began."""
        self._cases = {case.case_id: case for case in cases}

    def apply(self, event: CaseEvent) -> bool:
        """Take up what was stored; return whether that changed anything."""
        match event:
            case CaseOpened(opened):
                self._cases[opened.case_id] = opened
                return True
            case CaseClosed(case_id):
                return self._cases.pop(case_id, None) is not None
            case SightingRejected():
                return True
            case _:
                return self._learn(event)

    def _learn(self, event: Learned) -> bool:
        before = self._cases.get(event.case_id)
        late = isinstance(event, ReferencesLearned) and before is not None and before.state is not CaseState.ENCODING
        if before is None or late:
            return False
        after = self._cases[event.case_id] = learned(before, event)
        return after != before or isinstance(event, FeatureMapLearned)


def _learned_elsewhere(known: Case, stored: Case) -> list[CaseEvent]:
    """Return what was learned of a case at another orchestrator, but for whom it does not mean."""
    case_id, maps = stored.case_id, [likeness for likeness in stored.likenesses if likeness.has_map]
    if stored.state is not known.state:
        references = tuple(tuple(row) for row in stored.feature_map or ())
        others = tuple(maps[1:])
        return [ReferencesLearned(case_id, references, stored.model_id, stored.refused, others, stored.unmade)]
    changed = [one for one in maps if one.feature_map != _map_of(known, one)]
    told: list[CaseEvent] = [FeatureMapLearned(case_id, one.feature_map, one.model_id) for one in changed]
    return [*told, *(LikenessUnmade(case_id, model) for model in stored.unmade if model not in known.unmade)]


def _map_of(known: Case, stored: Likeness) -> object:
    likeness = known.likeness(stored.model)
    return None if likeness is None else likeness.feature_map


def _negatives(stored: Case) -> list[CaseEvent]:
    return [
        NegativesLearned(stored.case_id, likeness.negatives, likeness.model_id)
        for likeness in stored.likenesses
        if likeness.negatives and likeness.model_id is not None
    ]
