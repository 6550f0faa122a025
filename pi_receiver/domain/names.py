"""Which file names are taken; a name that is not is refused, never cleaned. Touches no disk."""

import re
import unicodedata
from collections.abc import Collection

from backbone.errors import BadInput
from pi_receiver.domain.refusals import FieldMissing, WrongKind

MOST_NAME_BYTES = 200
"""With `.v1000` and `.sha256` a name still fits the 255 bytes of a file system."""

SIDECAR = ".sha256"
"""Ends the name of the file beside each received one that tells its digest."""

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)
_IN_A_TIME = re.compile("(?<=[0-9]):(?=[0-9])")
_SEPARATORS = frozenset('/\\:*?"<>|\u2044\u2215\u29f8\u29f9\u2216')


def check_name(name: str | None, suffixes: Collection[str]) -> str:
    """Return the name, as it came.

    Args:
        suffixes: those that are taken, lower case, without their dot.

    Raises:
        FieldMissing: there is none.
        BadInput: it is not the plain name of one file.
        WrongKind: its suffix is not taken.
    """
    if not name:
        raise FieldMissing("file name: expected one, got none")
    fault = _fault_of(name)
    if fault is not None:
        raise BadInput(f"file name: expected {fault}, got {name[:80]!a}", code="bad_name")
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    if suffix not in suffixes:
        raise WrongKind(f"file name: expected one of {', '.join(sorted(suffixes))}, got {suffix[:20]!a}")
    return name


def _fault_of(name: str) -> str | None:
    if not name.isprintable():
        return "printable characters"
    # What looks like a separator or a dot to another program is one.
    plain = unicodedata.normalize("NFKC", name)
    # Pis name files by the time, 2026-11-21T07:30:00.csv; any other colon is refused.
    if _SEPARATORS & {*_IN_A_TIME.sub("", name), *_IN_A_TIME.sub("", plain)}:
        return 'no path, none of * ? " < > | and : between digits only'
    if plain.startswith(".") or plain != plain.strip() or plain.endswith("."):
        return "no dot or blank at its ends"
    if _RESERVED.fullmatch(plain) is not None or plain.lower().endswith(SIDECAR):
        return "no reserved name"
    if len(name.encode()) > MOST_NAME_BYTES:
        return f"at most {MOST_NAME_BYTES} bytes of UTF-8"
    return None


def folder_of(name: str, station: str) -> str:
    """Return where a file of a station goes, below the folder of received files."""
    folder = f"station{station}"
    return f"diagnostics/{folder}" if "diagnostic" in name.lower() else folder


def short_sidecar(stored: str) -> str:
    """Return the other name of a digest's file: `a.sha256` for `a.txt`, as older receivers wrote it."""
    return f"{stored.rpartition('.')[0]}{SIDECAR}"


def version_name(name: str, version: int) -> str:
    """Return the name that a version is stored under: `a.txt`, then `a.v2.txt`."""
    if version == 1:
        return name
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.v{version}.{suffix}"
