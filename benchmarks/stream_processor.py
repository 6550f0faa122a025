"""The camera processor with everything but its detector: capture, overlay, JPEG and viewers are the real ones.

`motion` runs with its detection paused, so ours is left out as well; what remains is the way of a picture to viewers.
"""

import asyncio
from typing import cast

from backbone import logs, service
from backbone.lifecycle import live
from backbone.settings import load
from camera_processor.analyst import Analyst
from camera_processor.app import parts_of
from camera_processor.domain.frames import Frame
from camera_processor.domain.pipeline import Pipeline
from camera_processor.domain.results import FrameResult
from camera_processor.settings import Settings


class NoDetector:
    """Takes the pipeline's place and sees nothing."""

    def process(self, _frame: Frame, _now: float) -> FrameResult:
        """Return that nothing was seen."""
        return FrameResult(boxes=(), detected=False, encoded=0)


def no_analyst() -> Analyst:
    """Return an analyst that looks for nothing."""
    return Analyst(cast("Pipeline", NoDetector()), model_id="none")


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Show the camera until `stop` is set."""
    await live(parts_of(settings, load_analyst=no_analyst), stop)


def main() -> None:
    """Start as the role does."""
    settings = load(Settings, program="python -m benchmarks.stream_processor")
    logs.configure(settings.log_level, role="camera_processor")
    service.run(lambda stop: serve(settings, stop))


if __name__ == "__main__":
    main()
