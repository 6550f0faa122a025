"""Digests as senders write them."""

import hashlib

import pytest

from pi_receiver.domain.checksums import read_checksum, sidecar
from pi_receiver.domain.refusals import FieldMissing, Mismatch

DIGEST = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(
    "text", [DIGEST, DIGEST.upper(), f"{DIGEST} *a.txt\n", f"{DIGEST}  a b.txt", f"\\{DIGEST} *a\\n"]
)
def test_a_digest_is_read_as_senders_write_it(text):
    assert read_checksum(text) == DIGEST


def test_what_is_no_digest_is_told_apart_from_none():
    for text in ("", " \n"):
        with pytest.raises(FieldMissing):
            read_checksum(text)
    for text in (DIGEST[1:], DIGEST + "0", "g" * 64, "sha256:" + DIGEST):
        with pytest.raises(Mismatch):
            read_checksum(text)


def test_a_sidecar_is_what_sha256sum_reads():
    assert sidecar(DIGEST, "a.txt") == f"{DIGEST} a.txt\n".encode()
