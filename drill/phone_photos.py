"""Photos as people with phones would send them: stills of the sample clips; it sends nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from PIL import Image
from PIL.Image import Exif

from drill.clip_reader import read_clip
from drill.footage import Footage
from drill.scenario import SOUGHT
from drill.truth import TrueFace, Truth, load_truth

APART_FRAMES = 50
"""Stills of one person lie at least so far apart, so that they differ."""
_EXIF, _TAKEN = 0x8769, 0x9003
_GPS = 0x8825
# Greenwich: a phone writes its place, and the sender has to take it out unless the person opted in.
_PLACE = {1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 5.0)}


@dataclass(frozen=True, slots=True)
class PhonePhoto:
    """A still and whether the sought person can be found in it."""

    path: Path
    shows_sought: bool


def make_phone_photos(footage: Footage, folder: Path, *, taken_at: float | None) -> list[PhonePhoto]:
    """Write the photos and return them.

    Args:
        folder: gets `<camera>-<frame>.jpg`; made when it is missing.
        taken_at: what the photos tell of their time, seconds since the epoch; None: nothing.

    Raises:
        NotReadable: a clip cannot be decoded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for clip in footage.clips:
        chosen = choose(load_truth(clip.truth))
        for index, frame in enumerate(islice(read_clip(clip.video), max(chosen) + 1)):
            if index in chosen:
                path = folder / f"{clip.camera}-{index}.jpg"
                Image.fromarray(frame).save(path, quality=92, exif=_exif(taken_at))
                photos.append(PhonePhoto(path, chosen[index]))
    return photos


def choose(truth: Truth) -> dict[int, bool]:
    """Return two frames that show the sought person largest and one of strangers only: index -> shows the sought."""
    sized = [(_largest(faces, sought=True), index) for index, faces in enumerate(truth.frames)]
    best = max(sized)[1]
    apart = max((size, index) for size, index in sized if abs(index - best) >= APART_FRAMES)[1]
    strangers = max(
        (_largest(faces, sought=False), index)
        for index, faces in enumerate(truth.frames)
        if all(face.person != SOUGHT for face in faces)
    )[1]
    return {best: True, apart: True, strangers: False}


def _largest(faces: Iterable[TrueFace], *, sought: bool) -> float:
    """Return the width in pixels of the largest face that a detector has to find, 0 when there is none."""
    wanted = (face for face in faces if face.detectable and (face.person == SOUGHT) is sought)
    return max((face.box[2] - face.box[0] for face in wanted), default=0.0)


def _exif(moment: float | None) -> Exif:
    told = Exif()
    if moment is not None:
        told.get_ifd(_EXIF)[_TAKEN] = time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(moment))
    told.get_ifd(_GPS).update(_PLACE)
    return told
