"""Whatever comes, the decoders of our doors answer with a message or with `BadMessage`, and with nothing else."""

import contextlib
import json
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backbone.wire import codec, from_client, from_processor, from_snap, to_client
from backbone.wire.shared import Error
from tests.contract.corpus import NAMES, golden
from tests.contract.mutations import mutated

GOLDEN = [json.loads(golden(name)) for name in NAMES]
KEYS = sorted({key for message in GOLDEN for key in message} - {"type"})
TYPES = sorted({message["type"] for message in GOLDEN})
BOX_KEYS = ["boxId", "rect", "objectType", "certainty", "objectId", "distance", "crop", "other"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([*TYPES, "*", "1", "/9j/", "\ud800"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
box = st.dictionaries(st.sampled_from(BOX_KEYS), values | st.lists(st.floats(-1, 2), max_size=5), max_size=5)
structured = st.builds(
    lambda kind, rest, boxes: json.dumps({"boxes": boxes} | rest | {"type": kind}).encode(),
    st.sampled_from(TYPES) | values,
    st.dictionaries(st.sampled_from(KEYS), values, max_size=4),
    st.lists(box, max_size=2),
)
damaged = st.integers(0, 2**64).map(lambda seed: mutated(random.Random(seed)))


def check_decoders(raw: bytes) -> None:
    """Decode by each door, as bytes and as text; what is taken must come back the same after a round trip."""
    assert from_snap.is_ours(raw.decode(errors="replace")) in {True, False}
    for direction in (from_client, from_processor, from_snap):
        try:
            message = direction.decode(raw)
        except codec.BadMessage as refusal:
            told = codec.encode(Error(code=refusal.code, message=refusal.message, reply_to=refusal.reply_to))
            to_client.decode(told)  # what is told about it is itself a message
            continue
        assert direction.decode(codec.encode(message).decode()) == message
        if isinstance(message, from_processor.BoundingBoxes):
            with contextlib.suppress(codec.BadMessage):
                codec.checked_boxes(message.boxes, reply_to="boundingBoxes")


@given(damaged | st.binary(max_size=200))
@settings(max_examples=5_000, deadline=None)
def test_damaged_messages_are_a_message_or_a_bad_message(raw):
    check_decoders(raw)


@given(structured)
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_messages_with_any_values_are_a_message_or_a_bad_message(raw):
    check_decoders(raw)
