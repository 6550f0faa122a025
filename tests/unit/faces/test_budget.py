from itertools import pairwise

import numpy as np
import pytest

from faces.budget import (
    PER_DAY,
    Budget,
    Crowd,
    Law,
    StrangerModel,
    Threshold,
    stranger_model,
    threshold,
)

NORMAL, HEAVY, LIGHT = Law(0.0, 0.1, 0.0), Law(0.0, 0.1, -0.05), Law(0.0, 0.1, 0.2)
PLAIN = StrangerModel([NORMAL])


def test_a_normal_model_has_the_normal_distributions_tail():
    assert NORMAL.rate(0.0) == pytest.approx(0.5)
    assert NORMAL.rate(0.3719) == pytest.approx(1e-4, rel=1e-3)
    assert NORMAL.similarity(1e-4) == pytest.approx(0.3719, abs=1e-4)


@pytest.mark.parametrize(
    "law", [NORMAL, HEAVY, LIGHT, stranger_model("sface-x").law(1), stranger_model("dlib-x").law(9)]
)
@pytest.mark.parametrize("rate", [0.4, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9])
def test_a_rate_gives_the_similarity_that_gives_the_rate(law, rate):
    assert law.rate(law.similarity(rate)) == pytest.approx(rate)


def test_each_number_of_references_has_its_law_and_more_have_the_last():
    model = StrangerModel([NORMAL, HEAVY])
    assert [model.law(count) for count in (0, 1, 2, 7)] == [NORMAL, NORMAL, HEAVY, HEAVY]
    assert model.law(1, Crowd()) == NORMAL


def test_a_heavy_tail_asks_for_more_and_a_light_one_for_less():
    assert HEAVY.similarity(1e-5) > NORMAL.similarity(1e-5) > LIGHT.similarity(1e-5)


def test_rates_fall_with_similarity_far_into_a_heavy_tail():
    rates = [Law(0.0, 0.1, -0.2).rate(similarity) for similarity in np.arange(0, 2, 0.05)]
    assert all(one >= next_one for one, next_one in pairwise(rates))


def test_thresholds_rise_with_cases_and_passers_by_and_fall_with_the_budget():
    def at(**changed):
        return threshold(Budget(**({"per_day": 3, "tracks_per_day": 1000} | changed)), PLAIN, references=1).similarity

    assert at(cases=10) > at()
    assert at(tracks_per_day=10_000) > at()
    assert at(per_day=30) < at()
    assert at(cases=10) == pytest.approx(at(per_day=0.3))
    words = [Budget.of(word, tracks_per_day=1000) for word in ("strict", "balanced", "wide")]
    assert [budget.per_day for budget in words] == list(PER_DAY.values())


def test_drawn_strangers_are_shown_as_often_as_was_asked_for():
    budget = Budget(3, 2000, cases=10)
    least = threshold(budget, PLAIN, references=1).similarity
    shown = (np.random.default_rng(1).normal(0, 0.1, (200, 2000, 10)) >= least).sum(axis=(1, 2))
    assert 2.5 < shown.mean() < 3.5


def test_a_crowd_that_is_more_alike_raises_the_threshold_as_it_grows():
    rng, crowd, thresholds = np.random.default_rng(2), Crowd(), []
    budget = Budget(3, 2000)
    for _ in range(3):
        thresholds.append(threshold(budget, PLAIN, references=1, crowd=crowd).similarity)
        for score in rng.normal(0.06, 0.12, 3000):
            crowd.add(NORMAL.standardised(score))
    assert thresholds[0] == threshold(budget, PLAIN, references=1).similarity
    assert thresholds[0] < thresholds[1] < thresholds[2]
    wanted = Law(0.06, 0.12, 0.0).similarity(budget.rate)
    assert thresholds[2] == pytest.approx(wanted, abs=0.02)


def test_a_crowd_leaves_out_the_sought_person_and_what_is_no_number():
    crowd = Crowd()
    for score in (0.5, -0.5, 9.0, float("nan")):
        crowd.add(score)
    assert (crowd.count, crowd.mean) == (2, 0.0)
    assert Crowd(*crowd.state).spread == crowd.spread == pytest.approx(0.7071, abs=1e-4)
    assert (Crowd().mean, Crowd().spread) == (0.0, 1.0)


def test_a_threshold_is_a_distance_too():
    assert Threshold(1.0).distance == 0.0
    assert Threshold(0.5).distance == pytest.approx(1.0)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="strict, balanced, wide, got 'loose'"):
        Budget.of("loose", tracks_per_day=10)
    with pytest.raises(ValueError, match="above 0"):
        Budget(0, 10)
    with pytest.raises(ValueError, match=r"sface-\.\.\., dlib-"):
        stranger_model("arcface")
