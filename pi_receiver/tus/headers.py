"""The headers of tus 1.0.0: https://tus.io/protocols/resumable-upload. Answers nothing."""

import base64
import binascii
import re
from collections.abc import Mapping
from email.utils import formatdate

from backbone.errors import BadInput
from pi_receiver.domain.refusals import FieldMissing

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,expiration,termination"
CHUNK_TYPE = "application/offset+octet-stream"
MOST_METADATA = 4096
_SHA256_BYTES = 32


def read_size(headers: Mapping[str, str], name: str) -> int:
    """Return a header that is a number of bytes.

    Raises:
        BadInput: it is missing, or no such number.
    """
    text = headers.get(name, "")
    if re.fullmatch(r"[0-9]{1,18}", text) is None:
        raise BadInput(f"{name}: expected a number of bytes, got {text[:30]!a}")
    return int(text)


def read_metadata(text: str) -> dict[str, str]:
    """Return `Upload-Metadata`: `key base64,key base64`.

    Raises:
        BadInput: it is not in that form.
    """
    if len(text) > MOST_METADATA:
        raise BadInput(f"Upload-Metadata: expected at most {MOST_METADATA} characters, got {len(text)}")
    told: dict[str, str] = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        key, _, value = pair.partition(" ")
        if key in told:
            raise BadInput(f"Upload-Metadata: expected each key once, got {key[:40]!a} again")
        told[key] = _plain(value.strip(), "Upload-Metadata").decode(errors="surrogateescape")
    for key in ("filename", "checksum"):
        if not told.get(key):
            raise FieldMissing(f"Upload-Metadata: expected the key {key}, got none")
    return told


def write_metadata(told: Mapping[str, str]) -> str:
    """Return `Upload-Metadata`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())


def read_chunk_digest(headers: Mapping[str, str]) -> str | None:
    """Return the SHA-256 in hex that `Upload-Checksum` announces; None where there is none.

    Raises:
        BadInput: it is another algorithm, or no digest.
    """
    text = headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    digest = _plain(value.strip(), "Upload-Checksum")
    if algorithm != "sha256" or len(digest) != _SHA256_BYTES:
        raise BadInput(f"Upload-Checksum: expected sha256 and a digest in base64, got {text[:40]!a}")
    return digest.hex()


def http_date(seconds: float) -> str:
    """Return a time, seconds since the epoch, as headers have it (RFC 9110 section 5.6.7)."""
    return formatdate(seconds, usegmt=True)


def _plain(value: str, where: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{where}: expected base64, got something else") from None
