"""Checksums, headers of tus, room on the disk, applicants and faults."""

import hashlib

import pytest

from backbone.errors import BadInput, Unavailable
from pi_receiver.applicants import Applicant, Applicants
from pi_receiver.checksums import read_checksum, sidecar
from pi_receiver.faults import parse_faults
from pi_receiver.refusals import FieldMissing, Mismatch, NoSpace
from pi_receiver.space import STEP, Space
from pi_receiver.tus_headers import read_chunk_digest, read_metadata, read_size, write_metadata

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


class Disk(Space):
    """A disk of 100 bytes beyond its reserve."""

    free = 100

    def left(self):
        return self.free - self._claimed


def test_room_is_claimed_before_it_is_used_and_given_back(tmp_path):
    disk = Disk(tmp_path, reserve=0)
    claim = disk.claim(60)
    with pytest.raises(NoSpace):
        disk.claim(50)
    claim.use(60)
    disk.free -= 60
    assert disk.left() == 40
    with pytest.raises(NoSpace):
        claim.use(1)
    claim.restore(10)
    disk.free += 10
    assert disk.left() == 40
    claim.release()
    assert disk.left() == 50


def test_who_does_not_tell_a_length_claims_by_steps(tmp_path):
    disk = Disk(tmp_path, reserve=0)
    disk.free = 3 * STEP
    claim = disk.claim(0)
    claim.use(1)
    assert disk.left() == 2 * STEP + 1
    claim.use(STEP)
    assert claim.outstanding == STEP - 1


def test_the_reserve_counts(tmp_path):
    assert Space(tmp_path, reserve=10**18).left() < 0


def applicant(number, address="10.0.0.1", asked_at=0.0):
    return Applicant(f"{number:016x}", "1", address, asked_at)


def test_those_who_wait_are_bounded_by_address_and_in_all():
    waiting = Applicants(most=4, most_of_one=2, seconds=60)
    waiting.ask(applicant(1))
    waiting.ask(applicant(1))
    waiting.ask(applicant(2))
    with pytest.raises(Unavailable):
        waiting.ask(applicant(3))
    waiting.ask(applicant(3, "10.0.0.2"))
    waiting.ask(applicant(4, "10.0.0.3"))
    with pytest.raises(Unavailable):
        waiting.ask(applicant(5, "10.0.0.4"))
    waiting.ask(applicant(5, asked_at=61.0))
    waiting.let_in(applicant(5).pi_id)
    assert waiting.all() == []


def test_faults_are_points_with_probabilities():
    assert parse_faults("before_fsync:0.5, after_rename") == {"before_fsync": 0.5, "after_rename": 1.0}
    for wrong in ("nowhere:1", "before_fsync:2", "before_fsync:x"):
        with pytest.raises(ValueError, match=r"expected|could not"):
            parse_faults(wrong)
