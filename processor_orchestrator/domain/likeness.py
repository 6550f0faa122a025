"""What a sought person looks like to one model of faces. Compares nothing.

Embeddings of different models have the same length and mean nothing to each other, so numbers never travel without
their model: whoever wants a case's embeddings asks for those of a model.
"""

from dataclasses import dataclass
from typing import Any

EMBEDDING_WIDTH = 128
MOST_LIKENESSES = 8
"""Models to which a case is known; what a ninth says is passed over."""

UNNAMED = ""
"""The model of processors that do not name theirs: their maps are relayed to each other, as they always were."""

UNSAID = "?"
"""Stands for the model of a processor of ours that has not said it: one of the version that knew dlib's only."""

Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A case as one model knows it.

    Attributes:
        model_id: the model; None: its maker did not name it.
        feature_map: any JSON value; None or {} until somebody made one.
        negatives: embeddings of faces that a person said are somebody else.
    """

    model_id: str | None
    feature_map: Any = None  # Any: see the docstring
    negatives: Rows = ()

    @property
    def model(self) -> str:
        """The model; `UNNAMED` where its maker did not name it."""
        return self.model_id or UNNAMED

    @property
    def has_map(self) -> bool:
        """Whether somebody told what the person looks like to this model."""
        return self.feature_map not in (None, {})

    @property
    def references(self) -> Rows:
        """The embeddings to compare with; none where the map is of a form that is not ours."""
        return _rows(self.feature_map)


def _rows(feature_map: Any) -> Rows:  # noqa: ANN401 - any JSON value
    if not isinstance(feature_map, list | tuple) or not feature_map:
        return ()
    rows = feature_map if isinstance(feature_map[0], list | tuple) else [feature_map]
    if not all(_is_embedding(row) for row in rows):
        return ()
    return tuple(tuple(float(value) for value in row) for row in rows)


def _is_embedding(row: object) -> bool:
    return (
        isinstance(row, list | tuple)
        and len(row) == EMBEDDING_WIDTH
        and all(isinstance(value, float | int) and not isinstance(value, bool) for value in row)
    )
