"""The photos and jobs of the matching benchmark; it matches nothing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backbone.wire.jobs import GalleryFile, Sought
from benchmarks import face_pictures
from drill.footage import make_footage
from drill.phone_photos import make_phone_photos
from faces import FaceEngine

TOLERANCE = 0.6
PERSONS = ("obama2", "biden", "astronaut")
"""Who is sought by the first jobs; the others seek nobody who is in a photo."""


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """JPEGs, and what they are in words."""

    text: str
    photos: tuple[bytes, ...]


@cache
def stills() -> PhotoSet:
    """Return two photos as the sample phone sends them: one of the sought person, one of strangers."""
    with TemporaryDirectory() as folder:
        made = make_phone_photos(make_footage(face_pictures.DATA_DIR), Path(folder), taken_at=None)
        shown = (next(photo for photo in made if photo.shows_sought), next(p for p in made if not p.shows_sought))
        photos = tuple(photo.path.read_bytes() for photo in shown)
    return PhotoSet("2 stills, 960x540", photos)


@cache
def group() -> PhotoSet:
    """Return one photo of four people."""
    return PhotoSet("4 people, 1000x714", (jpeg(face_pictures.whole_faces().picture),))


@cache
def phone() -> PhotoSet:
    """Return one photo as phones take them."""
    return PhotoSet("3 people, 4032x3024 (12 MP)", (jpeg(face_pictures.phone_photo().picture),))


def references(engine: FaceEngine, jobs: int) -> dict[str, list[NDArray[np.float32]]]:
    """Return two references for each of so many jobs: of the portraits first, then of nobody."""
    known = []
    for name in PERSONS:
        picture = np.asarray(face_pictures.portraits()[name])
        known.append(engine.encode(picture, engine.detect(picture, 80))[0])
    rng = np.random.default_rng(5)
    near = rng.normal(0, 0.005, (jobs, 128)).astype(np.float32)
    # Nobody: a face's numbers in another order, as long as a face's and near to none.
    rows = [known[job] if job < len(known) else rng.permutation(known[job % len(known)]) for job in range(jobs)]
    return {f"job {job}": [row, row + near[job]] for job, row in enumerate(rows)}


def gallery(model_id: str, jobs: dict[str, list[NDArray[np.float32]]]) -> GalleryFile:
    """Return the jobs as the workers get them."""
    sought = (
        Sought(name, TOLERANCE, tuple(tuple(float(number) for number in row) for row in rows))
        for name, rows in jobs.items()
    )
    return GalleryFile(model_id=model_id, sought=tuple(sought))


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=90)
    return out.getvalue()
