"""`references.json` of a job's zip: embeddings that our servers send along, so that nothing is encoded twice."""

from typing import Annotated

import msgspec
from msgspec import Meta

from backbone.errors import BadInput
from backbone.wire import strict_json
from backbone.wire.values import Message

REFERENCES = "references.json"
MAX_BYTES = 4 * 1024 * 1024

Coordinate = Annotated[float, Meta(ge=-1e3, le=1e3)]
Embedding = Annotated[tuple[Coordinate, ...], Meta(min_length=128, max_length=128)]


class KnownReference(Message, frozen=True):
    """One face: the photo's name and its 128 floats."""

    photo: Annotated[str, Meta(max_length=300)]
    embedding: Embedding


class References(Message, frozen=True):
    """What a server knows of a sought person; `threshold`: distance at which a face matches.

    `negatives` are faces that a person said are somebody else. `object_id` is the server's own name of the case: a
    job's name may come again for another one.
    """

    model_id: Annotated[str, Meta(min_length=1, max_length=200)]
    references: Annotated[tuple[KnownReference, ...], Meta(max_length=200)]
    threshold: Annotated[float, Meta(gt=0, le=2)] | None = None
    negatives: Annotated[tuple[Embedding, ...], Meta(max_length=200)] = ()
    object_id: Annotated[int, Meta(ge=1)] | None = None


def read_references(raw: bytes) -> References:
    """Return what a server knows.

    Raises:
        BadInput: it is not in that form.
    """
    value = strict_json.loads(raw, max_bytes=MAX_BYTES)
    try:
        return msgspec.convert(value, References)
    except msgspec.ValidationError as fault:
        raise BadInput(f"{REFERENCES}: {fault}", code="bad_references") from None
