"""A camera of this machine. Opens nothing; `opencv` does."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from backbone.errors import BadInput
from camera_processor.capture.sources.kind import OpenSource
from camera_processor.capture.sources.pace import Picture, Stage


@dataclass(frozen=True, slots=True)
class DeviceSource(OpenSource):
    """A camera of this machine, by its V4L2 device."""

    path: str
    newest_only = True

    def play(self, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:
        """Play it with V4L2."""
        from camera_processor.capture.sources.opencv import play_device  # noqa: PLC0415 - cv2 only in the child

        return play_device(Path(self.path), stage, timeout=timeout)


def read_device(text: str) -> DeviceSource:
    """Read /dev/videoN, or N alone."""
    number = text.removeprefix("/dev/video")
    if not re.fullmatch(r"[0-9]{1,3}", number):
        raise BadInput(f"source: expected /dev/videoN or N with N from 0 to 999; got {text[:80]!r}")
    return DeviceSource(text, f"/dev/video{int(number)}")
