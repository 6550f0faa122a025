"""What a server gets of a batch: for each job, photos that matched and a manifest. Packs and sends nothing."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from backbone.wire.jobs import FaceMatch, Matched
from cloudlet.domain.batches import Batch

MANIFEST = "match.json"
MOST_PHOTO_BYTES = 40 * 1024 * 1024
"""A server takes zips of 50 MB; what is more goes into another zip."""

LONGEST_NAME = 100
_NAMESPACE = uuid.UUID("8f6c2f0e-53a5-4f0c-9f4e-6a3a3f6f2f52")
_SUFFIXES = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png", b"RIFF": "webp", b"BM": "bmp", b"GIF8": "gif"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends matches.

    Attributes:
        cloudlet: "ip:port", as servers know it.
        epoch: names its run.
    """

    cloudlet: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Match:
    """What one zip tells of a job.

    Attributes:
        object_id: the server's own name of the job's case, where it said so.
        faces: by photo.
    """

    match_id: str
    job: str
    model_id: str
    faces: tuple[FaceMatch, ...]
    object_id: int | None = None


def by_job(result: Matched, is_sought: Callable[[str], bool]) -> dict[str, list[FaceMatch]]:
    """Return the matches of each job that is still there."""
    found: dict[str, list[FaceMatch]] = {}
    for face in sorted(result.matches, key=lambda face: face.photo):
        if is_sought(face.name):
            found.setdefault(face.name, []).append(face)
    return found


def portions(faces: list[FaceMatch], sizes: Mapping[int, int]) -> Iterator[tuple[FaceMatch, ...]]:
    """Yield the matches zip by zip; faces of one photo stay together.

    Args:
        faces: of one job, by photo.
        sizes: bytes of the photos that are still there.
    """
    portion: list[FaceMatch] = []
    total, last = 0, -1
    for face in faces:
        if face.photo not in sizes:
            continue
        if face.photo != last:
            if portion and total + sizes[face.photo] > MOST_PHOTO_BYTES:
                yield tuple(portion)
                portion, total = [], 0
            total, last = total + sizes[face.photo], face.photo
        portion.append(face)
    if portion:
        yield tuple(portion)


def match_id_of(batch_id: str, job: str, number: int) -> str:
    """Return the name of a match, the same however often it is made; `number` counts a job's zips from 0."""
    told = uuid.uuid5(_NAMESPACE, f"{batch_id}\n{job}")
    return str(told if number == 0 else uuid.uuid5(told, str(number)))


def match_files(match: Match, batch: Batch, photos: Mapping[int, bytes], sender: Sender) -> list[tuple[str, bytes]]:
    """Return the files of one match by their names, the manifest first.

    Args:
        photos: the bytes as the phone sent them, by index in the batch; they keep their names where these will do.
    """
    names = _names({index: batch.photos[index].name for index in sorted(photos)}, photos)
    manifest: dict[str, object] = {
        "matchId": match.match_id,
        "jobName": match.job,
        "cloudlet": sender.cloudlet,
        "cloudletId": sender.epoch,
        "receivedAt": batch.received_at,
    }
    if batch.device:
        manifest["device"] = batch.device
    manifest["matches"] = [_told(face, names[face.photo], match.model_id) for face in match.faces]
    if match.object_id is not None:
        manifest["objectId"] = match.object_id
    content = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()
    return [(MANIFEST, content), *((names[index], photos[index]) for index in sorted(photos))]


def _told(face: FaceMatch, photo: str, model_id: str) -> dict[str, object]:
    told: dict[str, object] = {
        "photo": photo,
        "rect": list(face.rect),
        "distance": face.distance,
        "modelId": face.model_id or model_id,
    }
    if face.taken_at is not None:
        told["takenAt"] = face.taken_at
    if face.place is not None:
        told["place"] = {"latitude": face.place.latitude, "longitude": face.place.longitude}
    return told


def _names(told: Mapping[int, str], photos: Mapping[int, bytes]) -> dict[int, str]:
    """Return what each photo is called in the zip: as its sender called it, which is a label and unique, if it can."""
    names = {i: name for i, name in told.items() if name != MANIFEST and 0 < len(name) <= LONGEST_NAME}
    for number, index in enumerate(told, start=1):
        name = f"photo-{number}.{_suffix(photos[index])}"
        while index not in names and name in names.values():
            name = f"another-{name}"
        names.setdefault(index, name)
    return names


def _suffix(photo: bytes) -> str:
    if photo[4:8] == b"ftyp":
        return "heic"
    return next((suffix for magic, suffix in _SUFFIXES.items() if photo.startswith(magic)), "jpg")
