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

    def await_detection(self) -> None:
        """Count as missed until the detection that is made next finds it."""
        self.detection = None

    def detect(self, box: NDArray[np.floating], *, row: int, confidence: float, now: float) -> None:
        """Take in the box, (4,) xyxy in pixels, that it was found in; `row` is the detection's place among all."""
        self.filter.update(box)
        self.seen_at, self.detection, self.confidence = now, row, confidence
        self.detections += 1


@dataclass(slots=True)
class Track:
    """One face followed through time; its own methods are what changes it.

    Attributes:
        box_id: counts from 1, never used twice by one tracker.
        state: see `TrackState`.
        crowded: it overlaps another face now.
        doubtful: since it was last verified by its looks it crossed another face, was missed, or jumped, so it may have
            become another person.
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

    def confirm(self) -> None:
        """Believe in it: it was detected again, or it is known on other grounds."""
        self.state = TrackState.CONFIRMED

    def lose(self) -> None:
        """Take note that it was missed."""
        self.state = TrackState.LOST

    def end(self) -> None:
        """Follow it no further; this is for good."""
        self.state = TrackState.REMOVED

    def doubt(self) -> None:
        """Take note that it may have become another person."""
        self.doubtful = True

    def verify(self) -> None:
        """Take note that its looks say that it is who it was."""
        self.doubtful = False

    def be_among(self, *, crowded: bool) -> None:
        """Take note of whether it overlaps another face now; whoever does becomes doubtful."""
        self.crowded = crowded
        self.doubtful |= crowded

    def go_on_as(self, motion: Motion, state: TrackState, *, crowded: bool) -> None:
        """Continue as what another track saw, under its own id."""
        self.motion, self.state, self.crowded = motion, state, crowded
