"""The growing file of one resumable upload: nothing counts before it is on the disk, whatever the disk says later."""

import hashlib

import pytest

from backbone.errors import Unavailable
from pi_receiver.domain.refusals import ChunkMismatch, NoSpace
from pi_receiver.storage.faults import Faults
from pi_receiver.storage.part_file import SAVE_BYTES, PartFile
from tests.fakes.receiver_parts import SmallSpace, ToldDisk, ToldSteps

CONTENT = bytes(range(200)) * 5


@pytest.fixture
def steps():
    return ToldSteps()


@pytest.fixture
def space(tmp_path):
    return SmallSpace(tmp_path, 50_000_000)


@pytest.fixture
def part(tmp_path, steps, space):
    claim = space.claim(len(CONTENT))
    made = PartFile(tmp_path / "part", disk=ToldDisk(steps), offset=0, claim=claim, faults=Faults())
    yield made
    made.end()


def test_bytes_count_once_they_are_saved(part):
    part.begin(None, missing=1000)
    part.write(CONTENT[:600])
    assert (part.offset, part.written) == (0, 600)
    part.save()
    assert part.offset == 600
    part.end()
    part.begin(None, missing=400)
    part.write(CONTENT[600:])
    part.save()
    assert part.path.read_bytes() == CONTENT
    assert part.digest() == hashlib.sha256(CONTENT).hexdigest()


def test_after_a_failed_fsync_nothing_of_it_counts_although_the_next_one_succeeds(part, steps):
    part.begin(None, missing=1000)
    part.write(CONTENT[:200])
    part.save()
    part.write(CONTENT[200:600])
    steps.fails_once = "fsync"
    with pytest.raises(Unavailable):
        part.save()
    part.breaks_off()
    part.end()
    assert part.offset == 200
    part.begin(None, missing=800)
    part.write(CONTENT[200:])
    part.save()
    assert part.path.read_bytes() == CONTENT
    assert part.digest() == hashlib.sha256(CONTENT).hexdigest()


def test_a_request_with_a_digest_counts_whole_or_not_at_all(part):
    part.begin(hashlib.sha256(CONTENT).hexdigest(), missing=1000)
    part.write(CONTENT[:600])
    part.breaks_off()
    part.end()
    assert part.offset == 0
    part.begin(hashlib.sha256(CONTENT).hexdigest(), missing=1000)
    part.write(bytes(1000))
    with pytest.raises(ChunkMismatch):
        part.save()
    part.end()
    assert part.offset == 0


def test_it_is_time_to_save_after_so_many_bytes_unless_they_have_to_have_a_digest(part):
    piece = bytes(SAVE_BYTES // 2)
    part.begin(None, missing=2 * len(piece))
    assert [part.write(piece), part.write(piece)] == [False, True]
    part.end()
    part.begin("0" * 64, missing=2 * len(piece))
    assert [part.write(piece), part.write(piece)] == [False, False]


def test_what_an_earlier_run_wrote_is_hashed_from_the_disk(part, tmp_path, steps, space):
    part.path.write_bytes(CONTENT[:600] + b"beyond what counts")
    later = PartFile(part.path, disk=ToldDisk(steps), offset=600, claim=space.claim(400), faults=Faults())
    later.begin(None, missing=400)
    later.write(CONTENT[600:])
    later.save()
    later.end()
    assert later.digest() == hashlib.sha256(CONTENT).hexdigest()


def test_room_that_was_given_back_is_claimed_again_before_anything_is_written(part, space, steps):
    assert part.give_room_back()
    assert not part.give_room_back()
    space.free = 999
    with pytest.raises(NoSpace):
        part.begin(None, missing=1000)
    assert steps.taken == []
    space.free = 1000
    part.begin(None, missing=1000)
    assert space.left() == 0
    part.discard()
    assert space.left() == 1000


def test_without_a_request_nothing_is_written(part):
    with pytest.raises(Unavailable):
        part.write(b"x")
