"""Reads SHA-256 digests as senders write them. Computes none."""

import re

from pi_receiver.domain.refusals import FieldMissing, Mismatch

_HEX = re.compile(r"[0-9a-f]{64}")
MOST_TEXT = 4096


def read_checksum(text: str) -> str:
    """Return the digest, 64 lower-case hex digits, of a bare one or of a line that `sha256sum -b` printed.

    Raises:
        FieldMissing: the text is empty.
        Mismatch: it is no digest, so nothing can have it.
    """
    words = text.split(maxsplit=1)
    if not words:
        raise FieldMissing("checksum: expected 64 hex digits, got nothing")
    # `sha256sum` begins the line with a backslash where the name needed one.
    digest = words[0].removeprefix("\\").lower()
    if _HEX.fullmatch(digest) is None:
        raise Mismatch(f"checksum: expected 64 hex digits, got {len(words[0])} other characters")
    return digest


def sidecar(digest: str, name: str) -> bytes:
    """Return the content of `<file>.sha256`; `sha256sum -c` reads it."""
    return f"{digest} {name}\n".encode()
