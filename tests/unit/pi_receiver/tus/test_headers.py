"""Headers of tus 1.0.0."""

import hashlib

import pytest

from backbone.errors import BadInput
from pi_receiver.tus.headers import read_chunk_digest, read_metadata, read_size, write_metadata

DIGEST = hashlib.sha256(b"x").hexdigest()


def test_metadata_survives_a_round_trip():
    told = {"filename": "messung ä,1.txt", "checksum": DIGEST}
    assert read_metadata(write_metadata(told)) == told


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1" * 19, "0x10", "\u0661", " 1"])
def test_sizes_are_plain_numbers(value):
    with pytest.raises(BadInput):
        read_size({"Upload-Length": value}, "Upload-Length")


@pytest.mark.parametrize("value", ["", "sha256", "sha256 AAAA", "md5 " + "A" * 44, "sha256 !"])
def test_a_chunk_digest_is_sha256(value):
    with pytest.raises(BadInput):
        read_chunk_digest({"Upload-Checksum": value})
    assert read_chunk_digest({}) is None
