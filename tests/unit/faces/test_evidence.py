import numpy as np
import pytest

from faces import BadEmbedding
from faces.budget import Budget, Law, StrangerModel
from faces.evidence import TrackEvidence, evidence, looks
from faces.template import CaseTemplates

# What directions drawn at random in 128 dimensions are like.
MODEL = StrangerModel([Law(0.0, 1 / np.sqrt(128), 0.0)])
BUDGET = Budget(1, 10_000)


def unit(row):
    return row / np.linalg.norm(row)


def view_of(person, rng, quality):
    return unit(person + rng.normal(0, np.sqrt(1 / quality**2 - 1) / np.sqrt(128), 128))


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def people(rng):
    return [unit(row) for row in rng.normal(size=(4, 128))]


@pytest.fixture
def cases(people):
    held = CaseTemplates()
    for number, person in enumerate(people[:3]):
        held.put(number, [person])
    return held


def test_weak_views_of_a_sought_person_add_up_to_a_name(people, cases, rng):
    track, evidence_so_far = TrackEvidence(MODEL), []
    for second in range(8):
        track.add(view_of(people[1], rng, 0.25), quality=0.25, at=5.0 * second)
        evidence_so_far.append(next(one.evidence for one in track.judged(cases, BUDGET) if one.case_id == 1))
        if second == 0:
            assert track.named(cases, BUDGET) is None
    assert evidence_so_far[-1] > evidence_so_far[0] + 5
    found = track.named(cases, BUDGET)
    assert found.case_id == 1
    assert found.evidence >= found.bound
    assert found.distance == pytest.approx(np.sqrt(2 - 2 * found.similarity))


def test_the_same_view_again_and_again_adds_nothing(people, cases, rng):
    track, view = TrackEvidence(MODEL), view_of(people[1], rng, 0.25)
    track.add(view, quality=0.25, at=0.0)
    [first, *_] = track.judged(cases, BUDGET)
    for second in range(50):
        track.add(view, quality=0.25, at=float(second))
    [last, *_] = track.judged(cases, BUDGET)
    assert last.evidence == pytest.approx(first.evidence, abs=1e-4)
    assert last.bound == pytest.approx(first.bound, abs=1e-4)


def test_strangers_are_named_no_more_often_than_the_budget_says(cases, rng):
    budget, named = Budget(10, 1000, cases=3), 0
    for _ in range(1000):
        stranger, track = unit(rng.normal(size=128)), TrackEvidence(MODEL)
        seen = False
        for second in range(4):
            track.add(view_of(stranger, rng, 0.5), quality=0.5, at=5.0 * second)
            seen = seen or track.named(cases, budget) is not None
        named += seen
    assert 3 <= named <= 20


def test_a_cut_forgets_and_a_coasting_track_learns_nothing(people, cases, rng):
    track = TrackEvidence(MODEL)
    assert track.judged(cases, BUDGET) == []
    assert track.named(cases, BUDGET) is None
    track.add(view_of(people[0], rng, 0.9), quality=0.9, at=0.0)
    assert track.named(cases, BUDGET).case_id == 0
    assert track.judged(cases, BUDGET) == track.judged(cases, BUDGET)
    track.cut()
    assert (track.views, track.named(cases, BUDGET)) == (0, None)
    assert not track.embedding.any()


def test_a_case_that_is_opened_later_is_judged_by_all_views(people, cases, rng):
    track = TrackEvidence(MODEL)
    for second in range(8):
        track.add(view_of(people[3], rng, 0.3), quality=0.3, at=5.0 * second)
    assert track.named(cases, BUDGET) is None
    cases.put("late", [people[3]])
    assert track.named(cases, BUDGET).case_id == "late"


def test_ten_times_fewer_strangers_are_another_2_3_nats():
    law = MODEL.law(1)
    steps = [evidence(law.similarity(rate), law) for rate in (1e-3, 1e-4)]
    assert steps[1] - steps[0] == pytest.approx(np.log(10), rel=1e-3)
    assert looks(1.0) == looks(0.0) == 1.0
    assert looks(5.0) > looks(2.0) > 1.0


def test_what_is_no_embedding_is_refused():
    with pytest.raises(BadEmbedding):
        TrackEvidence(MODEL).add(np.full(128, np.nan), quality=0.5, at=0.0)
