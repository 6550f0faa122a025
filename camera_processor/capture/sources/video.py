"""A recorded video of this machine. Opens nothing; `opencv` does."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from camera_processor.capture.sources.kind import OpenSource
from camera_processor.capture.sources.pace import Picture, Stage
from camera_processor.capture.sources.reading import path_and_query, read_flag


@dataclass(frozen=True, slots=True)
class VideoSource(OpenSource):
    """A recorded video; `realtime` plays it at its own pace, else as fast as the reader takes it."""

    path: str
    loop: bool = False
    realtime: bool = False

    @property
    def newest_only(self) -> bool:
        """True when a slow reader loses pictures, False when the file waits for the reader."""
        return self.realtime

    def play(self, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:
        """Play it with FFmpeg."""
        from camera_processor.capture.sources.opencv import play_video  # noqa: PLC0415 - cv2 only in the child

        return play_video(Path(self.path), stage, loop=self.loop, realtime=self.realtime, timeout=timeout)


def read_video(text: str) -> VideoSource:
    """Read file:PATH and how it is to be played."""
    path, query = path_and_query(text, allowed=("loop", "realtime"))
    return VideoSource(text, path, loop=read_flag(query, "loop"), realtime=read_flag(query, "realtime"))
