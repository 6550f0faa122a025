"""A case: a person who is sought. The wire calls it an object, cloudlets call it a job. Not where it was seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from backbone.face_models.names import DLIB
from backbone.wire.jobs import Photo, Refused
from processor_orchestrator.domain.budget import PER_DAY, Sensitivity
from processor_orchestrator.domain.likeness import UNNAMED, UNSAID, Likeness


class Kind(Enum):
    """How a case began: by a box or picture on a camera's page, by photos, or by a legacy operator's `newJob`."""

    BOX = "box"
    CASE = "case"
    JOB = "job"


class CaseState(Enum):
    """Whether a case can be matched: its photos wait for a worker, it is sought, or no photo showed a face."""

    ENCODING = "encoding"
    OPEN = "open"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Case:
    """What is sought, since when and until when.

    Attributes:
        case_id: counts from 1, never used twice; `objectId` on the wire.
        opened_at: seconds since the epoch.
        expires_at: seconds since the epoch.
        camera: key of the camera that was asked to cut the person out; None: any camera may encode `image`.
        frame_id: what the client sent of it, for the camera.
        box_id: what the client sent of it, for the camera.
        image: clean JPEG of the person.
        feature_map: any JSON value; {} until a processor made one, as legacy processors expect.
        model_id: which model made the feature map, where the processor said so.
        threshold: largest Euclidean distance that is a match, of dlib's model; None: see `false_candidates`.
        sensitivity: how many false candidates may be shown, in a word.
        false_candidates_per_day: the same as a number, which counts for more; None: the word's.
        purpose: why the person is sought, in the operator's words.
        mqtt: whether its sightings may be told by MQTT; mqtt_crops: and pictures of them too.
        digest: of what a job was opened with, so that the same request is known when it comes again.
        job: the name that cloudlets know the case by; None: see `job_name`.
        photos: what waits for a worker; none once it is encoded.
        refused: the photos that could not be used, and why.
        negatives: embeddings of faces that a person said are somebody else, of the model `model_id`.
        others: what further models know of the person; `likenesses` are all of them.
        unmade: the models to which nothing of what is kept shows a face.
    """

    case_id: int
    opened_at: float
    expires_at: float
    name: str | None = None
    camera: str | None = None
    frame_id: float | int | None = None
    box_id: int | None = None
    image: bytes | None = None
    feature_map: Any = None  # Any: see the docstring
    model_id: str | None = None
    threshold: float | None = None
    purpose: str | None = None
    mqtt: bool = False
    mqtt_crops: bool = False
    kind: Kind = Kind.BOX
    state: CaseState = CaseState.OPEN
    job: str | None = None
    digest: str | None = None
    photos: tuple[Photo, ...] = ()
    refused: tuple[Refused, ...] = ()
    negatives: tuple[tuple[float, ...], ...] = ()
    others: tuple[Likeness, ...] = ()
    unmade: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.BALANCED
    false_candidates_per_day: float | None = None

    @property
    def false_candidates(self) -> float:
        """How many false candidates a day may be shown, of all open cases together."""
        return self.false_candidates_per_day or PER_DAY[self.sensitivity]

    @property
    def likenesses(self) -> tuple[Likeness, ...]:
        """What each model knows of the person, the one that was told first in front."""
        first = self._first
        return (first, *self.others) if first.has_map or first.negatives else self.others

    @property
    def _first(self) -> Likeness:
        return Likeness(self.model_id, self.feature_map, self.negatives)

    def likeness(self, model: str) -> Likeness | None:
        """Return what a model knows of the person, None where nobody has told it; `UNNAMED` is a model too."""
        return next((one for one in self.likenesses if one.model == model), None)

    def likeness_for(self, model: str | None) -> Likeness:
        """Return what a processor is told of the person: nothing of another model than its own.

        Args:
            model: None: a legacy processor has not told a map yet. It gets those of the others, which have no name
                either, else what was told first; one of ours that is `UNSAID` gets dlib's, else what was told first.
        """
        if model not in (None, UNSAID):
            return self.likeness(model) or Likeness(model or None)
        own = self.likeness(UNNAMED if model is None else DLIB)
        return own if own is not None and own.has_map else self._first

    def knows(self, model: str) -> bool:
        """Return whether a model has been told what the person looks like."""
        own = self.likeness(model)
        return own is not None and own.has_map

    def needs_photo_for(self, models: Iterable[str]) -> tuple[str, ...]:
        """Return those models that can learn of the person by a new photo only, in order."""
        if self.state is not CaseState.OPEN or not self.has_feature_map:
            return ()
        unknown = (model for model in models if not self.knows(model))
        return tuple(sorted(model for model in unknown if model in self.unmade or not self.has_picture))

    @property
    def has_feature_map(self) -> bool:
        """Whether a processor has told what the person looks like."""
        return self.feature_map not in (None, {})

    @property
    def made_from_photos(self) -> bool:
        """Whether workers make the feature map, so that no processor is asked."""
        return self.kind is not Kind.BOX

    @property
    def has_picture(self) -> bool:
        """Whether a picture is kept that somebody else could encode."""
        return self.image is not None or (self.made_from_photos and self.state is CaseState.OPEN)

    @property
    def job_name(self) -> str:
        """The name that cloudlets know this case by."""
        return self.job if self.job is not None else f"{JOB_PREFIX}{self.case_id}"


JOB_PREFIX = "case-"
"""Before the case id it makes the job name of every case that has no other."""

MOST_NEGATIVES = 64
"""Faces that a case remembers as somebody else's; the oldest go first."""


def case_named(job: str, named: int | None, last_case_id: int) -> int | None:
    """Return the case that a job's name means: the one it was given to, or the one that its own name tells.

    Args:
        named: the case that was opened under this name, if one was.
        last_case_id: the newest id that was given away.
    """
    number = job.removeprefix(JOB_PREFIX)
    if named is not None or number == job or not (number.isascii() and number.isdigit() and len(number) <= 15):
        return named
    return int(number) if 1 <= int(number) <= last_case_id else None
