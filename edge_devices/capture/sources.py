"""Where pictures come from when there is no camera: a folder, or a pattern. Opens no camera."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from edge_devices.capture.pattern_png import pattern_png

FRAME = "opencv_frame_0"
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


class CaptureFailed(Exception):
    """There is no picture, and why."""


class Source(Protocol):
    """Whatever gives pictures; `suffix` is that of the next one's file."""

    @property
    def suffix(self) -> str:
        """The suffix of the next picture."""

    def write(self, file: Path) -> None:
        """Write the next picture, or raise `CaptureFailed`."""


class PatternSource:
    """Pictures that are drawn."""

    suffix = ".png"

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def write(self, file: Path) -> None:
        """Write the next picture."""
        file.write_bytes(pattern_png(next(self._numbers)))


class FolderSource:
    """The pictures of a folder by name, over and over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pictures = self._all()
        self._next: Path | None = None

    @property
    def suffix(self) -> str:
        """The suffix of the next picture."""
        return self._ahead().suffix.lower()

    def write(self, file: Path) -> None:
        """Write the next picture."""
        picture = self._ahead()
        self._next = None
        try:
            file.write_bytes(picture.read_bytes())
        except OSError as fault:
            raise CaptureFailed(f"expected to read {picture.name}, got: {fault.strerror}") from None

    def _ahead(self) -> Path:
        if self._next is None:
            self._next = next(self._pictures)
        return self._next

    def _all(self) -> Iterator[Path]:
        while True:
            try:
                found = sorted(path for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES)
            except OSError:
                found = []
            if not found:
                self._pictures = self._all()
                raise CaptureFailed(f"expected pictures in {self._folder}, got none")
            yield from found


def take(source: Source, folder: Path) -> Path:
    """Take a picture and return its file, `opencv_frame_0.png` in `folder`; the one before is replaced as a whole.

    Raises:
        CaptureFailed: there is none; the one before stays.
    """
    file = folder / (FRAME + source.suffix)
    unfinished = folder / f".{FRAME}.{os.getpid()}{file.suffix}"
    try:
        source.write(unfinished)
        unfinished.replace(file)
    except OSError as fault:
        raise CaptureFailed(f"expected to write {file}, got: {fault.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return file
