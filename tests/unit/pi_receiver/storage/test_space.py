"""Room on the disk: claimed before it is used, given back, claimed again."""

import pytest

from pi_receiver.domain.refusals import NoSpace
from pi_receiver.storage.space import STEP, Space


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


def test_room_that_was_given_back_is_claimed_again_where_there_is_still_some(tmp_path):
    disk = Disk(tmp_path, reserve=0)
    claim = disk.claim(60)
    claim.renew(60)
    assert disk.left() == 40, "nothing was given back"
    claim.release()
    disk.free = 50
    with pytest.raises(NoSpace):
        claim.renew(60)
    assert (claim.outstanding, disk.left()) == (0, 50)
    claim.renew(50)
    assert disk.left() == 0


def test_readiness_tells_what_is_left_and_fails_with_nothing(tmp_path):
    disk = Disk(tmp_path, reserve=0)
    assert (disk.state().ok, disk.state().detail) == (True, "100 bytes above the reserve")
    disk.claim(100)
    assert not disk.state().ok


def test_the_reserve_counts(tmp_path):
    assert Space(tmp_path, reserve=10**18).left() < 0
