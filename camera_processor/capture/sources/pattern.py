"""A moving test pattern with a burnt-in frame counter. Needs no camera, no file and no cv2."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbone.errors import BadInput
from camera_processor.capture.sources.kind import MAX_PIXELS, OpenSource
from camera_processor.capture.sources.pace import Picture, RealTime, Stage
from camera_processor.capture.sources.reading import read_number, read_query

DIGITS = 8
# Each digit is 5 rows of 3 cells, top first, the left cell is the highest bit.
GLYPHS = (0o75557, 0o26227, 0o71747, 0o71717, 0o55711, 0o74717, 0o74757, 0o71111, 0o75757, 0o75717)


@dataclass(frozen=True, slots=True)
class PatternSource(OpenSource):
    """A moving pattern with a burnt-in frame counter; width and height in pixels."""

    fps: float = 10.0
    width: int = 640
    height: int = 360
    newest_only = True

    def play(self, stage: Stage, *, timeout: float) -> Iterator[Picture | None]:  # noqa: ARG002 - it never waits
        """Draw it."""
        return play_pattern(self, stage)


def read_pattern(text: str) -> PatternSource:
    """Read test: with what it is to be like."""
    path, _, asked = text.partition(":")[2].partition("?")
    if path:
        raise BadInput(f"source: expected test: or test:?fps=..&width=..&height=..; got {text[:80]!r}")
    query = read_query(asked, allowed=("fps", "width", "height"))
    fps = read_number(query, "fps", 0.01, 120.0, 10.0)
    width, height = (
        int(read_number(query, name, 64, 16_384, size)) for name, size in (("width", 640), ("height", 360))
    )
    if width * height > MAX_PIXELS:
        raise BadInput(f"source: expected a test picture of at most {MAX_PIXELS} pixels; got {width}x{height}")
    return PatternSource(text, fps, width, height)


def play_pattern(source: PatternSource, stage: Stage) -> Iterator[Picture | None]:
    """Yield the pattern at its frame rate for ever; None for a picture that came too late to be shown."""
    clock, period = RealTime(stage), 1.0 / source.fps
    backdrop = _backdrop(source.width, source.height)
    number = 0
    while True:
        media = number * period
        if clock.is_due(media, period=period):
            image = draw_pattern(number, backdrop)
            yield Picture(image, clock.started_at + media, clock.started_at)
        else:
            yield None
        number += 1


def draw_pattern(number: int, backdrop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return picture `number`, (h, w, 3) uint8 RGB, of a `backdrop` of (h, 2w, 3)."""
    width = backdrop.shape[1] // 2
    left = number * 4 % width
    image = backdrop[:, left : left + width].copy()
    cell = cell_size(width)
    image[: 7 * cell, : (DIGITS * 4 + 1) * cell] = 0
    for place, digit in enumerate(f"{number % 10**DIGITS:0{DIGITS}d}"):
        bits = np.array(
            [[GLYPHS[int(digit)] >> (14 - 3 * row - column) & 1 for column in range(3)] for row in range(5)]
        )
        x, y = (place * 4 + 1) * cell, cell
        glyph = np.kron(bits, np.full((cell, cell), 255)).astype(np.uint8)
        image[y : y + 5 * cell, x : x + 3 * cell] = glyph[:, :, None]
    return image


def cell_size(width: int) -> int:
    """Return the pixels of one cell of a digit, for a picture of `width` pixels."""
    return max(width // 80, 1)


def _backdrop(width: int, height: int) -> NDArray[np.uint8]:
    """Return (height, 2 * width, 3) uint8 that repeats after `width`: colour ramps that a window slides over."""
    across = np.abs(np.arange(2 * width) % width * 2 - width) * 200 // width
    down = np.arange(height) * 200 // height
    image = np.empty((height, 2 * width, 3), np.uint8)
    image[..., 0] = across
    image[..., 1] = down[:, None]
    image[..., 2] = 200 - across
    return image
