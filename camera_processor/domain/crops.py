"""When a crop of an identified face is due, and cutting it. Does not compress it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from camera_processor.domain.results import Picture

MARGIN = 0.35  # shares of the box's size on each side
ABSENT = 6.0  # seconds out of sight after which a face comes for another visit, and is shown anew
PAUSE = 3.0  # seconds between two crops of one track
BETTER = 1.2  # a view is worth another crop when its quality is this many times that of the last one


@dataclass(slots=True)
class _Told:
    """What was last told of a track."""

    object_id: int
    at: float
    quality: float
    seen: float

    def see(self, now: float) -> None:
        """Take note that the face is in sight."""
        self.seen = now


class Crops:
    """Remembers for each track which object was told and how good the last crop was."""

    def __init__(self) -> None:
        self._told: dict[int, _Told] = {}

    def due(self, box_id: int, object_id: int, *, quality: float, now: float) -> tuple[bool, bool]:
        """Say whether the track carries this object for the first time, and whether a crop is due; count it as given.

        Args:
            box_id: the track.
            object_id: the object that it carries now.
            quality: of the view, 0..1; 0 where the face is only predicted.
            now: seconds.
        """
        told = self._told.get(box_id)
        newly = told is None or told.object_id != object_id
        if told is None or newly or now - told.seen >= ABSENT:
            self._told[box_id] = _Told(object_id, now, quality, now)
            return newly, True
        told.see(now)
        if now - told.at < PAUSE or quality < BETTER * max(told.quality, 0.05):
            return False, False
        self._told[box_id] = _Told(object_id, now, quality, now)
        return False, True

    def forget(self, box_id: int) -> None:
        """Drop what is known of a track that ended."""
        self._told.pop(box_id, None)


def cut(image: Picture, box: NDArray[np.float32]) -> Picture | None:
    """Return a copy of a face with a margin, None when it is outside of the picture.

    Args:
        image: (h, w, 3) uint8.
        box: (4,) xyxy in pixels; may reach beyond the picture.
    """
    height, width = image.shape[:2]
    margin = (box[2:] - box[:2]) * MARGIN
    left, top = np.maximum(box[:2] - margin, 0).astype(int)
    right, bottom = np.minimum(box[2:] + margin, (width, height)).astype(int)
    return image[top:bottom, left:right].copy() if right > left and bottom > top else None
