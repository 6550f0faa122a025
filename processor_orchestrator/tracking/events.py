"""What happened to the sought objects: stored first, applied then. Facts only, no behaviour."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from processor_orchestrator.tracking.objects import TrackedObject


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
class ObjectClosed:
    """An object is no longer sought; `text` is for people."""

    object_id: int
    reason: Reason
    text: str


Event = ObjectOpened | FeatureMapLearned | ObjectClosed
