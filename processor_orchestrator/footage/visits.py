"""What workers found in footage, as visits of one person to one camera. Does not store or send."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backbone.wire.jobs import FaceMatch
from processor_orchestrator.tracking.sightings import GAP_SECONDS, Changes, Sighting, TimelineEntry

FOOTAGE = "footage"


@dataclass(frozen=True, slots=True)
class Visit:
    """Faces of one person, none more than `GAP_SECONDS` of the footage's time after the one before."""

    faces: tuple[FaceMatch, ...]

    @property
    def best(self) -> FaceMatch:
        """The face that is nearest to a reference."""
        return min(self.faces, key=lambda face: face.distance)


def visits_of(faces: Sequence[FaceMatch]) -> Iterator[Visit]:
    """Yield the visits that one person's faces make, by time."""
    ordered = sorted(faces, key=_time)
    begin = 0
    for number in range(1, len(ordered) + 1):
        if number == len(ordered) or _time(ordered[number]) - _time(ordered[number - 1]) > GAP_SECONDS:
            yield Visit(tuple(ordered[begin:number]))
            begin = number


def once_of(camera: str, object_id: int, faces: Sequence[FaceMatch]) -> str:
    """Return a name of what was found: the same footage looked through again finds the same."""
    content = f"{camera}\n{list(faces)}".encode()
    return f"{FOOTAGE}:{object_id}:{hashlib.sha256(content).hexdigest()}"


def changes_of(visit: Visit, crop: bytes | None, *, object_id: int, camera: str, now: float) -> Changes:
    """Return a visit as a sighting with its seconds on the timeline; the same visit makes the same id.

    Args:
        crop: clean JPEG of the best face.
        now: no footage is of a later time, whatever a clock said then; seconds since the epoch.
    """
    first, last = (min(_time(visit.faces[index]), now) for index in (0, -1))
    name = hashlib.sha256(f"{camera}\n{object_id}\n{first}".encode()).hexdigest()[:16]
    best = visit.best
    sighting = Sighting(
        sighting_id=f"{object_id}-{int(first * 1000):x}-{name}",
        object_id=object_id,
        camera_id=camera,
        first_seen=first,
        last_seen=last,
        frames=len(visit.faces),
        rect=best.rect,
        distance=best.distance,
        has_crop=crop is not None,
        source=FOOTAGE,
        taken_at=_time(best),
    )
    seconds = sorted({int(min(_time(face), now)) for face in visit.faces})
    return Changes(
        sightings=(sighting,),
        crops={} if crop is None else {sighting.sighting_id: crop},
        timeline=tuple(TimelineEntry(object_id, camera, second) for second in seconds),
    )


def _time(face: FaceMatch) -> float:
    return face.taken_at or 0.0
