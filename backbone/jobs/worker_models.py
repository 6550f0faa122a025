"""The models of faces that workers have, as they say it beside that they are alive. Asks none of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from backbone.wire.jobs import UNTOLD


@dataclass(frozen=True, slots=True)
class WorkerModels:
    """The models that workers use by themselves, and every one that they can use when it is asked for."""

    own: frozenset[str]
    every: frozenset[str]

    @classmethod
    def of(cls, told: Iterable[str]) -> Self:
        """Return what each worker told: its models, the own one first; those of the version before do not tell."""
        listed = [models for models in (text.split() for text in told) if models and models != [UNTOLD]]
        return cls(
            own=frozenset(models[0] for models in listed),
            every=frozenset(model for models in listed for model in models),
        )
