"""Is what came a receipt for these bytes? A compact JWS (RFC 7515) with EdDSA (RFC 8037). Asks nobody."""

import base64
import binascii
import json
import re
from pathlib import Path

from edge_devices.pi_sender.ed25519 import verify

MOST_BYTES = 16 * 1024
PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END PUBLIC KEY-----")
KEY_HEAD = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of an Ed25519 key in its PEM (RFC 8410 section 10.1)."""


class NoReceipt(Exception):
    """What came is no receipt for this file; the text says why."""


def read_pinned_key(file: Path) -> bytes:
    """Return the 32 bytes of the key that a receiver answers to `GET /receipt-key`, PEM.

    Raises:
        ValueError: the file holds none.
        OSError: it cannot be read.
    """
    found = PEM.search(file.read_text(encoding="ascii", errors="replace")[:MOST_BYTES])
    raw = _plain(found[1]) if found is not None else b""
    if not raw.startswith(KEY_HEAD) or len(raw) != len(KEY_HEAD) + 32:
        raise ValueError("expected an Ed25519 public key in PEM, as GET /receipt-key answers it")
    return raw[len(KEY_HEAD) :]


def check_receipt(receipt: str, *, sha256: str, size: int, key: bytes | None) -> None:
    """Return when a receipt is for a file.

    Args:
        key: the pinned one; None: the signature is not checked, only that the receipt tells of the same bytes.

    Raises:
        NoReceipt: it is not.
    """
    parts = receipt.strip().split(".") if len(receipt) <= MOST_BYTES else []
    if len(parts) != 3:
        raise NoReceipt("expected a receipt of three parts, got something else")
    head, claims = _json(parts[0]), _json(parts[1])
    if claims.get("sha256") != sha256 or claims.get("size", size) != size:
        raise NoReceipt(f"expected a receipt for sha256 {sha256}, got one for other bytes")
    if key is None:
        return
    signed = f"{parts[0]}.{parts[1]}".encode()
    if head.get("alg") != "EdDSA" or not verify(key, signed, _plain(parts[2])):
        raise NoReceipt("expected a receipt that is signed with the pinned key, got one that is not")


def _json(part: str) -> dict[str, object]:
    try:
        value = json.loads(_plain(part))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise NoReceipt("expected a receipt, got something else")
    return value


def _plain(text: str) -> bytes:
    plain = "".join(text.split()).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise NoReceipt("expected base64, got something else") from None
