"""What the views of one track say for and against each case, and from when on that is enough; it tracks nobody.

The evidence for a case is how rarely a stranger's track is so similar to it, in nats: -ln of `Law.rate`. A view adds
what it moves: the track's template holds all views, weighed by quality and by how new each is, so that a second look
at the same picture adds nothing and a frame without a view (a coasting track) cannot add any. A case that is opened
later is judged by everything that the track has shown. Wald 1945, Sequential Tests of Statistical Hypotheses, has the
rule: go on looking until the evidence passes a bound; the bound is that of the budget, raised for each fresh look.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from numpy.typing import ArrayLike

from faces.budget import Budget, Crowd, Law, StrangerModel
from faces.template import CaseTemplates, Embedding, TrackTemplate, distance_of

CaseT = TypeVar("CaseT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Judgement(Generic[CaseT]):
    """What a track says for one case.

    Attributes:
        case_id: of the case.
        similarity: cosine of the two templates.
        evidence: nats, 0.7 and more: every step of 2.3 is ten times fewer strangers.
        bound: what the evidence has to reach.
    """

    case_id: CaseT
    similarity: float
    evidence: float
    bound: float

    @property
    def passes(self) -> bool:
        """Whether the case may be named."""
        return self.evidence >= self.bound

    @property
    def distance(self) -> float:
        """The Euclidean distance of the two templates, 0..2."""
        return distance_of(self.similarity)


class TrackEvidence:
    """The evidence of one track, from embeddings of one embedder; one thread at a time, bounded memory."""

    def __init__(self, model: StrangerModel) -> None:
        self._model = model
        self._template = TrackTemplate(model.floor)

    @property
    def views(self) -> int:
        """How many views there were since the track began or was cut."""
        return self._template.views

    @property
    def embedding(self) -> Embedding:
        """The track's template, (128,) of length 1; zeros before the first view."""
        return self._template.embedding

    def add(self, embedding: ArrayLike, *, quality: float, at: float) -> float:
        """Add a view and return how much of it is new, 0..1; arguments as `TrackTemplate.add`.

        Raises:
            BadEmbedding: the embedding is something else.
        """
        return self._template.add(embedding, quality=quality, at=at)

    def cut(self) -> None:
        """Forget all views: the scene has changed, and who is seen from now on may be somebody else."""
        self._template = TrackTemplate(self._model.floor)

    def judged(
        self,
        cases: CaseTemplates[CaseT],
        budget: Budget,
        *,
        crowd: Crowd | None = None,
    ) -> list[Judgement[CaseT]]:
        """Return a judgement on each case, strongest first; none before the first view."""
        if not self._template.views:
            return []
        quality = self._template.quality
        similar = cases.similarities(self._template.embedding[None])[0].tolist()
        bound = -math.log(budget.rate) + math.log(looks(self._template.worth))
        every = [
            Judgement(case_id, similarity, evidence(similarity, self._model.law(count, crowd, quality=quality)), bound)
            for case_id, count, similarity in zip(cases.cases, cases.counts, similar, strict=True)
        ]
        return sorted(every, key=lambda one: one.evidence, reverse=True)

    def named(
        self,
        cases: CaseTemplates[CaseT],
        budget: Budget,
        *,
        crowd: Crowd | None = None,
    ) -> Judgement[CaseT] | None:
        """Return the strongest judgement when it passes, else None."""
        best = next(iter(self.judged(cases, budget, crowd=crowd)), None)
        return best if best is not None and best.passes else None


def evidence(similarity: float, law: Law) -> float:
    """Return in nats how rarely a stranger is so similar to a case."""
    return -math.log(max(law.rate(similarity), 1e-300))


def looks(worth: float) -> float:
    """Return by how much more often a stranger passes at one of all views than at the last one alone.

    Measured on strangers' tracks of four views: see docs/accuracy.md. Views that are worth nothing add no look.
    """
    return 1.0 + _PER_LOOK * max(0.0, worth - 1.0)


_PER_LOOK = 0.6
