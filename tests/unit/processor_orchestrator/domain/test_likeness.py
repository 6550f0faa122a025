"""What models know of a case: nothing of one is ever taken for another's."""

from dataclasses import replace

import pytest

from backbone.face_models.names import DLIB, SFACE
from backbone.wire.jobs import Photo
from processor_orchestrator.domain.case import Case, CaseState, Kind
from processor_orchestrator.domain.case_events import (
    FeatureMapLearned,
    LikenessUnmade,
    NegativesLearned,
    ReferencesLearned,
    learned,
)
from processor_orchestrator.domain.likeness import MOST_LIKENESSES, UNNAMED, UNSAID, Likeness
from processor_orchestrator.domain.open_cases import OpenCases

ROW, OTHER, THIRD = ([number] * 128 for number in (0.1, 0.2, 0.3))
CASE = Case(1, 0.0, 9.0, kind=Kind.CASE, state=CaseState.ENCODING, photos=(Photo("blob:1", "a.jpg", 0.0),))
BOX = Case(2, 0.0, 9.0)


def rows(*every):
    return tuple(tuple(row) for row in every)


def known_to(*maps, case=BOX):
    for model_id, feature_map in maps:
        case = learned(case, FeatureMapLearned(case.case_id, feature_map, model_id))
    return case


def test_a_map_of_another_model_stands_beside_the_first():
    case = known_to((DLIB, ROW), (SFACE, OTHER), (None, THIRD))
    assert [one.model_id for one in case.likenesses] == [DLIB, SFACE, None]
    assert case.likeness(SFACE).references == rows(OTHER)
    assert case.likeness(UNNAMED).references == rows(THIRD)
    assert case.likeness("strange") is None
    assert (case.feature_map, case.model_id) == (ROW, DLIB), "as it always was kept"


def test_a_map_of_the_same_model_replaces_its_own_only():
    case = known_to((DLIB, ROW), (SFACE, OTHER), (SFACE, THIRD))
    assert (case.likeness(DLIB).references, case.likeness(SFACE).references) == (rows(ROW), rows(THIRD))


@pytest.mark.parametrize(
    ("hears", "maps", "told"),
    [
        (DLIB, [(DLIB, ROW), (SFACE, OTHER)], ROW),
        (SFACE, [(DLIB, ROW), (SFACE, OTHER)], OTHER),
        (SFACE, [(DLIB, ROW), (None, OTHER)], None),
        (UNNAMED, [(DLIB, ROW), (None, OTHER)], OTHER),
        (UNNAMED, [(DLIB, ROW)], None),
        (None, [(DLIB, ROW), (None, OTHER)], OTHER),
        (None, [(SFACE, ROW), (DLIB, OTHER)], ROW),
        (UNSAID, [(SFACE, ROW), (DLIB, OTHER)], OTHER),
        (UNSAID, [("m", ROW), (None, OTHER)], ROW),
    ],
)
def test_a_processor_is_told_its_own_models_map_and_no_other(hears, maps, told):
    assert known_to(*maps).likeness_for(hears).feature_map == told


def test_what_a_model_does_not_know_yet_has_no_embeddings():
    assert (BOX.likenesses, BOX.likeness_for(DLIB).references, BOX.knows(DLIB)) == ((), (), False)


def test_rejected_faces_are_each_models_own():
    case = known_to((DLIB, ROW), (SFACE, OTHER))
    case = learned(case, NegativesLearned(2, rows(THIRD), SFACE))
    assert (case.likeness(DLIB).negatives, case.likeness(SFACE).negatives) == ((), rows(THIRD))
    assert learned(case, NegativesLearned(2, rows(THIRD), SFACE)) == case


def test_rejected_faces_may_come_before_their_models_map():
    case = learned(known_to((DLIB, ROW)), NegativesLearned(2, rows(THIRD), SFACE))
    assert not case.knows(SFACE)
    assert known_to((SFACE, OTHER), case=case).likeness(SFACE) == Likeness(SFACE, OTHER, rows(THIRD))


def test_workers_tell_what_several_models_make_of_the_same_photos():
    event = ReferencesLearned(1, rows(ROW), DLIB, others=(Likeness(SFACE, [OTHER]),), unmade=("m",))
    case = learned(CASE, event)
    assert (case.state, case.photos, case.unmade) == (CaseState.OPEN, (), ("m",))
    assert (case.likeness(DLIB).references, case.likeness(SFACE).references) == (rows(ROW), rows(OTHER))


def test_one_model_too_many_is_passed_over():
    case = known_to(*((f"m{number}", ROW) for number in range(MOST_LIKENESSES + 1)))
    assert len(case.likenesses) == MOST_LIKENESSES
    assert not case.knows(f"m{MOST_LIKENESSES}")


def test_a_new_photo_is_needed_where_nothing_is_kept_or_nothing_kept_shows_a_face():
    kept = replace(learned(CASE, ReferencesLearned(1, rows(ROW), DLIB)))
    assert kept.needs_photo_for([DLIB, SFACE]) == (), "its small pictures are kept"
    assert learned(kept, LikenessUnmade(1, SFACE)).needs_photo_for([DLIB, SFACE]) == (SFACE,)
    boxed = known_to((DLIB, ROW))
    assert boxed.needs_photo_for([SFACE, DLIB, UNNAMED]) == (UNNAMED, SFACE)
    assert replace(boxed, image=b"jpeg").needs_photo_for([SFACE]) == ()
    assert CASE.needs_photo_for([SFACE]) == (), "its photos wait for a worker"


def test_what_another_orchestrator_learned_is_taken_up_model_by_model():
    cases, stored = OpenCases([known_to((DLIB, ROW))]), known_to((DLIB, ROW), (SFACE, OTHER))
    stored = learned(learned(stored, NegativesLearned(2, rows(THIRD), SFACE)), LikenessUnmade(2, "m"))
    for event in cases.differences(2, stored, ended=None):
        cases.apply(event)
    assert cases.get(2) == stored
    assert cases.differences(2, stored, ended=None) == [NegativesLearned(2, rows(THIRD), SFACE)]


def test_photos_that_were_encoded_elsewhere_are_taken_up_with_every_model():
    stored = learned(CASE, ReferencesLearned(1, rows(ROW), DLIB, others=(Likeness(SFACE, [OTHER]),)))
    cases = OpenCases([CASE])
    for event in cases.differences(1, stored, ended=None):
        cases.apply(event)
    assert cases.get(1) == stored
