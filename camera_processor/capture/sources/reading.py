"""Reads the pieces that the texts of sources are made of. Knows no source."""

import re

from backbone.errors import BadInput

_ANY_LOGIN = re.compile(r"(?<=://).*(?=@)", re.DOTALL)  # for refusals: a login that is not written as it must be


def without_login(text: str) -> str:
    """Return a text that may be shown, whatever is written where a name and a password may stand."""
    return _ANY_LOGIN.sub("***", text)


def path_and_query(text: str, *, allowed: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return a path of this machine and what is asked behind the ?, where only `allowed` keys may stand."""
    path, _, asked = text.partition(":")[2].partition("?")
    if path.startswith("///"):
        path = path.removeprefix("//")
    if not path or path.startswith("//") or "\0" in path:
        raise BadInput(f"source: expected a path on this machine after {text.partition(':')[0]}:; got {text[:80]!r}")
    return path, read_query(asked, allowed=allowed)


def read_query(asked: str, *, allowed: tuple[str, ...]) -> dict[str, str]:
    """Return the keys and values behind the ?; each of `allowed` may be there once."""
    query: dict[str, str] = {}
    for piece in filter(None, asked.split("&")):
        key, _, value = piece.partition("=")
        if key not in allowed or key in query:
            raise BadInput(
                f"source: expected each of {', '.join(allowed)} at most once after the ?; got {piece[:80]!r}"
            )
        query[key] = value
    return query


def read_flag(query: dict[str, str], key: str) -> bool:
    """Return whether a key is 1; 0 and no key are False."""
    value = query.get(key, "0")
    if value not in {"0", "1"}:
        raise BadInput(f"source: expected {key}=0 or {key}=1; got {key}={value[:40]!r}")
    return value == "1"


def read_number(query: dict[str, str], key: str, low: float, high: float, default: float) -> float:
    """Return a plain decimal number, whole when `low` is an int; `default` where the key is not there."""
    if key not in query:
        return default
    value = query[key]
    shape = r"[0-9]{1,6}" if isinstance(low, int) else r"[0-9]{1,6}(\.[0-9]{1,6})?"
    if not re.fullmatch(shape, value) or not low <= float(value) <= high:
        kind = "whole number" if isinstance(low, int) else "number"
        raise BadInput(f"source: expected {key} as a {kind} from {low:g} to {high:g}; got {key}={value[:40]!r}")
    return float(value)
