"""What a server gets of footage: of each appearance of a sought person one picture and its time. Does not send it."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from backbone.errors import BadInput
from backbone.wire.jobs import FaceMatch, Photo
from cloudlet.batches import Batch

MOST_PATH = 500
GAP_SECONDS = 5.0
"""Who was not seen for so long has gone, and appears again."""

WHOLE_PICTURE = (0.0, 0.0, 1.0, 1.0)


def check_path(path: str) -> str:
    """Return the path of footage below the workers' folder, as it came; they check it again.

    Raises:
        BadInput: it is none, or leads elsewhere.
    """
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts or len(path) > MOST_PATH or not path.isprintable():
        raise BadInput(f"path: expected one below the footage folder, got {path[:99]!r}")
    return path


def appearances(faces: Sequence[FaceMatch]) -> list[FaceMatch]:
    """Return the nearest face of each appearance.

    Args:
        faces: of one person in one part of footage, by time.
    """
    return [min(group, key=lambda face: face.distance) for group in _grouped(faces)]


def _grouped(faces: Sequence[FaceMatch]) -> Iterator[list[FaceMatch]]:
    group: list[FaceMatch] = []
    for face in faces:
        if group and (face.taken_at or 0.0) - (group[-1].taken_at or 0.0) > GAP_SECONDS:
            yield group
            group = []
        group.append(face)
    if group:
        yield group


def as_photos(batch: Batch, faces: Sequence[FaceMatch]) -> tuple[Batch, list[FaceMatch], dict[int, bytes]]:
    """Return faces in footage as if their crops had been sent as photos: a batch, its matches, its photos by index."""
    told = [face for face in faces if face.crop is not None]
    stem = PurePosixPath(batch.footage).stem[:80]
    names = [Photo("", f"{stem}-{face.taken_at or 0.0:.1f}.jpg", batch.received_at) for face in told]
    whole = [FaceMatch(at, face.name, WHOLE_PICTURE, face.distance, face.taken_at) for at, face in enumerate(told)]
    photos = {index: base64.b64decode(face.crop or "") for index, face in enumerate(told)}
    return replace(batch, photos=tuple(names)), whole, photos
