"""A picture that a device uploaded, and what its sender told of it. Does not store and does not decode."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from backbone.errors import BadInput

_MEMBER = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)\s*=\s*:([A-Za-z0-9+/=]*):\s*")
HASHES = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Snippet:
    """One picture of one id.

    Attributes:
        snippet_id: a device, or the number that a legacy device uploads to.
        sha256: of the bytes as they came, hex.
        size: of the clean JPEG that is kept, bytes; `width` and `height` in pixels.
        received_at: seconds since the epoch; the last time, when the same picture came again.
        subject: who uploaded it, by its token; None without one.
    """

    snippet_id: str
    sha256: str
    size: int
    width: int
    height: int
    received_at: float
    subject: str | None = None


def check_digest(header: str | None, content: bytes) -> None:
    """Compare a `Content-Digest` (RFC 9530 section 2) with what came; None is no digest and is fine.

    Raises:
        BadInput: it is none that can be checked, or it is of other bytes.
    """
    if header is None:
        return
    digests = _digests(header)
    if not digests:
        raise BadInput("Content-Digest: expected sha-256=:...: or sha-512=:...:, got neither", code="bad_digest")
    for name, told in digests.items():
        came = HASHES[name](content).digest()
        if came != told:
            text = f"Content-Digest: expected content of {name} {told.hex()}, got {came.hex()}"
            raise BadInput(text, code="digest_mismatch")


def _digests(header: str) -> dict[str, bytes]:
    """Return the digests that can be checked; those by other algorithms are passed over."""
    digests: dict[str, bytes] = {}
    for part in header.split(","):
        member = _MEMBER.fullmatch(part)
        if member is None:
            raise BadInput(f"Content-Digest: expected sha-256=:base64:, got {header[:200]!r}", code="bad_digest")
        if member[1] in HASHES:
            try:
                digests[member[1]] = base64.b64decode(member[2], validate=True)
            except (binascii.Error, ValueError):
                raise BadInput(f"Content-Digest: expected base64, got {member[2][:80]!r}", code="bad_digest") from None
    return digests
