"""What happened to the sought objects: stored first, applied then. Facts only."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from backbone.wire.jobs import Refused
from processor_orchestrator.tracking.objects import MOST_NEGATIVES, CaseState, TrackedObject


class Reason(Enum):
    """Why an object is no longer sought."""

    STOPPED = "stopped"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ObjectOpened:
    """A client asked to seek an object."""

    opened: TrackedObject


@dataclass(frozen=True, slots=True)
class FeatureMapLearned:
    """A processor told what an object looks like. Any: a feature map may be any JSON value."""

    object_id: int
    feature_map: Any
    model_id: str | None


@dataclass(frozen=True, slots=True)
class ReferencesLearned:
    """Workers made a case's references out of its photos; none when no photo could be used.

    Storing or applying it twice changes nothing more.
    """

    object_id: int
    references: tuple[tuple[float, ...], ...]
    model_id: str | None
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class SightingRejected:
    """A person said that a sighting does not show whom it names. Storing or applying it twice changes nothing more."""

    object_id: int
    sighting_id: str


@dataclass(frozen=True, slots=True)
class NegativesLearned:
    """Workers made embeddings of a rejected face. Storing or applying it twice changes nothing more."""

    object_id: int
    negatives: tuple[tuple[float, ...], ...]
    model_id: str


@dataclass(frozen=True, slots=True)
class ObjectClosed:
    """An object is no longer sought; `text` is for people."""

    object_id: int
    reason: Reason
    text: str


Event = ObjectOpened | FeatureMapLearned | ReferencesLearned | SightingRejected | NegativesLearned | ObjectClosed


Learned = FeatureMapLearned | ReferencesLearned | NegativesLearned


def learned(known: TrackedObject, event: Learned) -> TrackedObject:
    """Return a case with what was learned of it."""
    match event:
        case FeatureMapLearned(_, feature_map, model_id):
            return replace(known, feature_map=feature_map, model_id=model_id)
        case ReferencesLearned():
            return _with_references(known, event)
        case NegativesLearned():
            return _with_negatives(known, event)


def _with_negatives(known: TrackedObject, event: NegativesLearned) -> TrackedObject:
    """Return a case that knows these faces as somebody else's; those of another model than its own mean nothing."""
    fresh = tuple(row for row in event.negatives if row not in known.negatives)
    if known.model_id != event.model_id or not fresh:
        return known
    return replace(known, negatives=(*known.negatives, *fresh)[-MOST_NEGATIVES:])


def _with_references(known: TrackedObject, event: ReferencesLearned) -> TrackedObject:
    """Return a case with what workers made of its photos."""
    return replace(
        known,
        feature_map=[list(row) for row in event.references] or None,
        model_id=event.model_id,
        state=CaseState.OPEN if event.references else CaseState.UNUSABLE,
        photos=(),
        refused=event.refused,
    )
