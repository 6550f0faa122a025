"""What workers found in footage, as visits of one person to one camera. Does not store or send."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backbone.wire.jobs import FaceMatch
from processor_orchestrator.domain.sighting import GAP_SECONDS, Found

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


def once_of(camera: str, case_id: int, faces: Sequence[FaceMatch]) -> str:
    """Return a name of what was found: the same footage looked through again finds the same."""
    content = f"{camera}\n{list(faces)}".encode()
    return f"{FOOTAGE}:{case_id}:{hashlib.sha256(content).hexdigest()}"


def found_of(visit: Visit, crop: bytes | None, *, case_id: int, camera: str, model_id: str, now: float) -> Found:
    """Return a visit as what was found; the same visit is the same sighting.

    Args:
        crop: the best face as the worker cut it out.
        model_id: of the faces that do not say theirs.
        now: no footage is of a later time, whatever a clock said then; seconds since the epoch.
    """
    first, last = (min(_time(visit.faces[index]), now) for index in (0, -1))
    return Found(
        case_id=case_id,
        camera_id=camera,
        made_of=f"{camera}\n{case_id}\n{first}",
        source=FOOTAGE,
        first_seen=first,
        last_seen=last,
        rect=visit.best.rect,
        seconds=tuple(sorted({int(min(_time(face), now)) for face in visit.faces})),
        frames=len(visit.faces),
        distance=visit.best.distance,
        model_id=visit.best.model_id or model_id,
        taken_at=_time(visit.best),
        crop=crop,
    )


def _time(face: FaceMatch) -> float:
    return face.taken_at or 0.0
