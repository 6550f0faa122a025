"""What faces in footage become: a sighting for each visit."""

from backbone.wire.jobs import FaceMatch
from processor_orchestrator.footage.visits import found_of, once_of, visits_of

NOW = 2_000.0


def face(at, distance=0.5, rect=(0.1, 0.1, 0.2, 0.2)):
    return FaceMatch(photo=0, name="case-1", rect=rect, distance=distance, taken_at=at)


def test_faces_near_in_time_are_one_visit_whatever_their_order():
    visits = list(visits_of([face(30.0), face(5.0), face(14.9), face(29.0), face(1_000.5)]))
    assert [[one.taken_at for one in visit.faces] for visit in visits] == [[5.0, 14.9], [29.0, 30.0], [1_000.5]]
    assert list(visits_of([])) == []


def test_a_visit_tells_the_footages_own_time_and_its_best_view():
    (visit,) = visits_of([face(5.2), face(5.7, 0.3, (0.5, 0.5, 0.6, 0.6)), face(6.2)])
    seen = found_of(visit, b"JPEG", case_id=7, camera="trail", model_id="m", now=NOW)
    assert (seen.first_seen, seen.last_seen, seen.frames, seen.taken_at) == (5.2, 6.2, 3, 5.7)
    assert (seen.camera_id, seen.source, seen.distance, seen.rect) == ("trail", "footage", 0.3, (0.5, 0.5, 0.6, 0.6))
    assert seen.crop == b"JPEG"
    assert [(entry.case_id, entry.camera_id, entry.second) for entry in seen.timeline()] == [
        (7, "trail", 5),
        (7, "trail", 6),
    ]


def test_no_visit_is_later_than_now():
    (visit,) = visits_of([face(NOW + 50)])
    seen = found_of(visit, None, case_id=7, camera="trail", model_id="m", now=NOW)
    assert (seen.first_seen, seen.last_seen, seen.crop) == (NOW, NOW, None)


def test_the_same_footage_is_the_same_visit_and_another_camera_another():
    (visit,) = visits_of([face(5.0)])
    ids = [found_of(visit, None, case_id=7, camera=name, model_id="m", now=NOW).sighting_id for name in "aab"]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
    names = {once_of("a", 7, visit.faces), once_of("b", 7, visit.faces), once_of("a", 8, visit.faces)}
    assert len(names | {once_of("a", 7, list(visit.faces)), once_of("a", 7, [face(5.0, 0.4)])}) == 4
