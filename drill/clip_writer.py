"""Writes frames as a video file (adapter of OpenCV); it does not make the frames."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


class ClipNotWritten(Exception):
    """OpenCV has no encoder for the clip, or the folder cannot be written."""


def write_clip(path: Path, frames: Iterable[NDArray[np.uint8]], *, fps: float, size: tuple[int, int]) -> None:
    """Write frames, each (h, w, 3) uint8 RGB, as MPEG-4; the file appears under its name only when it is whole.

    Args:
        path: ends in `.mp4`.
        frames: all of the same size.
        fps: frames per second.
        size: (width, height), pixels.

    Raises:
        ClipNotWritten: there is no encoder, or the folder cannot be written.
    """
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    writer = cv2.VideoWriter(str(unfinished), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    try:
        if not writer.isOpened():
            raise ClipNotWritten(f"expected to write {path.name} as MPEG-4 in {path.parent}, OpenCV could not open it")
        for frame in frames:
            writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        writer.release()
        unfinished.replace(path)
    finally:
        writer.release()
        unfinished.unlink(missing_ok=True)
