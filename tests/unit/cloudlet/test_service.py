"""Jobs, photos and results: kept before they count, each photo compared once with all jobs, each match told once."""

import json
from dataclasses import replace

import pytest

from backbone.errors import BadInput, NotFound, Unavailable
from backbone.face_models.names import DLIB
from backbone.wire.jobs import Failed
from backbone.zips.archives import Archive
from cloudlet.domain import match_files
from cloudlet.domain.batches import Sent
from cloudlet.domain.jobs import JobState
from cloudlet.outbox import OutboxItem
from tests.fakes.photo_worker import MODEL, embedding_of
from tests.unit.cloudlet.conftest import MOST_BATCHES
from tests.unit.cloudlet.fakes import ANNA, BORIS, NOBODY
from tests.zips import zip_of


def references_of(photo: bytes, *, model: str = MODEL, **more: object) -> dict:
    return {"modelId": model, "references": [{"photo": "a.jpg", "embedding": embedding_of(photo)}], **more}


# Jobs.


async def test_a_job_is_kept_before_it_is_handed_over_and_then_answered(house):
    job = await house.new_job("anna", ANNA)
    assert job.state is JobState.ENCODING
    assert house.log == ["put_blobs", "put_job", "enqueue encode"]
    (task,) = house.encodings()
    assert (task.task_id, task.tag, task.reply) == (job.task_id, "anna", house.store.replies)
    assert [house.queue.blobs[photo.key] for photo in task.photos] == [ANNA]


async def test_a_job_that_cannot_be_kept_is_not_answered_and_not_handed_over(house):
    house.store.away = {"put_job"}
    with pytest.raises(Unavailable):
        await house.new_job("anna", ANNA)
    assert (house.jobs.get("anna"), house.encodings()) == (None, [])
    house.store.away = set()
    assert (await house.new_job("anna", ANNA)).state is JobState.ENCODING


async def test_a_job_whose_photos_cannot_be_kept_is_not_there(house):
    house.queue.away = {"put_blobs"}
    with pytest.raises(Unavailable):
        await house.new_job("anna", ANNA, ANNA)
    assert (house.queue.blobs, house.store.kept_jobs) == ({}, {})


async def test_a_job_that_was_kept_and_not_handed_over_is_handed_over_when_it_comes_again(house):
    house.queue.away = {"enqueue encode"}
    with pytest.raises(Unavailable):
        await house.new_job("anna", ANNA)
    house.queue.away = set()
    kept = house.store.kept_jobs["anna"]
    assert await house.new_job("anna", ANNA) == kept
    assert [task.task_id for task in house.encodings()] == [kept.task_id]


async def test_the_same_job_again_changes_nothing_and_another_one_replaces_it(house):
    first = await house.new_job("anna", ANNA)
    assert await house.new_job("anna", ANNA) == first
    second = await house.new_job("anna", BORIS)
    assert second.task_id != first.task_id
    assert list(house.queue.blobs.values()) == [BORIS], "the photos of the first are not needed any more"
    await house.service.take(house.queue.result_of(house.queue.tasks[second.task_id]))
    await house.service.take(Failed(first.task_id, "anna", "crashed", "late"))
    assert house.jobs.get("anna").embeddings == (embedding_of(BORIS),)


async def test_a_legacy_job_becomes_references_and_its_photos_go(house):
    await house.open_job("anna", ANNA)
    kept = house.store.kept_jobs["anna"]
    assert (kept.state, kept.tolerance, kept.embeddings) == (JobState.OPEN, 0.6, (embedding_of(ANNA),))
    assert house.queue.blobs == {}
    assert house.metric("cloudlet_jobs", state="open") == 1
    assert house.metric("cloudlet_results_total", type="encoded") == 1


async def test_a_job_with_references_of_our_model_is_open_at_once(house):
    told = references_of(ANNA, threshold=0.5, objectId=7, negatives=[embedding_of(BORIS)])
    job = await house.new_job("anna", b"chip", references=told)
    assert (job.state, job.tolerance, job.object_id) == (JobState.OPEN, 0.5, 7)
    assert (job.embeddings, job.negatives) == ((embedding_of(ANNA),), (embedding_of(BORIS),))
    assert (house.encodings(), house.queue.blobs) == ([], {})


async def test_references_of_another_model_are_made_anew_of_the_photos(house):
    job = await house.new_job("anna", ANNA, references=references_of(ANNA, model="other", threshold=0.5))
    assert (job.state, job.tolerance, len(job.photos)) == (JobState.ENCODING, 0.5, 1)


async def test_a_distance_of_another_model_is_taken_for_the_one_that_means_the_same(house):
    told = references_of(ANNA, model=DLIB, threshold=0.5)
    assert (await house.new_job("anna", ANNA, references=told)).tolerance == pytest.approx(1.112, abs=1e-3)


async def test_the_workers_are_asked_for_the_cloudlets_model(house):
    await house.new_job("anna", ANNA)
    assert house.encodings()[0].models == (MODEL,)


async def test_a_job_of_another_model_comes_again_after_the_workers_were_switched(house):
    job = await house.new_job("anna", ANNA, references=references_of(ANNA))
    house.store.kept_jobs["anna"] = replace(job, model_id="before")
    house.start()
    await house.service.resume()
    await house.new_photos(ANNA)
    assert house.comparisons_under_way() == []
    again = await house.new_job("anna", ANNA, references=references_of(ANNA))
    assert (again.state, again.model_id) == (JobState.OPEN, MODEL)


@pytest.mark.parametrize("references", [{"modelId": MODEL}, "text", references_of(ANNA, model="other")])
async def test_a_job_that_does_not_say_who_is_sought_is_refused(house, references):
    with pytest.raises(BadInput):
        await house.new_job("anna", references=references)
    assert (house.log, house.jobs.get("anna")) == ([], None)


async def test_a_job_without_a_face_is_unusable_and_may_come_again(house):
    await house.open_job("anna", NOBODY)
    assert house.jobs.get("anna").state is JobState.UNUSABLE
    assert (await house.new_job("anna", NOBODY)).state is JobState.ENCODING


async def test_a_job_is_deleted_with_all_that_waits_for_it(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA)
    await house.work()
    await house.service.delete_job("anna")
    assert (await house.outbox.oldest(), house.store.kept_jobs) == (None, {})
    assert house.metric("cloudlet_matches_total", outcome="deleted") == 1
    with pytest.raises(NotFound):
        await house.service.delete_job("anna")


async def test_a_job_that_could_not_be_deleted_is_there_when_it_is_asked_again(house):
    await house.open_job("anna", ANNA)
    house.store.away = {"drop_job"}
    with pytest.raises(Unavailable):
        await house.service.delete_job("anna")
    house.store.away = set()
    await house.service.delete_job("anna")
    assert house.jobs.sought() == ()


async def test_a_deleted_job_that_was_still_encoded_holds_no_batch_up(house):
    await house.open_job("boris", BORIS)
    job = await house.new_job("anna", ANNA)
    await house.new_photos(BORIS)
    assert house.comparisons_under_way() == []
    await house.service.delete_job("anna")
    assert len(house.comparisons_under_way()) == 1
    await house.service.take(Failed(job.task_id, "anna", "crashed", "its photos went"))
    assert house.jobs.get("anna") is None


# Photos.


async def test_photos_are_kept_before_they_are_compared_and_then_answered(house):
    await house.open_job("anna", ANNA)
    house.log.clear()
    batch_id = await house.new_photos(ANNA, NOBODY)
    assert house.log[:3] == ["put_blobs", "put_blobs", "put_batch"]
    assert house.log.index("put_batch") < house.log.index("enqueue match")
    assert house.store.kept_batches[batch_id].begun


async def test_photos_that_cannot_be_kept_are_not_answered(house):
    await house.open_job("anna", ANNA)
    house.store.away = {"put_batch"}
    with pytest.raises(Unavailable):
        await house.new_photos(ANNA)
    assert (len(house.batches), house.comparisons_under_way()) == (0, [])


async def test_each_photo_is_encoded_once_and_compared_with_all_jobs(house):
    for name, photo in (("anna", ANNA), ("boris", BORIS), ("anna again", ANNA)):
        await house.open_job(name, photo)
    house.queue.put.clear()
    photos = [ANNA + b" in town", NOBODY, BORIS + b" in town"]
    await house.new_photos(*photos)
    (task,) = house.comparisons_under_way()
    assert house.queue.sought_in(task) == ["anna", "boris", "anna again"]
    await house.work()
    assert (house.queue.put, house.queue.read) == (photos, photos), "one task reads each photo once for all jobs"
    told = {job: set(files) - {"match.json"} for job, files in await house.delivered()}
    assert told == {"anna": {"0.jpg"}, "anna again": {"0.jpg"}, "boris": {"2.jpg"}}
    assert (house.queue.blobs, house.queue.galleries, house.store.kept_batches) == ({}, {}, {}), "nothing is left"


async def test_a_match_holds_the_photo_as_it_was_and_who_found_it(house):
    await house.new_job("anna", references=references_of(ANNA, objectId=7))
    await house.new_photos(ANNA + b" in town", device="station 7", received_at=900.0, with_location=True)
    assert house.comparisons_under_way()[0].photos[0].with_location
    await house.work()
    ((job, files),) = await house.delivered()
    manifest = json.loads(files.pop("match.json"))
    assert (job, files) == ("anna", {"0.jpg": ANNA + b" in town"})
    assert (manifest["jobName"], manifest["objectId"], manifest["device"]) == ("anna", 7, "station 7")
    assert (manifest["cloudlet"], manifest["cloudletId"], manifest["receivedAt"]) == ("c:1", "e", 900.0)
    assert [(face["photo"], face["modelId"]) for face in manifest["matches"]] == [("0.jpg", MODEL)]


async def test_photos_do_not_come_from_the_future_of_a_wrong_clock(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA, received_at=house.clock.now + 500.0)
    assert house.comparisons_under_way()[0].photos[0].received_at == house.clock.now


async def test_while_nobody_is_sought_photos_are_counted_and_not_kept(house):
    await house.new_photos(ANNA, ANNA)
    assert house.metric("cloudlet_photos_total") == 2
    assert (house.queue.blobs, house.store.kept_batches) == ({}, {})


async def test_a_batch_needs_photos_and_room(house):
    empty = zip_of([])
    with pytest.raises(BadInput):
        await house.service.new_photos(Archive(empty), empty, Sent())
    await house.open_job("anna", ANNA)
    for _ in range(MOST_BATCHES):
        await house.new_photos(ANNA)
    with pytest.raises(Unavailable):
        await house.new_photos(ANNA)


async def test_photos_that_come_again_under_their_name_count_once(house):
    await house.open_job("anna", ANNA)
    first = await house.new_photos(ANNA, named="b1")
    assert await house.new_photos(ANNA, named="b1") == first
    await house.work()
    assert await house.new_photos(ANNA, named="b1") == first, "also when they were compared already"
    assert house.comparisons_under_way() == []
    assert len(await house.delivered()) == 1
    assert await house.new_photos(ANNA + b"2", named="b1") != first, "other photos are others"


# Who is compared with whom.


async def test_who_is_sought_later_has_no_part_in_a_batch(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA, BORIS)
    await house.open_job("boris", BORIS)
    await house.work()
    assert [job for job, _ in await house.delivered()] == ["anna"]


async def test_a_batch_waits_for_who_is_being_encoded_when_it_comes_and_for_nobody_later(house):
    anna = await house.new_job("anna", ANNA)
    await house.new_photos(ANNA, BORIS)
    await house.new_job("boris", BORIS)
    assert house.comparisons_under_way() == []
    await house.service.take(house.queue.result_of(house.queue.tasks[anna.task_id]))
    (task,) = house.comparisons_under_way()
    assert house.queue.sought_in(task) == ["anna"]


async def test_a_batch_that_waited_for_someone_without_a_face_ends_when_nobody_is_sought(house):
    await house.new_job("anna", NOBODY)
    await house.new_photos(ANNA)
    await house.work()
    assert (house.queue.blobs, house.store.kept_batches) == ({}, {})
    assert await house.outbox.oldest() is None


async def test_a_job_deleted_while_a_batch_runs_gets_none_of_its_matches_and_leaves_no_reference(house):
    await house.open_job("anna", ANNA)
    await house.open_job("boris", BORIS)
    await house.new_photos(ANNA, BORIS)
    (task,) = house.comparisons_under_way()
    result = house.queue.result_of(task)
    await house.service.delete_job("anna")
    assert house.queue.sought_in(task) == ["boris"]
    await house.service.take(result)
    assert [job for job, _ in await house.delivered()] == ["boris"]
    assert (house.queue.blobs, house.queue.galleries) == ({}, {})


async def test_a_job_opened_under_the_name_of_a_deleted_one_gets_none_of_its_matches(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA)
    result = house.queue.result_of(house.comparisons_under_way()[0])
    await house.service.delete_job("anna")
    house.clock.now += 1.0
    await house.new_job("anna", references=references_of(BORIS))
    await house.service.take(result)
    assert await house.delivered() == []


async def test_a_job_whose_photos_changed_is_the_same_one_and_gets_its_matches(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA)
    result = house.queue.result_of(house.comparisons_under_way()[0])
    house.clock.now += 1.0
    await house.new_job("anna", ANNA, ANNA + b"2")
    await house.service.take(result)
    assert [job for job, _ in await house.delivered()] == ["anna"]


# Each effect once, whatever fails or ends in between.


async def test_a_result_that_comes_again_is_told_once(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA)
    result = house.queue.result_of(house.comparisons_under_way()[0])
    house.store.away = {"drop_batch"}
    with pytest.raises(Unavailable):
        await house.service.take(result)
    assert (await house.outbox.oldest()).request == "match", "it was found, and its end could not be noted"
    house.store.away = set()
    await house.service.take(result)
    await house.service.take(result)
    assert house.metric("cloudlet_matches_total", outcome="found") == 1
    assert len(await house.delivered()) == 1


async def test_a_result_that_comes_again_after_its_match_was_delivered_and_a_kill_is_not_told_again(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA)
    result = house.queue.result_of(house.comparisons_under_way()[0])
    blobs = house.queue.blobs.copy()
    house.store.away = {"drop_batch"}
    with pytest.raises(Unavailable):
        await house.service.take(result)
    assert len(await house.delivered()) == 1
    house.store.away = set()
    house.queue.blobs.update(blobs)
    house.start()
    await house.service.resume()
    await house.service.take(result)
    assert await house.delivered() == []
    assert house.store.kept_batches == {}


async def test_what_was_answered_before_a_kill_goes_on_after_it(house):
    job = await house.new_job("anna", ANNA)
    batch_id = await house.new_photos(ANNA)
    handed_over = house.queue.tasks.copy()
    house.queue.tasks.clear()
    house.start()
    await house.service.resume()
    assert house.queue.tasks == handed_over, "under the same names, so that nothing is done twice"
    await house.service.take(house.queue.result_of(house.queue.tasks[job.task_id]))
    house.start()
    await house.service.resume()
    assert [task.task_id for task in house.comparisons_under_way()] == [batch_id]
    await house.work()
    assert [name for name, _ in await house.delivered()] == ["anna"]


async def test_a_batch_that_could_not_be_handed_over_is_compared_with_who_was_sought_when_it_came(house):
    await house.open_job("anna", ANNA)
    house.queue.away = {"enqueue match"}
    await house.new_photos(ANNA, BORIS)
    house.queue.away = set()
    await house.new_job("boris", references=references_of(BORIS))
    (task,) = house.comparisons_under_way()
    assert house.queue.sought_in(task) == ["anna"]


async def test_a_batch_that_came_while_the_queue_was_away_begins_later(house):
    await house.open_job("anna", ANNA)
    house.queue.away = {"put_gallery"}
    await house.new_photos(ANNA)
    with pytest.raises(Unavailable):
        await house.service.begin_what_waits()
    house.queue.away = set()
    await house.service.begin_what_waits()
    await house.work()
    assert len(await house.delivered()) == 1


async def test_a_full_outbox_keeps_the_batch_until_there_is_room(house):
    await house.open_job("anna", ANNA)
    await house.outbox.put(OutboxItem("other", "match", "boris", bytes(9_990)))
    await house.new_photos(ANNA)
    result = house.queue.result_of(house.comparisons_under_way()[0])
    with pytest.raises(Unavailable) as caught:
        await house.service.take(result)
    assert caught.value.code == "spool_full"
    await house.outbox.delivered("other")
    await house.service.take(result)
    assert len(await house.delivered()) == 1


async def test_a_match_that_is_too_large_for_one_zip_is_told_in_several(house, monkeypatch):
    monkeypatch.setattr(match_files, "MOST_PHOTO_BYTES", 2 * len(ANNA))
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA, ANNA, ANNA)
    await house.work()
    told = await house.delivered()
    assert [sorted(files) for _, files in told] == [["0.jpg", "1.jpg", "match.json"], ["2.jpg", "match.json"]]
    assert len({json.loads(files["match.json"])["matchId"] for _, files in told}) == 2


async def test_photos_that_expired_before_their_match_are_counted(house):
    await house.open_job("anna", ANNA)
    await house.new_photos(ANNA, ANNA)
    (task,) = house.comparisons_under_way()
    result = house.queue.result_of(task)
    del house.queue.blobs[task.photos[0].key]
    await house.service.take(result)
    assert [sorted(files) for _, files in await house.delivered()] == [["1.jpg", "match.json"]]
    assert house.metric("cloudlet_lost_photos_total") == 1


async def test_a_comparison_that_was_given_up_leaves_nothing(house):
    await house.open_job("anna", ANNA)
    batch_id = await house.new_photos(ANNA)
    await house.service.take(Failed(batch_id, batch_id, "crashed", "gave up"))
    assert (house.queue.blobs, house.queue.galleries, house.store.kept_batches) == ({}, {}, {})
    assert house.metric("cloudlet_results_total", type="failed") == 1


async def test_a_result_that_nobody_waits_for_changes_nothing(house):
    await house.service.take(Failed("unknown", "unknown", "crashed", "gave up"))
    assert house.log == []


# Around it.


async def test_a_phone_that_leaves_is_told_to_the_server_each_time(house):
    await house.service.leave()
    await house.service.leave()
    first = await house.outbox.oldest()
    assert (first.request, first.job, first.content) == ("phoneLeaveReq", "", b"")
    await house.outbox.delivered(first.id)
    assert (await house.outbox.oldest()).request == "phoneLeaveReq"


async def test_until_the_jobs_were_read_nothing_is_taken(unloaded):
    await unloaded.service.begin_what_waits()
    for asked in (unloaded.new_job("anna", ANNA), unloaded.new_photos(ANNA), unloaded.service.delete_job("anna")):
        with pytest.raises(Unavailable):
            await asked
    unloaded.store.away = {"jobs"}
    with pytest.raises(Unavailable):
        await unloaded.service.resume()
    unloaded.store.away = set()
    await unloaded.service.resume()
    assert (await unloaded.new_job("anna", ANNA)).state is JobState.ENCODING
