"""Who one tracked face may be, as its encodings say one after the other. Does not encode and does not know where it is.

One encoding never names a person: an object is a candidate after its first hit and carried after `hits` independent
ones; it is given up when a view as good as the best contradicts, or when poorer views do so repeatedly.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from camera_processor.domain.feature_maps import Embedding, FeatureMaps

MOST_VIEWS = 5
MISSES = 2  # poorer views that together outweigh what was thought before
GOOD_AS_BEST = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One encoding of a face: (128,) float32, its quality 0..1, and when it was taken in seconds."""

    embedding: Embedding
    quality: float
    taken_at: float


@dataclass(frozen=True, slots=True)
class Rule:
    """When an encoding speaks for an object.

    Attributes:
        threshold: largest Euclidean distance that is a hit.
        margin: an object that is thought of already is contradicted only beyond threshold + margin. With 0.05 a half
            hidden face (0.55 where the same face had 0.42 to 0.47) lost its object; 0.6 is dlib's own limit.
        hits: independent hits before an object is carried.
    """

    threshold: float = 0.5
    margin: float = 0.1
    hits: int = 2

    def __post_init__(self) -> None:
        if not (self.threshold > 0 and self.margin >= 0 and self.hits >= 1):
            raise ValueError(f"expected threshold > 0, margin >= 0 and hits >= 1, got {self}")


@dataclass(slots=True)
class Identity:
    """What is known of the person on one track.

    Attributes:
        views: its best encodings, at most `MOST_VIEWS`, the best first.
        object_id: the object that it is, or may be: see `carried`.
        hits: encodings that spoke for `object_id`.
        misses: encodings that spoke against it since the last hit.
        distance: of the nearest encoding to `object_id`, or of the last encoding to the nearest object.
        encoded_at: when it was last encoded, seconds.
        fruitless: encodings in a row that led to nothing; the next try waits longer.
    """

    views: list[View] = field(default_factory=list)
    object_id: int | None = None
    hits: int = 0
    misses: int = 0
    distance: float | None = None
    encoded_at: float = float("-inf")
    fruitless: int = 0

    @property
    def best(self) -> View | None:
        """The encoding of the best view so far."""
        return self.views[0] if self.views else None

    def tried(self, at: float) -> None:
        """Take note of an encoding at this time that said nothing about this person."""
        self.encoded_at = at

    def undecided(self, rule: Rule) -> bool:
        """Whether the next encoding would decide about a candidate, or about an object that was contradicted."""
        return self.object_id is not None and (self.hits < rule.hits or self.misses > 0)

    def carried(self, rule: Rule) -> int | None:
        """Return the object that the track may carry, None while it is a candidate only."""
        return self.object_id if self.hits >= rule.hits else None

    def likeness(self, embedding: Embedding) -> float:
        """Return the distance of an embedding to the nearest of the stored views; infinity without any."""
        return min((float(np.linalg.norm(view.embedding - embedding)) for view in self.views), default=float("inf"))

    def observe(self, view: View, maps: FeatureMaps, rule: Rule) -> None:
        """Take in an independent encoding of this person, and decide."""
        best_before = self.best
        self.views = sorted([*self.views, view], key=lambda known: -known.quality)[:MOST_VIEWS]
        self.encoded_at = view.taken_at
        if self.object_id is not None:
            own = replace(rule, threshold=maps.threshold(self.object_id, rule.threshold))
            self._weigh(view, best_before, maps.distance(self.object_id, view.embedding), own)
        if self.object_id is None:
            self._propose(view, maps, rule)

    def learn(self, object_id: int, maps: FeatureMaps, rule: Rule) -> None:
        """Compare the stored views with an object that was just added or extended; together they are one hit."""
        self.fruitless = 0
        if self.object_id not in (None, object_id) and self.hits >= rule.hits:
            return
        nearest = min((maps.distance(object_id, view.embedding) for view in self.views), default=float("inf"))
        if self.object_id == object_id:
            self.distance = min(nearest, self.distance if self.distance is not None else nearest)
        elif nearest <= maps.threshold(object_id, rule.threshold) and (
            self.object_id is None or nearest < (self.distance or 0.0)
        ):
            self.object_id, self.hits, self.misses, self.distance = object_id, 1, 0, nearest

    def forget(self, object_id: int, maps: FeatureMaps, rule: Rule) -> None:
        """Give up an object that is no longer sought; the stored views may speak for another one."""
        if self.object_id != object_id:
            return
        self.drop()
        hits = (maps.nearest_hit(view.embedding, rule.threshold) for view in self.views)
        found = [match for match in hits if match is not None]
        if found:
            self.learn(min(found, key=lambda match: match.distance).case_id, maps, rule)

    def name(self, object_id: int, rule: Rule) -> None:
        """Take an operator's word that this person is the object."""
        self.object_id, self.hits, self.misses, self.distance = object_id, rule.hits, 0, 0.0

    def drop(self) -> None:
        """Think of no object any more."""
        self.object_id, self.hits, self.misses, self.distance = None, 0, 0, None

    def _weigh(self, view: View, best_before: View | None, distance: float, rule: Rule) -> None:
        if distance <= rule.threshold:
            self.hits, self.misses, self.fruitless = self.hits + 1, 0, 0
            self.distance = min(distance, self.distance if self.distance is not None else distance)
        elif distance > rule.threshold + rule.margin:
            self.misses += 1
            as_good = best_before is None or view.quality >= GOOD_AS_BEST * best_before.quality
            if as_good or self.misses >= MISSES:
                self.drop()
        elif self.hits < rule.hits:
            self.misses += 1
            if self.misses > MISSES:
                self.drop()

    def _propose(self, view: View, maps: FeatureMaps, rule: Rule) -> None:
        match = maps.nearest_hit(view.embedding, rule.threshold)
        if match is None:
            nearest = maps.nearest(view.embedding)
            self.distance = nearest.distance if nearest is not None else None
        else:
            self.distance = match.distance
        if match is not None:
            self.object_id, self.hits, self.misses, self.fruitless = match.case_id, 1, 0, 0
        else:
            self.fruitless += 1
