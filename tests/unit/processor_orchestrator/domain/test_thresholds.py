"""How near a face must be to show a case: what it states, or what its budget leaves."""

import pytest

from backbone.face_models.laws import law_of
from backbone.face_models.names import DLIB, SFACE
from processor_orchestrator.domain.budget import Sensitivity, distance_of
from processor_orchestrator.domain.case import Case
from processor_orchestrator.domain.likeness import Likeness
from processor_orchestrator.domain.open_cases import OpenCases
from processor_orchestrator.domain.thresholds import Thresholds, shares

ROW = [number / 128 for number in range(128)]
FACES = 10_000.0


def case(case_id=1, **more):
    known = {"feature_map": [ROW], "model_id": DLIB, "others": (Likeness(SFACE, [ROW, ROW]),)} | more
    return Case(case_id, 0.0, 99.0, **known)


def thresholds(cases=1):
    return Thresholds(OpenCases(case(number) for number in range(1, cases + 1)), faces_per_day=FACES)


@pytest.mark.parametrize(
    ("asked", "per_day"),
    [
        ({}, 3.0),
        ({"sensitivity": Sensitivity.STRICT}, 0.5),
        ({"sensitivity": Sensitivity.WIDE}, 20.0),
        ({"sensitivity": Sensitivity.WIDE, "false_candidates_per_day": 1.5}, 1.5),
    ],
)
def test_a_case_shows_no_more_strangers_than_it_says_in_each_model(asked, per_day):
    sought = case(**asked)
    for model in (DLIB, SFACE):
        likeness = sought.likeness(model)
        told = thresholds().of(sought, likeness)
        assert told == distance_of(per_day / FACES, model, references=len(likeness.references))
        assert law_of(model).rate(told) * len(likeness.references) * FACES == pytest.approx(per_day, rel=1e-6)


def test_the_open_cases_share_what_people_can_look_at():
    alone, ten = (thresholds(cases).of(case(), case().likeness(SFACE)) for cases in (1, 10))
    assert law_of(SFACE).rate(alone) == pytest.approx(10 * law_of(SFACE).rate(ten), rel=1e-6)


@pytest.mark.parametrize(
    ("cases", "told"),
    [(0, 1), (1, 1), (7, 7), (10, 10), (11, 12), (13, 15), (100, 100), (101, 120), (801, 1_000), (9_999, 10_000)],
)
def test_many_cases_count_as_the_next_round_number(cases, told):
    assert shares(cases) == told


def test_cases_never_count_as_fewer_nor_as_many_more():
    assert all(cases <= shares(cases) <= 1.34 * cases for cases in range(1, 10_001))


def test_a_stated_distance_wins_over_any_budget():
    stated = case(threshold=0.45, sensitivity=Sensitivity.WIDE, false_candidates_per_day=100.0)
    assert thresholds(50).of(stated, stated.likeness(DLIB)) == 0.45
    sface = thresholds(50).of(stated, stated.likeness(SFACE))
    assert law_of(SFACE).rate(sface) == pytest.approx(law_of(DLIB).rate(0.45), rel=1e-6)
    assert thresholds().of(stated, Likeness(None, {"any": 1})) == 0.45, "of a legacy processor as it always was"


def test_who_compares_decides_where_nothing_is_known():
    for likeness in (Likeness("m", [ROW]), Likeness(None, [ROW]), Likeness(SFACE), Likeness(SFACE, {"any": 1})):
        assert thresholds().of(case(), likeness) is None


def test_a_distance_is_worth_something_only_with_its_model_and_its_case():
    known = thresholds()
    assert known.strangers_among(0.3, 1, DLIB) == 1_000
    assert known.strangers_among(0.55, 1, DLIB) == 1
    for distance, case_id, model in ((None, 1, DLIB), (0.3, 2, DLIB), (0.3, 1, None), (0.3, 1, ""), (0.3, 1, "m")):
        assert known.strangers_among(distance, case_id, model) is None
