"""Photos on their way to the workers: all or none."""

import pytest

from backbone.errors import Unavailable
from backbone.zips.archives import Archive
from cloudlet.photo_blobs import put_photos
from tests.unit.cloudlet.fakes import FakeQueue
from tests.zips import zip_of


class QueueThatFillsUp(FakeQueue):
    """Takes one photo."""

    async def put_blobs(self, blobs):
        await super().put_blobs(blobs)
        self.away.add("put_blobs")


ARCHIVE = Archive(zip_of([("a.jpg", b"one"), ("b.jpg", b"two")]))


async def test_each_photo_is_kept_under_a_key_of_its_own():
    queue = FakeQueue([])
    kept = await put_photos(queue, ARCHIVE, ARCHIVE.entries)
    assert [(name, queue.blobs[key]) for key, name in kept] == [("a.jpg", b"one"), ("b.jpg", b"two")]


async def test_what_was_kept_before_one_failed_is_dropped():
    queue = QueueThatFillsUp([])
    with pytest.raises(Unavailable):
        await put_photos(queue, ARCHIVE, ARCHIVE.entries)
    assert queue.blobs == {}


async def test_what_cannot_be_dropped_is_left_to_expire():
    queue = QueueThatFillsUp([])
    queue.away.add("drop_blobs")
    with pytest.raises(Unavailable, match="put_blobs"):
        await put_photos(queue, ARCHIVE, ARCHIVE.entries)
