"""Reads the sample clips and the case photo (adapter of OpenCV and Pillow); it does not judge what they show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps


class NotReadable(Exception):
    """A clip cannot be opened or decoded."""


def read_clip(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield every frame of a video file, (h, w, 3) uint8 RGB.

    Raises:
        NotReadable: OpenCV cannot open it.
    """
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        if not capture.isOpened():
            raise NotReadable(f"expected a video file at {path}, OpenCV could not open it")
        while True:
            there, frame = capture.read()
            if not there:
                return
            yield np.ascontiguousarray(frame[..., ::-1], dtype=np.uint8)
    finally:
        capture.release()


def read_photo(path: Path) -> NDArray[np.uint8]:
    """Return a picture upright, (h, w, 3) uint8 RGB."""
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
