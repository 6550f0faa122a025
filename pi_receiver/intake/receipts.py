"""Signs what was received, so that a sender can show it later: a compact JWS with EdDSA (RFC 7515, RFC 8037)."""

import hashlib
import os
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from backbone.errors import BadInput, Unavailable
from pi_receiver.storage.ledger import Received

ALGORITHM = "EdDSA"
ISSUER = "searchlight-pi-receiver"


class ReceiptSigner:
    """Signs with one key; `public_pem` is what everybody may know of it."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self._key_id = hashlib.sha256(raw).hexdigest()[:16]
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public_pem = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def sign(self, received: Received) -> str:
        """Return the receipt of a file."""
        claims = {
            "iss": ISSUER,
            "iat": int(received.received_at),
            "station": received.station,
            "file": received.name,
            "stored": received.path,
            "version": received.version,
            "size": received.size,
            "sha256": received.sha256,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id, "typ": "receipt+jwt"})


def verify(receipt: str, public_pem: str) -> dict[str, object]:
    """Return what a receipt says.

    Raises:
        BadInput: it was not signed with this key, or is no receipt.
    """
    try:
        key = serialization.load_pem_public_key(public_pem.encode())
        if not isinstance(key, Ed25519PublicKey):
            raise BadInput("public key: expected an Ed25519 one, got another kind")
        options: dict[str, object] = {"require": ["iss", "iat", "sha256", "size", "station", "file"]}
        claims = jwt.decode(receipt.strip(), key, algorithms=[ALGORITHM], issuer=ISSUER, options=options)  # type: ignore[arg-type] # a TypedDict in newer ones
    except (jwt.InvalidTokenError, ValueError) as fault:
        raise BadInput(f"receipt: expected one signed with this key, got: {fault}", code="bad_receipt") from None
    return dict(claims)


def load_signer(path: Path) -> ReceiptSigner:
    """Return the signer of a key file, which is made with mode 0600 when it is missing.

    Raises:
        Unavailable: the file is no Ed25519 key, or open to others.
    """
    try:
        if not path.exists():
            _write_new(path)
        if path.stat().st_mode & 0o077:
            raise Unavailable(f"{path}: expected a key with mode 0600, got {path.stat().st_mode & 0o777:04o}")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as fault:
        raise Unavailable(f"{path}: expected an Ed25519 key, got: {fault}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable(f"{path}: expected an Ed25519 key, got another kind")
    return ReceiptSigner(key)


def _write_new(path: Path) -> None:
    """Write a whole key or none."""
    form = serialization.PrivateFormat.PKCS8
    pem = Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    unfinished.rename(path)
