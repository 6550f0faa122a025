"""Embeddings of a folder of people, `<person>/<photo>`, good and weak views, kept in `var/`; it compares nothing.

Of each photo the face nearest to its middle counts. A weak view is embedded with the points that the good frame has,
so that the embedder is measured and not the detector; the detector's score of the weak view goes into its quality.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmarks.error_views import CONDITIONS, frame, weakened
from faces import FaceEngine, Faces
from faces.quality import MEASURES, measured

Picture = NDArray[np.uint8]
FRAMES = 4
# Strangers of whom views are made; of the others, photos alone.
WEAK_STRANGERS = 120
MANY_PHOTOS, REFERENCES = 4, 3
_MOST_PIXELS = 40_000_000
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
_SEARCHED_PX = 168
# YuNet's and the CNN's lowest: what a view gets in which the face is not found again.
_UNSEEN_SCORE = 0.6
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Photos:
    """One row for each photo that shows a face.

    Attributes:
        embeddings: (n, 128).
        persons: (n,) names.
        paths: (n,).
        left_out: which photos, and why.
    """

    embeddings: NDArray[np.float32]
    persons: NDArray[np.str_]
    paths: NDArray[np.str_]
    left_out: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """One row for each view.

    Attributes:
        embeddings: (n, 128).
        measures: (n, 9), see `faces.quality`.
        photos: (n,) rows of `Photos` that they were made of.
        conditions: (n,) names.
        frames: (n,) 0..3.
        found: (n,) whether the detector found the face in the view.
    """

    embeddings: NDArray[np.float32]
    measures: NDArray[np.float64]
    photos: NDArray[np.int64]
    conditions: NDArray[np.str_]
    frames: NDArray[np.int64]
    found: NDArray[np.bool_]


def photos_of(engine: FaceEngine, folder: Path, kept: Path) -> Photos:
    """Return the embeddings of all photos, from `kept` when the same were embedded before."""
    paths = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in _SUFFIXES)
    file = kept / f"photos-{_name(engine, paths)}.npz"
    if file.is_file():
        with np.load(file) as held:
            return Photos(held["embeddings"], held["persons"], held["paths"], held["left_out"].tolist())
    rows, seen, left_out = [np.empty((0, 128), dtype=np.float32)], [], []
    for path in paths:
        try:
            picture = _read(path)
        except (OSError, UnidentifiedImageError, ValueError) as fault:
            left_out.append(f"{path}: {fault}")
            continue
        face = _middle_face(engine, picture)
        if face is None:
            left_out.append(f"{path}: no face")
            continue
        rows.append(engine.encode(picture, face))
        seen.append(path)
    photos = Photos(
        np.concatenate(rows),
        np.array([path.parent.name for path in seen], dtype=str),
        np.array([str(path) for path in seen], dtype=str),
        left_out,
    )
    kept.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        embeddings=photos.embeddings,
        persons=photos.persons,
        paths=photos.paths,
        left_out=np.array(left_out, dtype=str),
    )
    return photos


def views_of(engine: FaceEngine, photos: Photos, kept: Path) -> Views:
    """Return weak views of all probes and of some strangers, from `kept` when the same were made before."""
    file = kept / f"views-{_name(engine, [Path(path) for path in photos.paths])}.npz"
    if file.is_file():
        with np.load(file) as held:
            return Views(*(held[name] for name in Views.__dataclass_fields__))
    embeddings, measures, photo_rows, conditions, frames, found = [], [], [], [], [], []
    for row, number, condition, picture, face, seen in _weak(engine, photos):
        embeddings.append(engine.encode(picture, face)[0])
        measures.append(measured(picture, face)[0])
        photo_rows.append(row)
        conditions.append(condition)
        frames.append(number)
        found.append(seen)
    views = Views(
        np.array(embeddings, dtype=np.float32).reshape(-1, 128),
        np.array(measures, dtype=np.float64).reshape(-1, len(MEASURES)),
        np.array(photo_rows, dtype=np.int64),
        np.array(conditions, dtype=str),
        np.array(frames, dtype=np.int64),
        np.array(found, dtype=bool),
    )
    np.savez(file, **{name: getattr(views, name) for name in Views.__dataclass_fields__})
    return views


def by_person(photos: Photos) -> dict[str, list[int]]:
    """Return the rows of each person's photos, in their order."""
    rows: dict[str, list[int]] = {}
    for row, person in enumerate(photos.persons.tolist()):
        rows.setdefault(person, []).append(row)
    return rows


def _weak(engine: FaceEngine, photos: Photos) -> Iterator[tuple[int, int, str, Picture, Faces, bool]]:
    """Yield row, frame, condition, picture, face, and whether it is found there, of all views."""
    people = by_person(photos).values()
    probes = [rows[REFERENCES] for rows in people if len(rows) >= MANY_PHOTOS]
    strangers = [rows[0] for rows in people if len(rows) == 1]
    for row in probes + strangers[:WEAK_STRANGERS]:
        for number in range(FRAMES):
            good = frame(_read(Path(photos.paths[row])), (row, number))
            face = _middle_face(engine, good)
            if face is None:
                continue
            for condition in CONDITIONS:
                picture = weakened(condition, good, (row, number, len(condition)))
                score = _score(engine, picture) if condition != "clean" else float(face.confidences[0])
                yield row, number, condition, picture, _scaled(face, picture, good, score), score > 0


def _scaled(face: Faces, picture: Picture, good: Picture, score: float) -> Faces:
    share = np.float32(picture.shape[1] / good.shape[1])
    scores = np.array([score or _UNSEEN_SCORE], dtype=np.float32)
    return Faces(face.boxes * share, scores, face.landmarks * share)


def _score(engine: FaceEngine, picture: Picture) -> float:
    """Return the score of the face in a weak view, 0 when it is not found there."""
    if engine.name != "sface":
        return _UNSEEN_SCORE
    share = max(1.0, _SEARCHED_PX / picture.shape[1])
    size = round(picture.shape[1] * share), round(picture.shape[0] * share)
    face = _middle_face(engine, np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)))
    return 0.0 if face is None else float(face.confidences[0])


def _middle_face(engine: FaceEngine, picture: Picture) -> Faces | None:
    """Return the face nearest to the middle, larger ones first when in doubt; None when there is none."""
    found = engine.detect(picture, max(40.0, 2 * engine.min_face_px))
    if not len(found):
        return None
    middle = np.array([picture.shape[1], picture.shape[0]]) / 2
    away = np.abs((found.boxes[:, :2] + found.boxes[:, 2:]) / 2 - middle).sum(axis=1)
    return found.pick([int(np.argmin(away - (found.boxes[:, 2] - found.boxes[:, 0])))])


def _name(engine: FaceEngine, paths: list[Path]) -> str:
    """Return what an engine's embeddings of these files are kept under."""
    listed = "\n".join(f"{path} {path.stat().st_size}" for path in paths)
    return f"{engine.model_id}-{engine.detector}-{hashlib.sha256(listed.encode()).hexdigest()[:12]}-{_VERSION}"


def _read(path: Path) -> Picture:
    with Image.open(path) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"expected at most {_MOST_PIXELS} pixels, got {image.width}x{image.height}")
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
