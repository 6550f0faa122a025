"""Who one tracked face may be, as its encodings say together. Does not encode and does not know where it is.

All views of a track are one template, and its likeness to an object is the evidence: an object is carried as soon as
that is as strong as the object asks for, be it by one clear view or by several poor ones, and only a fresh view can add
any. It is given up when the evidence is gone, when a view as good as the best says that it is another person, or when
two views in a row say that it may be.
"""

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from camera_processor.domain.feature_maps import Comparison, Embedding, FeatureMaps
from faces.scale import Scale, evidence_of, looks
from faces.template import TrackTemplate

MOST_VIEWS = 5
MISSES = 2  # views in a row that together outweigh what was thought before
GOOD_AS_BEST = 0.9
DOUBT = 64.0  # an object is doubted where so many times as many strangers are as near: with dlib 0.6 instead of 0.5
MOST_DOUBTED = 0.2  # share of strangers
EAGER_VIEWS = 6  # so many views of a candidate are taken without a pause


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One encoding of a face: (128,) float32 of the usual length, its quality 0..1, when it was taken in seconds."""

    embedding: Embedding
    quality: float
    taken_at: float


@dataclass(frozen=True, slots=True)
class Rule:
    """When a track carries an object.

    Attributes:
        scale: what distances mean.
        rate: share of strangers that an object which states nothing lets pass.
        hits: views that a track needs at least.
    """

    scale: Scale
    rate: float = 1e-4
    hits: int = 1

    def __post_init__(self) -> None:
        if not (0 < self.rate <= 1 and self.hits >= 1):
            raise ValueError(f"expected 0 < rate <= 1 and hits >= 1, got {self.rate} and {self.hits}")


@dataclass(slots=True)
class Identity:
    """What is known of the person on one track.

    Attributes:
        template: all its encodings as one.
        views: its best encodings, at most `MOST_VIEWS`, the best first.
        object_id: the object that it is, or may be: see `carried`.
        sure: whether the evidence was enough.
        misses: views in a row that spoke against `object_id`.
        distance: of the template to `object_id`, or else to the object that it is most like.
        encoded_at: when it was last encoded, seconds.
        fruitless: encodings in a row that led to nothing; the next try waits longer.
    """

    template: TrackTemplate
    views: list[View] = field(default_factory=list)
    object_id: int | None = None
    sure: bool = False
    misses: int = 0
    distance: float | None = None
    encoded_at: float = float("-inf")
    fruitless: int = 0

    @classmethod
    def unknown(cls, scale: Scale) -> Self:
        """Return what is known of a person before the first view."""
        return cls(TrackTemplate(scale.strangers.floor))

    @property
    def best(self) -> View | None:
        """The encoding of the best view so far."""
        return self.views[0] if self.views else None

    @property
    def carried(self) -> int | None:
        """The object that the track may carry, None while it is a candidate only."""
        return self.object_id if self.sure else None

    @property
    def undecided(self) -> bool:
        """Whether the next encoding may decide about a candidate, or about an object that was contradicted."""
        return self.object_id is not None and (
            self.misses > 0 or (not self.sure and self.template.views <= EAGER_VIEWS)
        )

    def face(self, scale: Scale) -> Embedding:
        """Return all views as one embedding, (128,) of the usual length; zeros before the first one."""
        return np.asarray(self.template.embedding * scale.length, dtype=np.float32)

    def tried(self, at: float) -> None:
        """Take note of an encoding at this time that said nothing about this person."""
        self.encoded_at = at

    def likeness(self, embedding: Embedding, scale: Scale) -> float:
        """Return the distance of an embedding to the nearest of the stored views and of all as one; else infinity."""
        if not self.views:
            return math.inf
        known = np.stack([*(view.embedding for view in self.views), self.face(scale)])
        return float(np.linalg.norm(known - embedding, axis=1).min())

    def observe(self, view: View, maps: FeatureMaps, rule: Rule) -> None:
        """Take in an encoding of this person, and decide."""
        best_before = self.best
        self.views = sorted([*self.views, view], key=lambda known: -known.quality)[:MOST_VIEWS]
        self.template.add(view.embedding, quality=view.quality, at=view.taken_at)
        self.encoded_at = view.taken_at
        if self.object_id is not None and self._is_contradicted(view, best_before, maps, rule):
            self.drop()
            # Whoever was seen before, from now on it is this one.
            self.views, self.template = [view], TrackTemplate(rule.scale.strangers.floor)
            self.template.add(view.embedding, quality=view.quality, at=view.taken_at)
        self._decide(maps, rule)
        self.fruitless = self.fruitless + 1 if self.object_id is None else 0

    def learn(self, maps: FeatureMaps, rule: Rule) -> None:
        """Compare all that was seen with the objects, after one was added or extended."""
        self.fruitless = 0
        if self.views:
            self._decide(maps, rule)

    def forget(self, object_id: int, maps: FeatureMaps, rule: Rule) -> None:
        """Give up an object that is no longer sought or judged anew; what was seen may speak for another one."""
        if self.object_id == object_id:
            self.drop()
            if self.views:
                self._decide(maps, rule)

    def name(self, object_id: int) -> None:
        """Take an operator's word that this person is the object."""
        self.object_id, self.sure, self.misses, self.distance = object_id, True, 0, 0.0

    def drop(self) -> None:
        """Think of no object any more."""
        self.object_id, self.sure, self.misses, self.distance = None, False, 0, None

    def _is_contradicted(self, view: View, best_before: View | None, maps: FeatureMaps, rule: Rule) -> bool:
        """Whether a view, and those before it, say that this is not the object that it was thought to be."""
        own = maps.compare(self.object_id or 0, view.embedding, quality=view.quality)
        if own.evidence >= own.bound:
            self.misses = 0
        elif own.evidence < _doubted(own):
            self.misses += 1
        as_good = best_before is None or view.quality >= GOOD_AS_BEST * best_before.quality
        return self.misses >= MISSES or (as_good and own.distance >= rule.scale.contradicts_at(view.quality))

    def _decide(self, maps: FeatureMaps, rule: Rule) -> None:
        face, quality, more = self.face(rule.scale), self.template.quality, math.log(looks(self.template.worth))
        if self.carried is not None:
            own = maps.compare(self.carried, face, quality=quality)
            if own.evidence >= _doubted(own):
                self.distance = own.distance
                return
            self.drop()
        best = maps.best(face, quality=quality)
        self.object_id, self.sure = None, False
        self.distance = best.distance if best is not None and math.isfinite(best.distance) else None
        if best is not None and best.evidence >= _doubted(best):
            self.object_id = best.object_id
            self.sure = best.evidence >= best.bound + more and self.template.views >= rule.hits


def _doubted(compared: Comparison) -> float:
    """Return the evidence, nats, below which a face does not even come near to an object."""
    return min(compared.bound, max(compared.bound - math.log(DOUBT), evidence_of(MOST_DOUBTED)))
