"""What happened to the cases: stored first, applied then. Facts only."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from backbone.wire.jobs import Refused
from processor_orchestrator.domain.case import MOST_NEGATIVES, Case, CaseState


class Reason(Enum):
    """Why a case was closed."""

    STOPPED = "stopped"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """Somebody asked to look for a person."""

    case: Case

    @property
    def case_id(self) -> int:
        """The case's id, as every other event has it."""
        return self.case.case_id


@dataclass(frozen=True, slots=True)
class FeatureMapLearned:
    """A processor told what a person looks like. Any: a feature map may be any JSON value."""

    case_id: int
    feature_map: Any
    model_id: str | None


@dataclass(frozen=True, slots=True)
class ReferencesLearned:
    """Workers made a case's references out of its photos; none when no photo could be used.

    Storing or applying it twice changes nothing more.
    """

    case_id: int
    references: tuple[tuple[float, ...], ...]
    model_id: str | None
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class SightingRejected:
    """A person said that a sighting does not show whom it names. Storing or applying it twice changes nothing more."""

    case_id: int
    sighting_id: str


@dataclass(frozen=True, slots=True)
class NegativesLearned:
    """Workers made embeddings of a rejected face. Storing or applying it twice changes nothing more."""

    case_id: int
    negatives: tuple[tuple[float, ...], ...]
    model_id: str


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """A case ended; `text` is for people."""

    case_id: int
    reason: Reason
    text: str


CaseEvent = CaseOpened | FeatureMapLearned | ReferencesLearned | SightingRejected | NegativesLearned | CaseClosed

Learned = FeatureMapLearned | ReferencesLearned | NegativesLearned


def learned(case: Case, event: Learned) -> Case:
    """Return a case with what was learned of it."""
    match event:
        case FeatureMapLearned(_, feature_map, model_id):
            return replace(case, feature_map=feature_map, model_id=model_id)
        case ReferencesLearned():
            return _with_references(case, event)
        case NegativesLearned():
            return _with_negatives(case, event)


def _with_negatives(case: Case, event: NegativesLearned) -> Case:
    """Return a case that knows these faces as somebody else's; those of another model than its own mean nothing."""
    fresh = tuple(row for row in event.negatives if row not in case.negatives)
    if case.model_id != event.model_id or not fresh:
        return case
    return replace(case, negatives=(*case.negatives, *fresh)[-MOST_NEGATIVES:])


def _with_references(case: Case, event: ReferencesLearned) -> Case:
    """Return a case with what workers made of its photos."""
    return replace(
        case,
        feature_map=[list(row) for row in event.references] or None,
        model_id=event.model_id,
        state=CaseState.OPEN if event.references else CaseState.UNUSABLE,
        photos=(),
        refused=event.refused,
    )
