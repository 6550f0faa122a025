"""Reads old footage, videos and folders of pictures, as dated pictures (adapter of OpenCV). Looks for no face."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from backbone.errors import BadInput
from backbone.pictures.child import MAX_PIXELS
from job_workers.photos.photo_reader import MOST_BYTES, read_photo

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".hif"}
NOT_READ = {
    *(".avif", ".bmp", ".gif", ".jxl", ".tif", ".tiff"),
    *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"),
}
"""Pictures that are told as such, so that nobody thinks that they were searched."""
VIDEOS = {".avi", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpg", ".mts", ".ts", ".webm"}
LONGEST_SIDE = 4_000
MOST_FILES = 100_000
MOST_FPS = 1_000
# What lies in a folder may be anybody's: a list of other files or addresses is no video, whatever its name says.
_ONLY_VIDEOS = (
    "format_whitelist;mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,mjpeg|protocol_whitelist;file"
)

Damaged = Callable[[str, BadInput], None]
"""Called with the name of a file that cannot be read, and why."""


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


def looks(path: Path, *, began_at: float | None, every_seconds: float, damaged: Damaged) -> Iterator[Look]:
    """Yield pictures of a video every so many seconds of its own time; of a folder its pictures and videos, by name.

    Args:
        began_at: when a video begins; None: it ends at its file's time, a picture says when it was taken.

    Raises:
        BadInput: it cannot be read as footage; a single file of a folder is told to `damaged` instead.
    """
    if not path.is_dir():
        yield from _of_video(path, began_at, every_seconds)
        return
    if began_at is not None:
        raise BadInput("expected a beginning for one video alone, got it for a folder", code="bad_footage")
    files = _files_in(path)
    every = [_count_of(file, every_seconds) for file in files]
    for file, before, count in zip(files, _sums(every), every, strict=True):
        try:
            for look in _of_picture(file) if _is_picture(file) else _of_video(file, None, every_seconds):
                yield Look(look.picture, look.taken_at, before + min(look.number, count), sum(every))
        except BadInput as fault:  # one damaged file of an old card is no reason to stop
            damaged(str(file.relative_to(path)), fault)


def _files_in(folder: Path) -> list[Path]:
    """Return the pictures and videos of a folder by name; what a link leads to outside of it is not among them."""
    root, kinds = folder.resolve(), PICTURES | NOT_READ | VIDEOS
    found = (path for path in folder.rglob("*") if path.suffix.lower() in kinds and path.is_file())
    return sorted(path for path in found if path.resolve().is_relative_to(root))[:MOST_FILES]


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in PICTURES | NOT_READ


def _count_of(file: Path, every_seconds: float) -> int:
    """Return how many looks a file is likely to give, 1 at least."""
    if _is_picture(file):
        return 1
    capture = _opened(file)
    try:
        fps, frames = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return _looks_of(frames, _step(fps, every_seconds)) if 0 < fps <= MOST_FPS else 1
    finally:
        capture.release()


def _opened(video: Path) -> cv2.VideoCapture:
    os.putenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", _ONLY_VIDEOS)  # the only way in; read by OpenCV at each open
    return cv2.VideoCapture(str(video), cv2.CAP_FFMPEG)


def _sums(counts: list[int]) -> Iterator[int]:
    """Yield what came before each count."""
    return accumulate([0, *counts[:-1]]) if counts else iter(())


def _step(fps: float, every_seconds: float) -> int:
    return max(1, round(every_seconds * fps))


def _looks_of(frames: int, step: int) -> int:
    return max(1, -(-frames // step))


def _of_picture(file: Path) -> Iterator[Look]:
    try:
        with file.open("rb") as held:
            raw, changed_at = held.read(MOST_BYTES + 1), file.stat().st_mtime
    except OSError as fault:
        raise BadInput(f"expected a file that can be read, got: {fault.strerror}", code="bad_footage") from None
    photo = read_photo(raw, longest_side=LONGEST_SIDE)
    yield Look(photo.picture, changed_at if photo.taken_at is None else photo.taken_at, 1, 1)


def _of_video(path: Path, began_at: float | None, every_seconds: float) -> Iterator[Look]:
    capture = _opened(path)
    try:
        fps, frames = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if not capture.isOpened() or not 0 < fps <= MOST_FPS:
            raise BadInput(f"expected a video or a folder of pictures, got {path.name!r}", code="bad_footage")
        width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if width * height > MAX_PIXELS:
            raise BadInput(f"expected at most 40 megapixels, got {width:g} x {height:g}", code="bad_footage")
        start = path.stat().st_mtime - max(frames, 0) / fps if began_at is None else began_at
        step, index = _step(fps, every_seconds), 0
        while capture.grab():
            if index % step == 0:
                there, frame = capture.retrieve()
                if there:
                    picture = np.ascontiguousarray(frame[..., ::-1], dtype=np.uint8)
                    yield Look(picture, max(0.0, start + index / fps), index // step + 1, _looks_of(frames, step))
            index += 1
    finally:
        capture.release()
