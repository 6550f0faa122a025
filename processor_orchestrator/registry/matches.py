"""What a cloudlet found in phones' photos: its manifest, and the sightings that follow. Does not store or read zips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from backbone.errors import BadInput
from backbone.wire import strict_json
from backbone.wire.jobs import Place
from backbone.wire.values import Message, Rect
from processor_orchestrator.domain.sighting import CLOCK_LEAD_SECONDS, Found

MANIFEST = "match.json"
MAX_MANIFEST_BYTES = 1024 * 1024
MAX_FACES = 1_000
WHOLE_PICTURE = (0.0, 0.0, 1.0, 1.0)
PHONE = "phone"

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Time = Annotated[float, Meta(ge=0.0, lt=1e11)]


class Face(Message, frozen=True):
    """One face that matched; `photo` is the name of its picture in the zip."""

    photo: Text
    rect: Rect = WHOLE_PICTURE
    distance: Annotated[float, Meta(ge=0.0, le=10.0)] | None = None
    model_id: Text | None = None
    taken_at: Time | None = None
    place: Place | None = None


class Manifest(Message, frozen=True):
    """`match.json`: ours; a legacy cloudlet sends the photos alone."""

    match_id: Text
    job_name: Text
    matches: Annotated[tuple[Face, ...], Meta(max_length=MAX_FACES)]
    cloudlet: Text | None = None
    cloudlet_id: Text | None = None
    received_at: Time | None = None
    object_id: Annotated[int, Meta(ge=1)] | None = None
    device: Text | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One delivery of a cloudlet.

    Attributes:
        match_id: names it, however often it is sent.
        cloudlet: "ip:port" of its sender, as far as known.
        received_at: when the cloudlet got the photos, or we the match; seconds since the epoch.
        case_id: the case that the cloudlet looked for, where it knows.
        device: what took the photos, where it is not a phone, such as a Pi's station.
    """

    match_id: str
    job: str
    cloudlet: str
    received_at: float
    faces: tuple[Face, ...]
    case_id: int | None = None
    device: str | None = None


def read_manifest(raw: bytes) -> Manifest:
    """Return what a manifest says.

    Raises:
        BadInput: it is none.
    """
    value = strict_json.loads(raw, max_bytes=MAX_MANIFEST_BYTES)
    try:
        return msgspec.convert(value, Manifest)
    except msgspec.ValidationError as fault:
        raise BadInput(f"{MANIFEST}: {fault}", code="bad_manifest") from None


def match_of(
    job: str, manifest: Manifest | None, photos: Sequence[str], *, sender: str, digest: str, now: float
) -> Match:
    """Return a delivery.

    Args:
        job: the zip's name without suffix.
        photos: names of the pictures in the zip.
        sender: the caller's address.
        digest: of the job's name and the photos; it names a legacy delivery.

    Raises:
        BadInput: the manifest is of another job, or tells of a picture that is not in the zip.
    """
    if manifest is None:
        faces = tuple(Face(photo=name) for name in photos[:MAX_FACES])
        return Match(f"sha256:{digest}", job, sender, now, faces)
    if manifest.job_name != job:
        raise BadInput(f"{MANIFEST}: expected the job {job[:200]!r}, got {manifest.job_name!r}", code="bad_manifest")
    absent = {face.photo for face in manifest.matches} - set(photos)
    if absent:
        raise BadInput(f"{MANIFEST}: expected photos of the zip, got {min(absent)!r}", code="bad_manifest")
    received_at = now if manifest.received_at is None else min(manifest.received_at, now)
    cloudlet = manifest.cloudlet or sender
    return Match(
        match_id=manifest.match_id,
        job=job,
        cloudlet=cloudlet,
        received_at=received_at,
        faces=manifest.matches,
        case_id=manifest.object_id,
        device=manifest.device,
    )


def found_in(match: Match, case_id: int, crops: Mapping[int, bytes], *, now: float) -> list[Found]:
    """Return what a delivery tells; the same delivery makes the same sightings.

    Args:
        crops: clean JPEGs by the index of the face.
        now: seconds since the epoch.
    """
    return [
        _found(match, number, face, case_id, crop=crops.get(number), now=now) for number, face in enumerate(match.faces)
    ]


def _found(match: Match, number: int, face: Face, case_id: int, *, crop: bytes | None, now: float) -> Found:
    believed = face.taken_at is not None and face.taken_at <= now + CLOCK_LEAD_SECONDS
    seen_at = face.taken_at if believed and face.taken_at is not None else match.received_at
    return Found(
        case_id=case_id,
        camera_id=match.device or f"cloudlet {match.cloudlet}",
        made_of=f"{match.match_id}\n{match.job}\n{number}",
        source=PHONE,
        first_seen=seen_at,
        last_seen=seen_at,
        rect=face.rect,
        seconds=(int(seen_at),),
        distance=face.distance,
        model_id=face.model_id,
        cloudlet=match.cloudlet,
        taken_at=face.taken_at,
        place=face.place,
        crop=crop,
        crop_is_clean=True,
    )
