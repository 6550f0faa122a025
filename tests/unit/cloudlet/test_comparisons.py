"""A batch's comparison: begun once, with who is sought at that moment, ended with nothing left behind."""

import pytest

from backbone.errors import Unavailable
from backbone.wire.jobs import Photo
from cloudlet.domain.batches import Batch
from cloudlet.domain.jobs import Job, JobState
from tests.fakes.photo_worker import MODEL

ROW = (0.5,) * 128


def seek(house, *names: str) -> None:
    house.jobs.load([Job(name, "d", JobState.OPEN, 0.6, "t", embeddings=(ROW,), model_id=MODEL) for name in names])


async def kept(house, batch_id: str = "b") -> Batch:
    house.queue.blobs[f"blob:{batch_id}"] = b"photo"
    return await house.comparisons.keep(Batch(batch_id, 1.0, (Photo(f"blob:{batch_id}", "a.jpg", 1.0),)))


async def test_a_batch_is_handed_over_with_who_is_sought_and_noted_as_begun(house):
    seek(house, "anna", "boris")
    batch = await kept(house)
    house.log.clear()
    await house.comparisons.begin_or_wait(batch)
    assert house.log == ["put_gallery", "put_batch", "enqueue match", "put_batch"], "the snapshot is kept first"
    (task,) = house.comparisons_under_way()
    assert (task.task_id, task.photos, house.queue.sought_in(task)) == ("b", batch.photos, ["anna", "boris"])
    noted = house.store.kept_batches["b"]
    assert (noted.begun, noted.begun_at, noted.gallery) == (True, house.clock.now, task.gallery)


@pytest.mark.parametrize("fails", ["put_gallery", "enqueue match"])
async def test_a_batch_waits_while_the_queue_is_away_and_is_begun_once(house, fails):
    seek(house, "anna")
    batch = await kept(house)
    house.queue.away = {fails}
    await house.comparisons.begin_or_wait(batch)
    with pytest.raises(Unavailable):
        await house.comparisons.begin_ready()
    house.queue.away = set()
    await house.comparisons.begin_ready()
    await house.comparisons.begin_ready()
    assert house.log.count("enqueue match") == 1


async def test_who_is_sought_is_settled_when_the_snapshot_was_kept(house):
    seek(house, "anna")
    batch = await kept(house)
    house.queue.away = {"enqueue match"}
    await house.comparisons.begin_or_wait(batch)
    begun_at, house.clock.now = house.clock.now, house.clock.now + 9.0
    seek(house, "anna", "boris")
    house.queue.away = set()
    await house.comparisons.begin_ready()
    (task,) = house.comparisons_under_way()
    assert house.queue.sought_in(task) == ["anna"]
    assert house.store.kept_batches["b"].begun_at == begun_at


async def test_while_nobody_is_sought_a_batch_ends_at_once(house):
    await house.comparisons.begin_or_wait(await kept(house))
    assert (house.comparisons_under_way(), house.queue.blobs, house.store.kept_batches) == ([], {}, {})


async def test_a_gallery_stays_until_the_last_batch_that_needs_it_ends(house):
    seek(house, "anna")
    for batch_id in ("1", "2"):
        await house.comparisons.begin_or_wait(await kept(house, batch_id))
    assert len(house.queue.galleries) == 1
    await house.comparisons.end(house.batches.get("1"))
    assert (len(house.queue.galleries), list(house.queue.blobs)) == (1, ["blob:2"])
    await house.comparisons.end(house.batches.get("2"))
    assert (house.queue.galleries, house.queue.blobs) == ({}, {})


async def test_a_job_is_taken_out_of_every_gallery_that_may_still_be_read(house):
    seek(house, "anna")
    await house.comparisons.begin_or_wait(await kept(house, "1"))
    seek(house, "anna", "boris")
    await house.comparisons.begin_or_wait(await kept(house, "2"))
    await house.comparisons.forget("anna")
    assert [house.queue.sought_in(task) for task in house.comparisons_under_way()] == [[], ["boris"]]


async def test_an_end_that_failed_can_be_done_again(house):
    seek(house, "anna")
    await house.comparisons.begin_or_wait(await kept(house))
    house.store.away = {"drop_batch"}
    with pytest.raises(Unavailable):
        await house.comparisons.end(house.batches.get("b"))
    house.store.away = set()
    await house.comparisons.end(house.batches.get("b"))
    assert (len(house.batches), house.queue.galleries) == (0, {})
