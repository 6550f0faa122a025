"""What is known of one tracked face's way through the picture. Not who it is, and not which detection comes next."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from camera_processor.domain.tracking.kalman import BoxFilter


class TrackState(Enum):
    """How much a track is believed in.

    TENTATIVE: detected once, may be a false alarm, not shown. CONFIRMED: detected in the last detection that was made.
    LOST: missed since; may come back. REMOVED: ended for good, its id is never used again.
    """

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"
    REMOVED = "removed"


@dataclass(slots=True)
class Motion:
    """The part of a track that moves; tracks that turn out to be each other's continuation trade it.

    Attributes:
        filter: where the face is thought to be.
        seen_at: when it was last detected, seconds.
        detection: the row of the last detections that this is, None when it was missed in them.
        confidence: the detector's score when it was last detected.
        detections: how many times it was detected.
    """

    filter: BoxFilter
    seen_at: float
    detection: int | None
    confidence: float
    detections: int = 1


@dataclass(slots=True)
class Track:
    """One face followed through time.

    Attributes:
        box_id: counts from 1, never used twice by one tracker.
        state: see `TrackState`.
        crowded: it overlaps another face now.
        doubtful: since it was last verified by its looks it crossed another face, was missed, or jumped, so it may have
            become another person. Whoever verifies its looks clears this.
    """

    box_id: int
    motion: Motion
    state: TrackState = TrackState.TENTATIVE
    crowded: bool = False
    doubtful: bool = False

    @property
    def box(self) -> NDArray[np.float32]:
        """(4,) xyxy in pixels; may reach beyond the picture."""
        return self.motion.filter.box

    @property
    def detected(self) -> bool:
        """Whether the last detection that was made found it."""
        return self.motion.detection is not None
