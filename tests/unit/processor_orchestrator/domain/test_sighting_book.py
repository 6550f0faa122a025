"""Sightings: visits, clocks that are wrong, and what waits while the store is away."""

import pytest

from backbone.wire.values import Box
from processor_orchestrator.domain import sighting_book as sightings_module
from processor_orchestrator.domain.sighting import CLOCK_LAG_SECONDS, GAP_SECONDS
from processor_orchestrator.domain.sighting_book import SightingBook

NOW = 1_700_000_000.0
LEFT, RIGHT = (0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)


@pytest.fixture
def book():
    return SightingBook()


def see(book, at, *, case_id=1, camera_id="door", now=None, crop=None, rect=LEFT, certainty=None, distance=None):
    box = Box(box_id=1, rect=rect, object_id=case_id, certainty=certainty, distance=distance)
    return book.observe(case_id, camera_id, box, frame_id=at, crop=crop, now=at if now is None else now)


def test_one_visit_is_one_sighting_that_grows(book):
    first = see(book, NOW)
    last = see(book, NOW + GAP_SECONDS)
    assert last.sighting_id == first.sighting_id
    assert (last.first_seen, last.last_seen, last.frames) == (NOW, NOW + GAP_SECONDS, 2)


def test_after_a_longer_gap_a_new_visit_begins(book):
    first = see(book, NOW)
    second = see(book, NOW + GAP_SECONDS + 0.01)
    assert second.sighting_id != first.sighting_id
    assert (second.first_seen, second.frames) == (NOW + GAP_SECONDS + 0.01, 1)


def test_each_object_and_each_camera_has_its_own_visits(book):
    seen = [see(book, NOW), see(book, NOW, case_id=2), see(book, NOW, camera_id="yard")]
    assert len({sighting.sighting_id for sighting in seen}) == 3


def test_a_number_and_its_text_are_one_camera(book):
    assert see(book, NOW, camera_id=7).sighting_id == see(book, NOW + 1, camera_id="7").sighting_id


def test_frames_out_of_order_belong_to_the_visit_and_do_not_turn_time_back(book):
    first = see(book, NOW)
    late = see(book, NOW - 3.0, now=NOW)
    assert late.sighting_id == first.sighting_id
    assert (late.first_seen, late.last_seen, late.frames) == (NOW, NOW, 2)
    assert [entry.second for entry in book.take_changes().timeline] == [int(NOW)]


@pytest.mark.parametrize("wrong", [0.0, 3.0, NOW - CLOCK_LAG_SECONDS - 1, NOW + 6.0, 4e9, -1.0, 1e300])
def test_a_clock_that_cannot_be_right_is_replaced_by_ours(book, wrong):
    assert see(book, wrong, now=NOW).first_seen == NOW


@pytest.mark.parametrize("believed", [NOW - CLOCK_LAG_SECONDS, NOW - 10.0, NOW + 5.0])
def test_a_clock_that_lags_a_little_is_believed(book, believed):
    assert see(book, believed, now=NOW).first_seen == believed


def test_a_device_in_1970_has_visits_like_any_other(book):
    first = see(book, 3.0, now=NOW)
    again = see(book, 4.0, now=NOW + 1)
    assert again.sighting_id == first.sighting_id
    assert again.last_seen == NOW + 1


def test_the_timeline_has_one_entry_a_second(book):
    for tick in range(31):
        see(book, NOW + tick / 10)
    assert [entry.second for entry in book.take_changes().timeline] == [int(NOW) + second for second in range(4)]


def test_a_better_view_brings_its_place_and_its_picture(book):
    see(book, NOW, rect=LEFT, certainty=0.5)
    unchanged = see(book, NOW + 1, rect=RIGHT, certainty=0.9)
    assert (unchanged.rect, unchanged.certainty, unchanged.has_crop) == (LEFT, 0.5, False)
    better = see(book, NOW + 2, rect=RIGHT, certainty=0.9, crop=b"JPEG")
    assert (better.rect, better.certainty, better.has_crop) == (RIGHT, 0.9, True)
    assert book.take_changes().crops == {better.sighting_id: b"JPEG"}


def test_the_smallest_distance_is_kept(book):
    distances = [
        see(book, NOW + tick, distance=distance).distance for tick, distance in enumerate((None, 0.5, 0.4, 0.6))
    ]
    assert distances == [None, 0.5, 0.4, 0.4]


def test_changes_are_taken_once(book):
    seen = see(book, NOW, crop=b"JPEG")
    changes = book.take_changes()
    assert changes.sightings == (seen,)
    empty = book.take_changes()
    assert (empty.sightings, empty.crops, empty.timeline) == ((), {}, ())


def test_what_could_not_be_stored_is_merged_with_what_came_since(book):
    see(book, NOW, crop=b"old")
    see(book, NOW, case_id=2, crop=b"other")
    changes = book.take_changes()
    newer = see(book, NOW + 1, crop=b"new")
    book.put_back(changes)
    merged = book.take_changes()
    assert {sighting.case_id: sighting.frames for sighting in merged.sightings} == {1: 2, 2: 1}
    assert merged.crops[newer.sighting_id] == b"new"
    assert set(merged.crops.values()) == {b"new", b"other"}
    assert [entry.second for entry in merged.timeline] == [int(NOW), int(NOW), int(NOW) + 1]


def test_the_timeline_that_waits_is_bounded_and_counted(book, monkeypatch):
    monkeypatch.setattr(sightings_module, "MAX_WAITING_TIMELINE", 3)
    for second in range(5):
        see(book, NOW + second)
    book.put_back(book.take_changes())
    assert book.dropped_timeline_entries == 2
    assert [entry.second for entry in book.take_changes().timeline] == [int(NOW) + second for second in (2, 3, 4)]


def test_the_sightings_that_wait_are_bounded_with_their_crops_and_counted(book, monkeypatch):
    monkeypatch.setattr(sightings_module, "MAX_WAITING_SIGHTINGS", 3)
    for visit in range(5):
        see(book, NOW + visit * 60, crop=b"JPEG %d" % visit)
    book.put_back(book.take_changes())
    assert book.dropped_sightings == 2
    kept = book.take_changes()
    assert [sighting.first_seen for sighting in kept.sightings] == [NOW + visit * 60 for visit in (2, 3, 4)]
    assert sorted(kept.crops.values()) == [b"JPEG 2", b"JPEG 3", b"JPEG 4"]


def test_an_object_that_is_forgotten_begins_anew_but_its_changes_are_stored(book):
    first = see(book, NOW)
    book.forget(1)
    second = see(book, NOW + 1)
    assert second.sighting_id != first.sighting_id
    assert len(book.take_changes().sightings) == 2


def test_a_visit_that_goes_on_after_a_restart_is_one_visit(book):
    stored = see(book, NOW)
    restarted = SightingBook()
    restarted.resume(stored)
    again = see(restarted, NOW + 5)
    assert (again.sighting_id, again.frames) == (stored.sighting_id, 2)


def test_what_a_distance_is_worth_goes_with_the_smallest(book):
    def look(at, distance, worth):
        box = Box(box_id=1, rect=LEFT, object_id=1, certainty=None, distance=distance)
        seen = book.observe(1, "door", box, frame_id=at, crop=None, now=at, model_id=f"m{worth}", strangers_among=worth)
        return seen.distance, seen.model_id, seen.strangers_among

    assert look(NOW, 0.5, 3) == (0.5, "m3", 3)
    assert look(NOW + 1, 0.6, 1) == (0.5, "m3", 3)
    assert look(NOW + 2, 0.4, 40) == (0.4, "m40", 40)
    assert look(NOW + 3, None, None) == (0.4, "m40", 40)
