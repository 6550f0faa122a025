"""Says for a sighting on sample footage who was really there. Knows no network."""

from dataclasses import dataclass

from backbone.wire.values import SightingView
from drill.truth import Truth, iou

SAME_PLACE = 0.3
"""Least IoU of a sighting's box with the true face; boxes of two detectors differ."""

NEAR_FRAMES = 3
"""The box may come from a view a little later than the first one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who was really at a sighting's place: a name of the ground truth, or None for nobody."""

    person: str | None

    @property
    def right(self) -> bool:
        """Whether it was the sought person."""
        return self.person == "sought"


def verdict(sighting: SightingView, truth: Truth, *, started_at: float) -> Verdict:
    """Return who was at the place and time of a sighting.

    Args:
        started_at: when the clip began to play, seconds since the epoch; it plays in a loop.
    """
    frame = round((sighting.first_seen - started_at) * truth.fps) % len(truth.frames)
    x1, y1, x2, y2 = sighting.rect
    box = (x1 * truth.width, y1 * truth.height, x2 * truth.width, y2 * truth.height)
    best: tuple[float, str | None] = (SAME_PLACE, None)
    for near in range(frame - 1, frame + NEAR_FRAMES + 1):
        for face in truth.frames[near % len(truth.frames)]:
            best = max(best, (iou(box, face.box), face.person), key=lambda found: found[0])
    return Verdict(best[1])
