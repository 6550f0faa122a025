"""A sighting: a sought person's visit to one camera, or a picture that shows the person. Does not store or send."""

import hashlib
from dataclasses import dataclass, field

from backbone.wire import to_client
from backbone.wire.jobs import Place
from backbone.wire.values import Rect

GAP_SECONDS = 10.0
"""A person whom a camera does not see for longer begins a new sighting there."""

CLOCK_LEAD_SECONDS = 5.0
CLOCK_LAG_SECONDS = 3_600.0
"""A picture's own time is believed within these bounds of our clock: a device may lag for a while, or be at 1970."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One visit of a person to one camera.

    Attributes:
        first_seen: seconds since the epoch; `last_seen` likewise.
        frames: in how many pictures the person was seen.
        rect: where in the best view; x1, y1, x2, y2 in shares of the picture.
        certainty: the detector's, of the best view.
        distance: the smallest to a reference; None from processors that do not tell.
        has_crop: whether a JPEG of the best view came.
        source: None for a camera's; "phone", "snap" or "footage" for what workers found in pictures.
        cloudlet: "ip:port" of the one that matched a phone's photo.
        taken_at: the picture's own time, seconds since the epoch, where it tells one.
        place: where the photo was taken, where its sender opted in.
        rejected: somebody said that it is another person.
        model_id: of the distance, where its sender said it.
        strangers_among: of how many such candidates about one is a stranger, as `budget.strangers_among` tells it from
            what was known of the case then; None: nobody knows.
    """

    sighting_id: str
    case_id: int
    camera_id: str | int
    first_seen: float
    last_seen: float
    frames: int
    rect: tuple[float, float, float, float]
    certainty: float | None = None
    distance: float | None = None
    has_crop: bool = False
    source: str | None = None
    cloudlet: str | None = None
    taken_at: float | None = None
    place: Place | None = None
    rejected: bool = False
    model_id: str | None = None
    strangers_among: int | None = None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A person was seen by a camera in this second of the epoch."""

    case_id: int
    camera_id: str | int
    second: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be stored; `crops` are JPEGs by sighting id."""

    sightings: tuple[Sighting, ...]
    crops: dict[str, bytes] = field(default_factory=dict)
    timeline: tuple[TimelineEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A sought person in pictures that no camera follows: of a phone, of a device that snapped, of old footage.

    Attributes:
        made_of: names what it was found in; the same again is the same sighting.
        seconds: of the epoch, in which the person was seen, for the timeline.
        crop: a JPEG, PNG or WebP of the face.
        crop_is_clean: whether `crop` was made safe already; else that is done before it is stored.

    The others are as in `Sighting`.
    """

    case_id: int
    camera_id: str | int
    made_of: str
    source: str
    first_seen: float
    last_seen: float
    rect: Rect
    seconds: tuple[int, ...]
    frames: int = 1
    distance: float | None = None
    cloudlet: str | None = None
    taken_at: float | None = None
    place: Place | None = None
    crop: bytes | None = None
    crop_is_clean: bool = False
    model_id: str | None = None
    strangers_among: int | None = None

    @property
    def sighting_id(self) -> str:
        """The id of the sighting that this is."""
        return sighting_id(self.case_id, self.first_seen, self.made_of)

    def sighting(self, *, has_crop: bool) -> Sighting:
        """Return it as a sighting."""
        return Sighting(
            sighting_id=self.sighting_id,
            case_id=self.case_id,
            camera_id=self.camera_id,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            frames=self.frames,
            rect=self.rect,
            distance=self.distance,
            has_crop=has_crop,
            source=self.source,
            cloudlet=self.cloudlet,
            taken_at=self.taken_at,
            place=self.place,
            model_id=self.model_id,
            strangers_among=self.strangers_among,
        )

    def timeline(self) -> tuple[TimelineEntry, ...]:
        """Return its seconds on the case's timeline."""
        return tuple(TimelineEntry(self.case_id, self.camera_id, second) for second in self.seconds)


def sighting_id(case_id: int, first_seen: float, made_of: str) -> str:
    """Return the id of a sighting: the same for the same case, moment (to the millisecond) and origin.

    Args:
        made_of: the camera's key, or what names the pictures it was found in.
    """
    return f"{case_id}-{int(first_seen * 1000):x}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"


def changes_of(found: list[Found], crops: dict[str, bytes]) -> Changes:
    """Return what has to be stored; `crops` are clean JPEGs by sighting id."""
    return Changes(
        sightings=tuple(one.sighting(has_crop=one.sighting_id in crops) for one in found),
        crops=crops,
        timeline=tuple(entry for one in found for entry in one.timeline()),
    )


def told(sighting: Sighting) -> to_client.Sighting:
    """Return a sighting as clients see it."""
    return to_client.Sighting(
        sighting_id=sighting.sighting_id,
        object_id=sighting.case_id,
        camera_id=sighting.camera_id,
        first_seen=sighting.first_seen,
        last_seen=sighting.last_seen,
        frames=sighting.frames,
        rect=sighting.rect,
        has_crop=sighting.has_crop,
        certainty=sighting.certainty,
        distance=sighting.distance,
        source=sighting.source,
        cloudlet=sighting.cloudlet,
        taken_at=sighting.taken_at,
        place=sighting.place,
        rejected=sighting.rejected,
        model_id=sighting.model_id,
        strangers_among=sighting.strangers_among,
    )
