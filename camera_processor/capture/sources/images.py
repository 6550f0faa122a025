"""A folder of JPEG, PNG and WebP. Looks into no subfolder; what is no picture is refused, counted and told."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbone.errors import BadInput, NotFound
from camera_processor.capture.sources.kind import OpenSource
from camera_processor.capture.sources.pace import Picture, RealTime, Stage
from camera_processor.capture.sources.reading import path_and_query, read_flag, read_number


@dataclass(frozen=True, slots=True)
class ImagesSource(OpenSource):
    """A folder of pictures in the order of their names; without `fps` as fast as the reader takes them."""

    directory: str
    fps: float | None = None
    loop: bool = False

    @property
    def newest_only(self) -> bool:
        """True when a slow reader loses pictures, False when the folder waits for the reader."""
        return self.fps is not None

    def play(self, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:  # noqa: ARG002 - a disk answers
        """Play its files by name."""
        return play_images(self, stage)


def read_images(text: str) -> ImagesSource:
    """Read images:DIR and how it is to be played."""
    path, query = path_and_query(text, allowed=("fps", "loop"))
    fps = read_number(query, "fps", 0.01, 120.0, 0.0) or None
    return ImagesSource(text, path, fps=fps, loop=read_flag(query, "loop"))


def play_images(source: ImagesSource, stage: Stage) -> Iterator[Picture | None]:
    """Yield the folder's pictures by name, once or for ever.

    With `fps` picture n is due n / fps after the start; without it each is stamped when it is read.
    """
    folder = Path(source.directory)
    if not folder.is_dir():
        raise NotFound(f"images: expected a folder at {folder}; there is none")
    clock, period = RealTime(stage), 1.0 / (source.fps or 1.0)
    shown = refused = 0
    while True:
        before = shown
        for image in _read_all(folder):
            if image is None:
                refused += 1
                stage.refuse()
                continue
            media = shown * period if source.fps else stage.wall() - clock.started_at
            if source.fps is None or clock.is_due(media, period=period):
                yield Picture(image, clock.started_at + media, clock.started_at)
            else:
                yield None
            shown += 1
        if shown == before:
            raise BadInput(f"images: expected at least one JPEG, PNG or WebP in {folder}; {refused} were refused")
        if not source.loop:
            return


def _read_all(folder: Path) -> Iterator[NDArray[np.uint8] | None]:
    """Yield each file's picture, None for a file that is refused."""
    from camera_processor.capture.sources.image_files import read_image  # noqa: PLC0415 - Pillow only in the child

    for path in sorted(entry for entry in folder.iterdir() if not entry.name.startswith(".") and not entry.is_dir()):
        try:
            yield read_image(path)
        except (BadInput, OSError) as error:
            sys.stderr.write(f"refused {path.name!r}: {error}\n")
            yield None
