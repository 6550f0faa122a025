"""Receipts are believed for the right bytes and the right key only; the arithmetic agrees with a real library."""

import base64
import json
import random
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_devices.pi_sender.ed25519 import L, verify
from edge_devices.pi_sender.receipts import NoReceipt, check_receipt, read_pinned_key

DIGEST = "ab" * 32


def raw_key(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def pem(key: Ed25519PrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def test_signatures_of_a_real_library_verify_and_any_flipped_bit_does_not() -> None:
    drawn = random.Random(5)
    for size in (0, 1, 64, 1_000):
        key = Ed25519PrivateKey.from_private_bytes(drawn.randbytes(32))
        message = drawn.randbytes(size)
        signature, public = key.sign(message), raw_key(key)
        assert verify(public, message, signature)
        for _ in range(6):
            position, bit = drawn.randrange(64), 1 << drawn.randrange(8)
            flipped = bytearray(signature)
            flipped[position] ^= bit
            assert not verify(public, message, bytes(flipped))
        assert not verify(public, message + b"x", signature)
        assert not verify(raw_key(Ed25519PrivateKey.generate()), message, signature)


def test_the_example_of_the_rfc_verifies() -> None:
    # RFC 8032 section 7.1, test 2
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify(public, b"\x72", signature)


def test_what_is_no_signature_or_no_key_is_refused() -> None:
    key = Ed25519PrivateKey.generate()
    signature, public = key.sign(b"m"), raw_key(key)
    s = int.from_bytes(signature[32:], "little")
    malleable = signature[:32] + (s + L).to_bytes(32, "little")
    for bad in (b"", signature[:63], signature + b"x", bytes(64), b"\xff" * 64, malleable):
        assert not verify(public, b"m", bad)
    for bad in (b"", b"\xff" * 32, bytes(31), (2).to_bytes(32, "little")):
        assert not verify(bad, b"m", signature)


def receipt(key: Ed25519PrivateKey, **claims: object) -> str:
    return jwt.encode({"sha256": DIGEST, "size": 3} | claims, key, algorithm="EdDSA")


def test_a_receipt_is_for_its_bytes_and_by_its_key(tmp_path: Path) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    file = tmp_path / "key.pem"
    file.write_text(pem(key))
    pinned = read_pinned_key(file)
    assert pinned == raw_key(key)
    check_receipt(receipt(key), sha256=DIGEST, size=3, key=pinned)
    check_receipt(receipt(other), sha256=DIGEST, size=3, key=None)
    for bad in (receipt(other), receipt(key, sha256="cd" * 32), receipt(key, size=4), receipt(key)[:-4] + "AAAA"):
        with pytest.raises(NoReceipt):
            check_receipt(bad, sha256=DIGEST, size=3, key=pinned)


def test_a_receipt_without_a_signature_is_none_where_a_key_is_pinned() -> None:
    key = raw_key(Ed25519PrivateKey.generate())
    claims = base64.urlsafe_b64encode(json.dumps({"sha256": DIGEST, "size": 3}).encode()).decode().rstrip("=")
    for head in ('{"alg":"none"}', '{"alg":"HS256"}', '{"alg":"EdDSA"}', "{}"):
        made = base64.urlsafe_b64encode(head.encode()).decode().rstrip("=")
        with pytest.raises(NoReceipt):
            check_receipt(f"{made}.{claims}.", sha256=DIGEST, size=3, key=key)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "....", "W10.W10.x", "e30.e30.", "é.é.é", "x" * 20_000])
def test_whatever_else_comes_is_no_receipt(text: str) -> None:
    with pytest.raises(NoReceipt):
        check_receipt(text, sha256=DIGEST, size=3, key=None)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    for text in ("", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        file.write_text(text)
        with pytest.raises(ValueError, match="expected an Ed25519"):
            read_pinned_key(file)
