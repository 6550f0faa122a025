"""What happened to the cases: stored first, applied then. Facts only."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from backbone.wire.jobs import Refused
from processor_orchestrator.domain.case import MOST_NEGATIVES, Case, CaseState
from processor_orchestrator.domain.likeness import MOST_LIKENESSES, UNNAMED, Likeness


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
    """A processor or a worker told what a person looks like to a model; None: it named none.

    Any: a feature map may be any JSON value.
    """

    case_id: int
    feature_map: Any
    model_id: str | None


@dataclass(frozen=True, slots=True)
class ReferencesLearned:
    """Workers made a case's references out of its photos; none when no photo could be used.

    `others` are what further models made of them. Storing or applying it twice changes nothing more.
    """

    case_id: int
    references: tuple[tuple[float, ...], ...]
    model_id: str | None
    refused: tuple[Refused, ...] = ()
    others: tuple[Likeness, ...] = ()
    unmade: tuple[str, ...] = ()


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
class LikenessUnmade:
    """A model finds no face in what is kept of a case. Storing or applying it twice changes nothing more."""

    case_id: int
    model: str


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """A case ended; `text` is for people."""

    case_id: int
    reason: Reason
    text: str


Learned = FeatureMapLearned | ReferencesLearned | NegativesLearned | LikenessUnmade

CaseEvent = CaseOpened | Learned | SightingRejected | CaseClosed


def learned(case: Case, event: Learned) -> Case:
    """Return a case with what was learned of it."""
    match event:
        case FeatureMapLearned(_, feature_map, model_id):
            return _with_map(case, model_id, feature_map)
        case ReferencesLearned():
            return _with_references(case, event)
        case NegativesLearned():
            return _with_negatives(case, event)
        case LikenessUnmade(_, model):
            known = case.knows(model) or model in case.unmade
            return case if known else replace(case, unmade=(*case.unmade, model)[-MOST_LIKENESSES:])


def _with_map(case: Case, model_id: str | None, feature_map: Any) -> Case:  # noqa: ANN401 - any JSON value
    """Return a case with what a model is told of it; what other models know of it stays."""
    known = case.likeness(model_id or UNNAMED) or Likeness(model_id)
    changed = _with_likeness(case, replace(known, feature_map=feature_map))
    return replace(changed, unmade=tuple(model for model in changed.unmade if model != known.model))


def _with_likeness(case: Case, likeness: Likeness) -> Case:
    known = {one.model: one for one in case.likenesses} | {likeness.model: likeness}
    if len(known) > MOST_LIKENESSES:
        return case
    first, *others = sorted(known.values(), key=lambda one: not one.has_map)
    return replace(
        case,
        model_id=first.model_id,
        feature_map=first.feature_map,
        negatives=first.negatives,
        others=tuple(others),
    )


def _with_negatives(case: Case, event: NegativesLearned) -> Case:
    """Return a case that knows these faces as somebody else's."""
    known = case.likeness(event.model_id) or Likeness(event.model_id)
    fresh = tuple(row for row in event.negatives if row not in known.negatives)
    if not fresh:
        return case
    return _with_likeness(case, replace(known, negatives=(*known.negatives, *fresh)[-MOST_NEGATIVES:]))


def _with_references(case: Case, event: ReferencesLearned) -> Case:
    """Return a case with what workers made of its photos."""
    state = CaseState.OPEN if event.references else CaseState.UNUSABLE
    case = replace(case, state=state, photos=(), refused=event.refused, unmade=event.unmade)
    if not event.references:
        return replace(case, feature_map=None, model_id=event.model_id)
    case = _with_map(case, event.model_id, [list(row) for row in event.references])
    for other in event.others:
        case = _with_map(case, other.model_id, other.feature_map)
    return case
