"""Domain values as they are stored: JSON in which a case's id has the wire's name, `object_id`. Decides nothing."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode  # Any: JSON values


def written(value: object) -> bytes:
    """Return the JSON text of a domain value that belongs to a case."""
    record: dict[str, Any] = msgspec.to_builtins(value)
    record["object_id"] = record.pop("case_id")
    return _encode(record)


def read(raw: bytes, kind: type[T]) -> T:
    """Return the domain value in a stored text.

    Raises:
        msgspec.MsgspecError: it is of another kind.
    """
    record = _decode(raw)
    record["case_id"] = record.pop("object_id")
    return msgspec.convert(record, kind)
