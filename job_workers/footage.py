"""Reads old footage, videos and folders of pictures, as dated pictures (adapter of OpenCV). Looks for no face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from backbone.errors import BadInput
from job_workers.photo_reader import read_photo

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
LONGEST_SIDE = 4_000
MOST_PICTURES = 100_000


@dataclass(frozen=True, slots=True)
class Look:
    """One picture of footage, (h, w, 3) uint8 RGB, its time (seconds since the epoch), and which of how many."""

    picture: NDArray[np.uint8]
    taken_at: float
    number: int
    of: int


def path_below(folder: Path, asked: str) -> Path:
    """Return where a task's footage lies.

    Raises:
        BadInput: it is not there, or not below the folder; links that lead out of it count as that.
    """
    path = (folder / asked).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.exists():
        raise BadInput(f"expected footage below the workers' folder, found none at {asked[:200]!r}", code="no_footage")
    return path


def looks(path: Path, *, began_at: float | None, every_seconds: float) -> Iterator[Look]:
    """Yield pictures of a video every so many seconds of its own time, or all pictures of a folder by name.

    Args:
        began_at: when the footage begins; None: a video ends at its file's time, a picture says when it was taken.

    Raises:
        BadInput: it cannot be read as footage.
    """
    return _of_folder(path) if path.is_dir() else _of_video(path, began_at, every_seconds)


def _of_folder(folder: Path) -> Iterator[Look]:
    names = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())
    for number, path in enumerate(names[:MOST_PICTURES], start=1):
        try:
            photo = read_photo(path.read_bytes(), longest_side=LONGEST_SIDE)
        except BadInput:
            continue  # one damaged picture of an old card is no reason to stop
        taken_at = path.stat().st_mtime if photo.taken_at is None else photo.taken_at
        yield Look(photo.picture, taken_at, number, len(names))


def _of_video(path: Path, began_at: float | None, every_seconds: float) -> Iterator[Look]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        fps, frames = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if not capture.isOpened() or not 0 < fps <= 1000:
            raise BadInput(f"expected a video or a folder of pictures, got {path.name!r}", code="bad_footage")
        start = path.stat().st_mtime - max(frames, 0) / fps if began_at is None else began_at
        step, index = max(1, round(every_seconds * fps)), 0
        while capture.grab():
            if index % step == 0:
                there, frame = capture.retrieve()
                if there:
                    picture = np.ascontiguousarray(frame[..., ::-1], dtype=np.uint8)
                    yield Look(picture, start + index / fps, index // step + 1, max(frames // step, 1))
            index += 1
    finally:
        capture.release()
