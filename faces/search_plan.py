"""At which sizes a picture is searched, so that the smallest wanted face is well seen; it touches no pixel.

A face of 12 px can be found as it is when it is sharp and the person stands free; half of the soft, tightly cut ones
need 24 px, the rest 36. So a picture is enlarged as far as time allows, and a large one searched in tiles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

# Faces with eyes 12 px apart (24 px wide), 150 grey portraits cut at the ears and shrunk, found at a score of 0.75 and
# more when enlarged by 1.25: 68 %, by 2: 98 %, by 3: 100 %; eyes 8 px apart: 7 %, 65 %, 91 %.
SEEN_FACE_PX, WELL_SEEN_FACE_PX = 24.0, 36.0
# Up to here (30 ms) the wider is taken, without a budget.
CHEAP_PIXELS = 1_000_000
# 13 Mpx take 0.4 s: the photo of a phone is searched as it is, in tiles; what is larger is made smaller.
MOST_PIXELS = 13_000_000
LEAST_PIXELS = 100_000
MS_PER_MPX = 28.0
"""What a million searched pixels take on one core of a server of 2020; a detector measures its own."""
# Of a budget: the first search; all further ones, each a quarter of the one before, take a third of it. Then the second
# look at what is doubtful, each as long as the search of so many pixels.
_FIRST_SHARE, _LOOKS_SHARE = 0.6, 0.2
_LOOK_PIXELS = 20_000
_LEAST_LOOKS, MOST_LOOKS = 4, 128
_OWN_SIZE, _TWICE = (0.95, 1.1), (1.9, 2.2)
# What is interpolated to this share of its sides and more may as well stay whole, if that is hardly more than allowed.
_WORTH_SHRINKING, _HARDLY_MORE = 0.85, 1.1
_COARSEST_PX = 320
# A tile takes 40 ms and 80 MB on one thread; larger ones are no faster.
TILE_PX, WHOLE_PIXELS, OVERLAP_PX = 1152, 1_400_000, 192


@dataclass(frozen=True, slots=True)
class Plan:
    """How a picture is made smaller or larger, and how often it is searched.

    Attributes:
        block: side of the blocks of pixels whose means are taken first; 1: none.
        height: to which the means are resized then, pixels.
        width: the same.
        doubled: searched enlarged by two before it is searched at this size.
        halvings: how often it is halved and searched again.
        looks: how many doubtful faces may be looked at again.
    """

    block: int
    height: int
    width: int
    doubled: bool
    halvings: int
    looks: int = MOST_LOOKS

    @property
    def pixels(self) -> int:
        """How many are searched in all."""
        once = self.height * self.width
        halves = sum(once >> 2 * times for times in range(self.halvings + 1))
        return halves + (once * 4 if self.doubled else 0)


def plan(
    shape: tuple[int, int], min_face_px: float, budget_ms: float | None = None, *, ms_per_mpx: float = MS_PER_MPX
) -> Plan:
    """Plan the search of a picture (height, width) for faces from `min_face_px` on.

    Args:
        shape: 1 x 1 pixels and more.
        min_face_px: pixels of the picture.
        budget_ms: about what it may take; None: what it needs, up to `MOST_PIXELS`.
        ms_per_mpx: what a million searched pixels take.
    """
    height, width = shape
    cheap, most, looks = float(CHEAP_PIXELS), float(MOST_PIXELS), MOST_LOOKS
    if budget_ms is not None:
        affordable = budget_ms / ms_per_mpx * 1e6
        cheap = most = min(most, max(affordable * _FIRST_SHARE, LEAST_PIXELS))
        looks = min(looks, max(int(affordable * _LOOKS_SHARE / _LOOK_PIXELS), _LEAST_LOOKS))
    cheaply, at_most = (math.sqrt(pixels / (height * width)) for pixels in (cheap, most))
    well = min(WELL_SEEN_FACE_PX / min_face_px, cheaply)
    factor = _handy(max(well, min(SEEN_FACE_PX / min_face_px, at_most)))
    doubled = factor >= 2
    base = factor / 2 if doubled else factor
    block = min(2 ** max(0, math.floor(math.log2(1 / base))), height, width)
    rest = base * block
    whole = (height // block) * (width // block)
    if _WORTH_SHRINKING <= rest < 1 and whole <= most * _HARDLY_MORE:
        rest = 1.0
    to = tuple(max(1, round(side // block * rest)) for side in shape)
    halvings = max(0 if doubled else 1, math.ceil(math.log2(max(to) / _COARSEST_PX)))
    return Plan(block, to[0], to[1], doubled, min(halvings, int(math.log2(min(to)))), looks)


def tiles(height: int, width: int, *, enlarged: int = 1) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of parts that overlap and cover a picture, a picture of few pixels whole.

    `enlarged`: by how much it is when it is searched.
    """
    if height * width * enlarged**2 <= WHOLE_PIXELS:
        yield slice(0, height), slice(0, width)
        return
    side, overlap = TILE_PX // enlarged, OVERLAP_PX // enlarged
    for top in _begins(height, side, overlap):
        for left in _begins(width, side, overlap):
            yield slice(top, min(top + side, height)), slice(left, min(left + side, width))


def _begins(length: int, side: int, overlap: int) -> list[int]:
    """Return where parts begin along a side, evenly."""
    if length <= side:
        return [0]
    count = -(-(length - overlap) // (side - overlap))
    return [round(number * (length - side) / (count - 1)) for number in range(count)]


def _handy(factor: float) -> float:
    """Return a factor near this one that needs no interpolation, if there is one."""
    if _OWN_SIZE[0] <= factor <= _OWN_SIZE[1]:
        return 1.0
    if _TWICE[0] <= factor <= _TWICE[1]:
        return 2.0
    return factor
