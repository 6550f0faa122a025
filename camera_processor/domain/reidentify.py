"""Which faces are worth an encoding, and which track a fresh encoding belongs to. Does not encode or see pictures.

An encoding costs about as much as a detection, so a track gets one, and further ones only when they can change
something. Looks decide where places cannot: a lost track is resumed, a swap undone, and a track that became another
person split (appearance association of DeepSORT, Wojke et al. 2017, section 2.2).
"""

from collections.abc import Iterable
from enum import IntEnum

from camera_processor.domain.feature_maps import FeatureMaps
from camera_processor.domain.identity import Identity, Rule, View
from camera_processor.domain.tracking.tracker import Tracker
from camera_processor.domain.tracking.tracks import Track, TrackState


class Need(IntEnum):
    """Why a face is to be encoded, the most urgent first."""

    VERIFY = 0
    DECIDE = 1
    FIRST = 2
    SETTLE = 3
    BETTER = 4
    GATHER = 5
    RETRY = 6


class Reidentifier:
    """Knows the person on every track of one tracker. Not thread-safe.

    Args:
        tracker: whose tracks are identified; it is told to resume, trade and split them.
        maps: the sought objects.
        rule: when a track carries an object.
        per_frame: most encodings in one frame.
        least_quality: views below are not worth an encoding.
        better: a view is clearly better when its quality is this many times that of the best one.
        retry_after: seconds until a track that no object was found for is encoded again, doubled after each vain try
            up to `RETRY_AT_MOST`; a candidate is retried without doubling, and so are the first `GATHERED_VIEWS`.
    """

    RETRY_AT_MOST = 8.0
    GATHERED_VIEWS = 4
    VAIN_CHECKS = 3

    def __init__(
        self,
        tracker: Tracker,
        maps: FeatureMaps,
        *,
        rule: Rule,
        per_frame: int = 2,
        least_quality: float = 0.1,
        better: float = 1.25,
        retry_after: float = 0.5,
    ) -> None:
        self._tracker, self._maps, self._rule = tracker, maps, rule
        self._scale, self._per_frame = rule.scale, per_frame
        self._least_quality, self._better, self._retry_after = least_quality, better, retry_after
        self._identities: dict[int, Identity] = {}
        self._vain_checks: dict[int, int] = {}

    def identity(self, track: Track) -> Identity:
        """Return what is known of the person on a live track."""
        return self._identities.setdefault(track.box_id, Identity.unknown(self._scale))

    def choose(self, qualities: dict[int, float], now: float) -> list[Track]:
        """Return the tracks to encode in this frame, the most urgent first, at most `per_frame`.

        Args:
            qualities: the view's quality by box id, for each track that this frame's detection found.
            now: seconds.
        """
        wanted: list[tuple[Need, float, Track]] = []
        for track in self._tracker.tracks:
            quality = qualities.get(track.box_id)
            need = self._need(track, quality, now) if quality is not None else None
            if quality is not None and need is not None:
                wanted.append((need, -quality, track))
        wanted.sort(key=lambda entry: entry[:2])
        return [track for _, _, track in wanted[: self._per_frame]]

    def take(self, track: Track, view: View) -> None:
        """Take in a fresh encoding of what `track` sees now."""
        if track.state is TrackState.REMOVED:
            return
        owner = self._owner(track, view)
        if owner is None:
            self.identity(track).tried(view.taken_at)
            return
        self._tracker.confirm(owner)
        self._vain_checks.pop(owner.box_id, None)
        owner.verify()
        self.identity(owner).observe(view, self._maps, self._rule)

    def forget_tracks(self, removed: Iterable[Track]) -> dict[int, Identity]:
        """Drop what is known of tracks that ended; return it by box id."""
        gone = {}
        for track in removed:
            self._vain_checks.pop(track.box_id, None)
            if (identity := self._identities.pop(track.box_id, None)) is not None:
                gone[track.box_id] = identity
        return gone

    def object_learned(self) -> None:
        """Compare every track, the lost ones too, with the objects after one was added or extended."""
        for identity in self._identities.values():
            identity.learn(self._maps, self._rule)

    def object_forgotten(self, object_id: int) -> None:
        """Take an object away from every track."""
        for identity in self._identities.values():
            identity.forget(object_id, self._maps, self._rule)

    def carriers(self, visible: Iterable[Track]) -> dict[int, int]:
        """Return the object of each visible track that carries one: box id -> object id, each object once.

        Of two tracks with the same object the nearer one keeps it; the other has to earn it anew. A doubtful track
        carries nothing until an encoding verified it.
        """
        nearest: dict[int, Track] = {}
        for track in visible:
            identity = self.identity(track)
            object_id = identity.carried
            if object_id is None or track.doubtful:
                continue
            rival = nearest.get(object_id)
            if rival is None or _distance(identity) < _distance(self.identity(rival)):
                nearest[object_id], loser = track, rival
            else:
                loser = track
            if loser is not None:
                self.identity(loser).drop()
        return {track.box_id: object_id for object_id, track in nearest.items()}

    def _need(self, track: Track, quality: float, now: float) -> Need | None:
        """Return the most urgent reason to encode this view of a track, None when there is none."""
        identity, best = self.identity(track), self.identity(track).best
        since, vain = now - identity.encoded_at, identity.carried is None and len(self._maps) > 0
        reasons = {
            Need.VERIFY: track.doubtful and identity.object_id is not None,
            Need.DECIDE: identity.undecided,
            Need.FIRST: best is None,
            Need.SETTLE: track.doubtful and not track.crowded,
            Need.BETTER: best is not None and quality >= self._better * best.quality and since >= self._retry_after,
            Need.GATHER: vain and identity.template.views < self.GATHERED_VIEWS and since >= self._retry_after / 2,
            Need.RETRY: vain and since >= self._wait(identity),
        }
        if quality < self._least_quality:
            return None
        return next((need for need in Need if reasons[need]), None)

    def _wait(self, identity: Identity) -> float:
        """Seconds from the last vain encoding to the next one."""
        if identity.object_id is not None:
            return self._retry_after
        doublings = min(identity.fruitless, 10)
        return float(min(self._retry_after * 2.0**doublings, self.RETRY_AT_MOST))

    def _owner(self, track: Track, view: View) -> Track | None:
        """Return the track that the view continues, after mending the tracks; None when the view leaves it open."""
        identity, scale = self.identity(track), self._scale
        own = identity.likeness(view.embedding, scale)
        if identity.carried is not None:
            own = min(own, self._maps.distance(identity.carried, view.embedding))
        strange = own >= scale.other_person_at(view.quality, identity.template.quality)
        if identity.best is not None and not track.doubtful and not strange:
            return track
        other, likeness = self._most_alike(track, view)
        if other is not None and likeness <= scale.same_person and likeness < own - scale.clearly:
            return self._hand_over(track, other)
        if identity.best is None or own <= scale.same_person:
            return track
        self._vain_checks[track.box_id] = self._vain_checks.get(track.box_id, 0) + 1
        track.doubt()
        if strange or self._vain_checks[track.box_id] >= self.VAIN_CHECKS:
            return self._tracker.split(track)
        return None

    def _most_alike(self, track: Track, view: View) -> tuple[Track | None, float]:
        """Return the track that looks most like the view, of those whose own person may be this one."""
        found, least = None, float("inf")
        for other in self._tracker.tracks:
            if other is track or (other.detected and not other.doubtful):
                continue
            likeness = self.identity(other).likeness(view.embedding, self._scale)
            if likeness < least:
                found, least = other, likeness
        return found, least

    def _hand_over(self, track: Track, other: Track) -> Track:
        """Let `other` go on as what `track` sees; what `other` saw goes to `track` where it saw anything."""
        if other.detected:
            self._tracker.trade(track, other)
            track.doubt()
            return other
        arrived = track if self.identity(track).best is None else self._tracker.split(track)
        self._tracker.resume(other, arrived)
        self._identities.pop(arrived.box_id, None)
        self._vain_checks.pop(arrived.box_id, None)
        return other


def _distance(identity: Identity) -> float:
    return identity.distance if identity.distance is not None else float("inf")
