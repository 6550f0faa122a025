"""Receipts: signed with a key that only the receiver has, and checked by whoever knows its public half."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from backbone.errors import BadInput, Unavailable
from pi_receiver.intake.receipts import load_signer, verify
from pi_receiver.storage.ledger import Received

RECEIVED = Received("station1", "a.txt", "a.v2.txt", 2, "1", "c" * 64, 5, 1000.9)


def test_a_receipt_says_what_was_stored_and_is_good_after_a_restart(tmp_path):
    receipt = load_signer(tmp_path / "key.pem").sign(RECEIVED)
    said = verify(receipt, load_signer(tmp_path / "key.pem").public_pem)
    assert said == {
        "iss": "searchlight-pi-receiver",
        "iat": 1000,
        "station": "1",
        "file": "a.txt",
        "stored": "station1/a.v2.txt",
        "version": 2,
        "size": 5,
        "sha256": "c" * 64,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["key.pem"]
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_receipt_of_another_key_or_changed_on_its_way_is_none(tmp_path):
    mine, other = load_signer(tmp_path / "mine.pem"), load_signer(tmp_path / "other.pem")
    receipt = mine.sign(RECEIVED)
    head, claims, signature = receipt.split(".")
    for wrong in (other.sign(RECEIVED), f"{head}.{claims[:-2]}AA.{signature}", f"{head}.{claims}.", "nonsense"):
        with pytest.raises(BadInput):
            verify(wrong, mine.public_pem)


def test_a_key_that_others_can_read_or_of_another_kind_is_refused(tmp_path):
    load_signer(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)
    with pytest.raises(Unavailable, match="0600"):
        load_signer(tmp_path / "key.pem")
    form = serialization.PrivateFormat.PKCS8
    pem = generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, form, serialization.NoEncryption()
    )
    for content in (pem, b"no key"):
        (tmp_path / "other.pem").write_bytes(content)
        (tmp_path / "other.pem").chmod(0o600)
        with pytest.raises(Unavailable, match="Ed25519"):
            load_signer(tmp_path / "other.pem")
