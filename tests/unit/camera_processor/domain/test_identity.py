"""A track carries an object as soon as its views together are evidence enough, and gives it up when they are not."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import FeatureMaps
from camera_processor.domain.identity import EAGER_VIEWS, MOST_VIEWS, Identity, Rule, View
from faces import Gallery
from tests.fakes.face_scale import SCALE

MODEL = "model-a"
RULE = Rule(SCALE)  # 1 stranger in 10,000: 0.48


def unit(seed):
    vector = np.random.default_rng(seed).normal(size=128)
    return vector / np.linalg.norm(vector)


SOUGHT = unit(1)


def at(distance, seed=2):
    """Return an embedding at this distance from the sought person's reference; each seed lies in another direction."""
    aside = unit(seed) - (unit(seed) @ SOUGHT) * SOUGHT
    cosine = 1 - distance**2 / 2
    return (cosine * SOUGHT + np.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside)).astype(np.float32)


def no_maps():
    return FeatureMaps(Gallery(), model_id=MODEL, scale=SCALE, rate=RULE.rate)


@pytest.fixture
def maps():
    maps = no_maps()
    maps.add(7, SOUGHT, MODEL)
    return maps


def seen(maps, *views, rule=RULE):
    """Return an identity that was encoded at these (distance, quality) pairs, each in another way wrong."""
    identity = Identity.unknown(SCALE)
    for number, (distance, quality) in enumerate(views):
        identity.observe(View(at(distance, seed=2 + number), quality, float(number)), maps, rule)
    return identity


def test_one_clear_view_carries_the_object(maps):
    identity = seen(maps, (0.4, 0.5))
    assert identity.carried == 7
    assert not identity.undecided
    assert identity.distance == pytest.approx(0.4, abs=1e-5)


def test_one_view_that_only_comes_near_makes_a_candidate(maps):
    identity = seen(maps, (0.55, 0.5))
    assert (identity.object_id, identity.carried) == (7, None)
    assert identity.undecided


def test_views_that_only_come_near_add_up_to_an_identity(maps):
    identity = seen(maps, *[(0.55, 0.5)] * 3)
    assert identity.carried == 7
    assert identity.distance < 0.45


def test_the_same_view_again_adds_nothing(maps):
    identity = Identity.unknown(SCALE)
    for number in range(20):
        identity.observe(View(at(0.55), 0.5, float(number)), maps, RULE)
    assert (identity.object_id, identity.carried) == (7, None)
    assert not identity.undecided, f"{EAGER_VIEWS} views were enough to see that there is no hurry"


@pytest.mark.parametrize("hits", [1, 2, 4])
def test_no_fewer_views_than_the_rule_asks_for(maps, hits):
    rule = Rule(SCALE, hits=hits)
    views = [(0.3, 0.5)] * hits
    assert seen(maps, *views, rule=rule).carried == 7
    assert seen(maps, *views[1:], rule=rule).carried is None


def test_a_stranger_is_compared_but_not_proposed(maps):
    identity = seen(maps, (0.8, 0.5))
    assert identity.object_id is None
    assert identity.distance == pytest.approx(0.8, abs=1e-5)


def test_a_candidate_whose_second_view_contradicts_is_dropped(maps):
    assert seen(maps, (0.55, 0.5), (0.8, 0.5)).object_id is None


def test_a_view_as_good_as_the_best_takes_the_object_away(maps):
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.6)).object_id is None


def test_one_poorer_view_does_not_take_it_away_but_two_do(maps):
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.2)).carried == 7
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.2), (0.7, 0.2)).carried is None


def test_what_was_seen_before_a_contradiction_speaks_for_nobody_any_more(maps):
    identity = seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.6))
    assert [view.quality for view in identity.views] == [0.6]
    assert identity.template.views == 1


def test_a_hit_in_between_forgives_the_poorer_view(maps):
    views = (0.4, 0.5), (0.4, 0.5), (0.7, 0.2), (0.4, 0.2), (0.7, 0.2)
    assert seen(maps, *views).carried == 7


def test_a_distance_just_over_the_threshold_changes_nothing(maps):
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.53, 0.9), (0.53, 0.9), (0.53, 0.9)).carried == 7


def test_an_object_whose_evidence_is_gone_is_given_up(maps):
    identity = seen(maps, (0.4, 0.5))
    maps.set_threshold(7, 0.01)
    identity.learn(maps, RULE)
    assert identity.carried is None


def test_two_objects_that_are_the_same_person_do_not_take_turns(maps):
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5))
    maps.add(8, at(0.3, seed=20), MODEL)
    identity.learn(maps, RULE)
    identity.observe(View(at(0.3, seed=20), 0.9, 9.0), maps, RULE)
    assert identity.carried == 7


def test_a_new_object_is_judged_by_all_that_was_seen():
    maps = no_maps()
    identity = seen(maps, *[(0.55, 0.5)] * 3)
    assert identity.distance is None
    maps.add(7, SOUGHT, MODEL)
    identity.learn(maps, RULE)
    assert identity.carried == 7


def test_a_forgotten_object_is_given_up_for_the_next_nearest(maps):
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5))
    maps.add(8, at(0.2, seed=30), MODEL)
    maps.remove(7)
    identity.forget(7, maps, RULE)
    assert identity.carried == 8
    maps.remove(8)
    identity.forget(8, maps, RULE)
    assert identity.object_id is None


def test_forgetting_an_object_that_it_is_not_changes_nothing(maps):
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5))
    identity.forget(99, maps, RULE)
    assert identity.carried == 7


def test_an_operators_word_is_enough(maps):
    identity = seen(maps, (0.8, 0.5))
    identity.name(7)
    assert identity.carried == 7


def test_only_the_best_views_are_kept(maps):
    identity = seen(maps, *[(0.3, quality / 20) for quality in range(1, 15)])
    assert len(identity.views) == MOST_VIEWS
    assert identity.best.quality == pytest.approx(0.7)
    assert identity.template.views == 14


@pytest.mark.parametrize("wrong", [{"rate": 0.0}, {"rate": 1.1}, {"hits": 0}])
def test_a_rule_that_means_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="expected 0 < rate <= 1"):
        Rule(SCALE, **wrong)


@pytest.mark.parametrize(("threshold", "carried"), [(0.2, None), (None, 7), (0.7, 7)])
def test_an_objects_own_threshold_decides_about_it(maps, threshold, carried):
    maps.set_threshold(7, threshold)
    distance = 0.65 if threshold == 0.7 else 0.3
    assert seen(maps, (distance, 0.5)).carried == carried


def test_a_tighter_threshold_that_comes_later_takes_the_name_away(maps):
    identity = seen(maps, (0.4, 0.5), (0.4, 0.5))
    maps.set_threshold(7, 0.1)
    identity.observe(View(at(0.4), 0.6, 9.0), maps, RULE)
    assert identity.carried is None


def test_views_are_compared_by_the_objects_own_threshold_when_it_is_learned(maps):
    identity = seen(no_maps(), (0.4, 0.5))
    maps.set_threshold(7, 0.2)
    identity.learn(maps, RULE)
    assert identity.object_id is None
    maps.set_threshold(7, 0.5)
    identity.learn(maps, RULE)
    assert identity.carried == 7
