"""Batches on their way through the comparison."""

import pytest

from backbone.errors import Unavailable
from backbone.wire.jobs import Photo
from cloudlet.domain.batches import Batch, Batches


def test_a_batch_waits_for_the_encodings_that_were_under_way():
    batches = Batches(9)
    batches.load([Batch("1", 0.0, (Photo("blob:1", "a", 0.0),), waits_for=("t",)), Batch("2", 0.0, (), begun=True)])
    assert batches.ready({"t", "other"}) == []
    assert [batch.batch_id for batch in batches.ready({"other"})] == ["1"]


def test_there_is_room_for_so_many_batches():
    batches = Batches(1)
    batches.check_room()
    batches.put(Batch("1", 0.0, ()))
    with pytest.raises(Unavailable):
        batches.check_room()
    batches.drop("1")
    batches.check_room()


def test_a_gallery_is_needed_as_long_as_a_batch_is_compared_with_it():
    batches = Batches(9)
    batches.load([Batch("1", 0.0, (), gallery="g"), Batch("2", 0.0, (), gallery="g"), Batch("3", 0.0, ())])
    batches.drop("1")
    assert batches.galleries() == {"g"}
    batches.drop("2")
    assert batches.galleries() == set()
