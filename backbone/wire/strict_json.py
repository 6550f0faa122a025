"""JSON read strictly: what RFC 8259 leaves open is refused. Does not know any message."""

import json
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import msgspec

from backbone.errors import BadInput, TooLarge

MAX_DEPTH = 32
MAX_INT = 2**63 - 1

# Only texts that match one of these pay for the slower check behind it.
_MAY_OVERFLOW = re.compile(r"\d[eE]\+?\d{3}|\d{19}")
_fast = msgspec.json.Decoder()
_MAY_BE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(raw: str | bytes, *, max_bytes: int) -> Any:  # noqa: ANN401 - any JSON value may come
    """Return the value of a JSON text.

    Refused beyond the standard: more than `max_bytes` bytes, more than 32 levels, NaN and Infinity (also as 1e999),
    integers beyond 64 bits, keys given twice, lone surrogates (RFC 8259 sections 4, 6 and 8.2; RFC 7493).

    Raises:
        TooLarge: the text is over `max_bytes`.
        BadInput: the text is not JSON, or one of the refused forms.
    """
    text = _checked_text(raw, max_bytes)
    value = _flat_value(text)
    return _strict_value(text) if value is None else value


def _flat_value(text: str) -> dict[str, Any] | None:
    """Return the value of a text whose form alone rules out what is refused, or None to look closer.

    Nearly every message is one object of plain values and of lists of such objects. For those a fast parser suffices,
    when it is shown that it dropped nothing: without escapes and without a space before a colon, each `":` ends a key
    or begins a text, so there are never fewer of them than keys; and no list may be left that was not seen.
    """
    if "\\" in text or '" ' in text or "\n" in text or "\t" in text or "\r" in text:
        return None
    try:
        value = _fast.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if type(value) is not dict:
        return None
    keys, lists, plain = _form_of(value)
    return value if plain and keys == text.count('":') and lists == text.count("[") else None


def _form_of(value: dict[str, Any]) -> tuple[int, int, bool]:
    """Return how many keys and lists an object holds, lists of objects included, and whether its integers are small."""
    keys, lists, plain = len(value), 0, True
    for inner in value.values():
        kind = type(inner)
        if kind is list:
            lists += 1
            for item in inner:
                kind = type(item)
                if kind is dict:
                    keys += len(item)
                    for field in item.values():
                        kind = type(field)
                        if kind is list:
                            lists += 1
                            plain = plain and _is_small(field)
                        elif kind is int and not -MAX_INT <= field <= MAX_INT:
                            plain = False
                elif kind is int:
                    plain = False
        elif kind is int and not -MAX_INT <= inner <= MAX_INT:
            plain = False
    return keys, lists, plain


def _is_small(values: list[Any]) -> bool:
    if int not in map(type, values):  # nearly always: a box's four coordinates
        return True
    return all(type(value) is not int or -MAX_INT <= value <= MAX_INT for value in values)


def _strict_value(text: str) -> Any:  # noqa: ANN401 - any JSON value may come
    """Return the value of a JSON text, every rule checked."""
    big = _MAY_OVERFLOW.search(text) is not None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int if big else None,
            parse_float=_finite_float if big else None,
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as fault:
        raise BadInput(f"expected JSON, got a text that is not: {fault}", code="bad_json") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    if _MAY_BE_SURROGATE.search(text):
        _check_surrogates(value)
    return value


def byte_size(raw: str | bytes) -> int:
    """Return how many bytes a text has on the wire."""
    return len(raw) if isinstance(raw, bytes) or raw.isascii() else len(raw.encode(errors="surrogatepass"))


def _checked_text(raw: str | bytes, max_bytes: int) -> str:
    size = byte_size(raw)
    if size > max_bytes:
        raise TooLarge(f"expected at most {max_bytes} bytes of JSON, got {size}")
    try:
        if isinstance(raw, bytes):
            return raw.decode()
        if not raw.isascii():
            raw.encode()
    except UnicodeError as fault:
        raise BadInput(f"expected UTF-8, got a text that is not: {fault}", code="bad_json") from None
    return raw


def _check_depth(value: object) -> None:
    """Look at the value level by level: finding the levels in the text costs the square of its length at worst."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    raise _too_deep()


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> BadInput:
    return BadInput(f"expected JSON of at most {MAX_DEPTH} levels, got more", code="bad_json")


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _bounded_int(text: str) -> int:
    if len(text) > 20 or abs(value := int(text)) > MAX_INT:
        raise ValueError("an integer is over 64 bits")
    return value


def _finite_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is over the range of a float")
    return value


def _check_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadInput("expected Unicode text, got a lone surrogate", code="bad_json") from None
