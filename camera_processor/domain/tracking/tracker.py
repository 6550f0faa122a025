"""Follows faces from detection to detection by where they are. Does not look at pictures and does not know persons.

Association in two stages by confidence: ByteTrack (Zhang et al. 2022, algorithm 1); motion model and IoU gate: SORT
(Bewley et al. 2016, section 3); wider gate for what is left over: C-BIoU (Yang et al. 2023). The looks of a face take
part by `resume`, `trade` and `split`, which the caller decides on (DeepSORT, Wojke et al. 2017, section 2.2).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camera_processor.domain.tracking.assignment import assign
from camera_processor.domain.tracking.kalman import BoxFilter
from camera_processor.domain.tracking.overlap import iou
from camera_processor.domain.tracking.tracks import Motion, Track, TrackState

# (least IoU, buffer) of the association's rounds; boxes of two faces side by side have an IoU of 0.
NEAR, WIDE = (0.3, 0.0), (0.1, 0.4)
CROWDED = (0.05, 0.1)


class _Detections(NamedTuple):
    """What one picture showed, and when it was taken."""

    boxes: NDArray[np.floating]
    confidences: NDArray[np.floating]
    now: float


class Tracker:
    """All tracks of one camera. Not thread-safe.

    Args:
        sure: detections with at least this score begin tracks; weaker ones only continue them.
        confirm_after: detections until a track is confirmed.
        keep_lost: seconds that a lost track may be resumed by its looks.
        follow_lost: seconds that a lost track may be continued by its predicted place alone.
        most_tracks: live tracks at a time; beyond, the longest lost one ends, and when none is lost the detection
            begins no track and is counted in `refused`.
    """

    def __init__(
        self,
        *,
        sure: float = 0.3,
        confirm_after: int = 2,
        keep_lost: float = 20.0,
        follow_lost: float = 1.0,
        most_tracks: int = 128,
    ) -> None:
        self._sure, self._confirm_after = sure, confirm_after
        self._keep_lost, self._follow_lost = keep_lost, follow_lost
        self._most_tracks = most_tracks
        self._tracks: dict[int, Track] = {}
        self._next_id = 1
        self._predicted_at: float | None = None
        self._removed: list[Track] = []
        self.refused = 0

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Every track that was not removed, the oldest first."""
        return tuple(self._tracks.values())

    def get(self, box_id: int) -> Track | None:
        """Return the live track of this id, None when there is none."""
        return self._tracks.get(box_id)

    def predict(self, now: float) -> None:
        """Move every track on to `now` (seconds, any epoch); a clock that went back moves nothing."""
        step = now - self._predicted_at if self._predicted_at is not None else 0.0
        self._predicted_at = now
        for track in self._tracks.values():
            # Beyond this its place means nothing any more, and its speed would carry it out of the picture.
            if now - track.motion.seen_at <= self._follow_lost + step:
                track.motion.filter.predict(step)

    def rescale(self, across: float, down: float) -> None:
        """Follow a change of the picture's size by these factors; whoever was where becomes doubtful."""
        for track in self._tracks.values():
            track.motion.filter.rescale(across, down)
            track.doubt()

    def update(self, boxes: NDArray[np.floating], confidences: NDArray[np.floating], now: float) -> list[Track]:
        """Take in the detections of the picture at `now`; call `predict` with the same time before.

        Args:
            boxes: (n, 4) xyxy in pixels.
            confidences: (n,) the detector's scores.
            now: seconds; the same clock as in `predict`.

        Returns:
            The tracks that were removed.
        """
        before = list(self._tracks.values())
        for track in before:
            track.motion.await_detection()
        free = self._associate(before, _Detections(boxes, confidences, now))
        for track in before:
            if not track.detected:
                self._miss(track)
        for row in free:
            if confidences[row] >= self._sure:
                self._begin(boxes[row], float(confidences[row]), row, now)
        self._mark_crowded(now)
        for track in [track for track in self.tracks if now - track.motion.seen_at > self._keep_lost]:
            self._remove(track)
        removed, self._removed = self._removed, []
        return removed

    def end_all(self) -> list[Track]:
        """End every track, the lost ones too, and return them: nothing that is seen next continues any."""
        for track in self.tracks:
            self._remove(track)
        removed, self._removed = self._removed, []
        return removed

    def resume(self, gone: Track, arrived: Track) -> None:
        """Let the lost track `gone` go on as what `arrived` sees, which ends under its own id."""
        gone.go_on_as(arrived.motion, TrackState.CONFIRMED, crowded=arrived.crowded)
        gone.verify()
        arrived.end()
        del self._tracks[arrived.box_id]

    def trade(self, one: Track, other: Track) -> None:
        """Undo a swap: each goes on as what the other one sees."""
        motion, state, crowded = one.motion, one.state, one.crowded
        one.go_on_as(other.motion, other.state, crowded=other.crowded)
        other.go_on_as(motion, state, crowded=crowded)

    def split(self, track: Track) -> Track:
        """Let what `track` sees go on under a new id, returned; `track` itself is lost and comes back by looks only."""
        arrived = self._add(track.motion, track.state, crowded=track.crowded)
        # Its place belongs to the other one now: seen too long ago to be continued by place.
        seen_at = track.motion.seen_at - 2 * self._follow_lost
        motion = Motion(BoxFilter(track.box), seen_at, None, track.motion.confidence, track.motion.detections)
        track.go_on_as(motion, TrackState.LOST, crowded=False)
        return arrived

    def confirm(self, track: Track) -> None:
        """Believe in a tentative track on other grounds than repeated detection."""
        if track.state is TrackState.TENTATIVE:
            track.confirm()

    def _associate(self, tracks: list[Track], found: _Detections) -> list[int]:
        """Continue tracks by detections; return the rows of the detections that continue none."""
        strong = [row for row, score in enumerate(found.confidences) if score >= self._sure]
        weak = [row for row, score in enumerate(found.confidences) if score < self._sure]
        near = [track for track in tracks if found.now - track.motion.seen_at <= self._follow_lost]
        believed = [track for track in near if track.state is not TrackState.TENTATIVE]
        believed, strong = self._match(believed, strong, found, NEAR)
        present = [track for track in believed if track.state is TrackState.CONFIRMED]
        _, weak = self._match(present, weak, found, NEAR)
        left = [track for track in near if not track.detected]
        left, strong = self._match(left, strong, found, NEAR)
        _, strong = self._match(left, strong, found, WIDE)
        return strong + weak

    def _match(
        self, tracks: list[Track], rows: list[int], found: _Detections, gate: tuple[float, float]
    ) -> tuple[list[Track], list[int]]:
        """Continue tracks by the given rows; return the tracks and rows that are left."""
        if not tracks or not rows:
            return tracks, rows
        least, buffer = gate
        overlaps = iou(np.stack([track.box for track in tracks]), found.boxes[rows], buffer)
        pairs = assign(1.0 - overlaps, 1.0 - least)
        for index, column in pairs:
            track = tracks[index]
            if gate is WIDE or track.state is TrackState.LOST:
                track.doubt()
            self._continue(track, rows[column], found)
        taken = {rows[column] for _, column in pairs}
        return [track for track in tracks if not track.detected], [row for row in rows if row not in taken]

    def _continue(self, track: Track, row: int, found: _Detections) -> None:
        confidence = float(found.confidences[row])
        track.motion.detect(found.boxes[row], row=row, confidence=confidence, now=found.now)
        if track.state is TrackState.LOST or track.motion.detections >= self._confirm_after:
            track.confirm()

    def _miss(self, track: Track) -> None:
        if track.state is TrackState.TENTATIVE:
            self._remove(track)
        else:
            track.lose()

    def _begin(self, box: NDArray[np.floating], confidence: float, row: int, now: float) -> None:
        if not self._make_room():
            self.refused += 1
            return
        state = TrackState.CONFIRMED if self._confirm_after <= 1 else TrackState.TENTATIVE
        self._add(Motion(BoxFilter(box), now, row, confidence), state)

    def _add(self, motion: Motion, state: TrackState, *, crowded: bool = False) -> Track:
        track = Track(self._next_id, motion, state, crowded)
        self._tracks[self._next_id] = track
        self._next_id += 1
        return track

    def _mark_crowded(self, now: float) -> None:
        """Find who overlaps whom, those included who were missed a moment ago: they may be behind the other one."""
        near = [track for track in self._tracks.values() if now - track.motion.seen_at <= self._follow_lost]
        least, buffer = CROWDED
        boxes = np.stack([track.box for track in near]) if near else np.empty((0, 4))
        overlaps = iou(boxes, boxes, buffer)
        np.fill_diagonal(overlaps, 0.0)
        crowded = np.any(overlaps > least, axis=1).tolist()
        for track, among in zip(near, crowded, strict=True):
            track.be_among(crowded=among)

    def _remove(self, track: Track) -> None:
        track.end()
        del self._tracks[track.box_id]
        self._removed.append(track)

    def _make_room(self) -> bool:
        """End the longest lost track when there are too many; say whether one more may begin."""
        if len(self._tracks) < self._most_tracks:
            return True
        lost = [track for track in self._tracks.values() if track.state is TrackState.LOST]
        if lost:
            self._remove(min(lost, key=lambda track: track.motion.seen_at))
        return bool(lost)
