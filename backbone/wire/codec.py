"""Turns texts into messages and back. Does not decide what a message means."""

from functools import cache
from typing import Any, get_args

import msgspec

from backbone.errors import BadInput
from backbone.wire import strict_json
from backbone.wire.values import Box, Message, RawBox

CONTROL_BYTES = 64 * 1024
PICTURE_BYTES = 8 * 1024 * 1024
PICTURE_MESSAGE_BYTES = PICTURE_BYTES * 4 // 3 + CONTROL_BYTES
"""A picture in base64 with the message around it."""

VALUE_MESSAGE_BYTES = 2 * 1024 * 1024
"""A message of many numbers, such as the references of a person, in the directions that carry such."""

MAX_COMMAS_BESIDE_PICTURE = 1_000
"""What is large is one picture in base64, not many values: those would hold up everybody while they are read."""

_encoder = msgspec.json.Encoder()


class BadMessage(BadInput):
    """A message that was refused; `reply_to` is its type where one could be read."""

    def __init__(self, message: str, *, code: str, reply_to: str | None = None) -> None:
        super().__init__(message, code=code)
        self.reply_to = reply_to


def decode(
    raw: str | bytes,
    union: Any,  # noqa: ANN401 - a typing construct
    *,
    picture_types: frozenset[str] = frozenset(),
    value_types: frozenset[str] = frozenset(),
) -> Any:  # noqa: ANN401 - one of the union
    """Return the message that `raw` holds; each direction's module wraps this with its types.

    Args:
        raw: one JSON text.
        union: the tagged union of the direction, such as `FromProcessor`. Any: Python has no type for a union of types.
        picture_types: the types that may carry a picture and so be larger than a control message.
        value_types: the types that may carry many numbers, from a peer that may take our time.

    Raises:
        BadMessage: with what was expected and what came.
    """
    size = strict_json.byte_size(raw)
    many = size > CONTROL_BYTES and _commas(raw) > MAX_COMMAS_BESIDE_PICTURE
    if many and (not value_types or size > VALUE_MESSAGE_BYTES):
        raise BadMessage(f"expected one picture in a message of {size} bytes, got many values", code="too_large")
    try:
        value = strict_json.loads(raw, max_bytes=PICTURE_MESSAGE_BYTES if picture_types else CONTROL_BYTES)
    except BadInput as fault:
        raise BadMessage(fault.message, code=fault.code) from None
    kind = _known_type(value, union)
    if size > CONTROL_BYTES and kind not in (value_types if many else picture_types):
        raise BadMessage(f"expected at most {CONTROL_BYTES} bytes, got {size}", code="too_large", reply_to=kind)
    try:
        # From the text, which was read strictly: sooner than from its value.
        return _decoder(union).decode(raw)
    except msgspec.MsgspecError as fault:
        raise BadMessage(f"{kind}: {fault}", code="bad_message", reply_to=kind) from None


@cache
def _decoder(union: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - a typing construct
    return msgspec.json.Decoder(union)


def _commas(raw: str | bytes) -> int:
    return raw.count(b",") if isinstance(raw, bytes) else raw.count(",")


def checked_boxes(boxes: list[RawBox], *, reply_to: str) -> list[Box]:
    """Return the typed view of boxes that came from the wire.

    Raises:
        BadMessage: a box misses a key or a value is out of range.
    """
    try:
        return msgspec.convert(boxes, list[Box])
    except msgspec.ValidationError as fault:
        raise BadMessage(f"{reply_to}: {fault} of boxes", code="bad_message", reply_to=reply_to) from None


def encode(message: Message) -> bytes:
    """Return the JSON text of a message."""
    return _encoder.encode(message)


def type_of(message: Message) -> str:
    """Return a message's `type` on the wire."""
    return str(message.__struct_config__.tag)


@cache
def _tags_of(union: Any) -> tuple[str, ...]:  # noqa: ANN401 - a typing construct
    return tuple(member.__struct_config__.tag for member in get_args(union) or (union,))


def _known_type(value: Any, union: Any) -> str:  # noqa: ANN401 - a plain JSON value and a typing construct
    if not isinstance(value, dict):
        raise BadMessage(f"expected a JSON object, got {type(value).__name__}", code="bad_message")
    kind = value.get("type")
    if not isinstance(kind, str):
        came = type(kind).__name__ if "type" in value else "none"
        raise BadMessage(f"expected the key 'type' with a text, got {came}", code="bad_message")
    known = _tags_of(union)
    if kind not in known:
        kind = kind[:64]
        raise BadMessage(
            f"expected 'type' to be one of {', '.join(known)}, got {kind!r}", code="unknown_type", reply_to=kind
        )
    return kind
