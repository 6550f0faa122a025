"""One encoding names nobody; independent hits do, and a view as good as the best takes the name away again."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import FeatureMaps
from camera_processor.domain.identity import MOST_VIEWS, Identity, Rule, View
from faces import Gallery

MODEL = "model-a"
RULE = Rule(threshold=0.5, margin=0.05, hits=2)


def unit(seed):
    vector = np.random.default_rng(seed).normal(size=128)
    return vector / np.linalg.norm(vector)


SOUGHT, ASIDE = unit(1), unit(2)


def at(distance, seed=2):
    """Return an embedding at this distance from the sought person's reference."""
    return (SOUGHT + distance * unit(seed)).astype(np.float32)


@pytest.fixture
def maps():
    maps = FeatureMaps(Gallery(), model_id=MODEL)
    maps.add(7, SOUGHT, MODEL)
    return maps


def seen(maps, *views, rule=RULE):
    """Return an identity that was encoded at these (distance, quality) pairs."""
    identity = Identity()
    for number, (distance, quality) in enumerate(views):
        identity.observe(View(at(distance, seed=2 + number), quality, float(number)), maps, rule)
    return identity


def test_one_hit_makes_a_candidate_only(maps):
    identity = seen(maps, (0.3, 0.5))
    assert (identity.object_id, identity.carried(RULE)) == (7, None)
    assert identity.undecided(RULE)
    assert identity.distance == pytest.approx(0.3, abs=1e-5)


def test_two_hits_carry_the_object(maps):
    identity = seen(maps, (0.4, 0.5), (0.3, 0.5))
    assert identity.carried(RULE) == 7
    assert not identity.undecided(RULE)
    assert identity.distance == pytest.approx(0.3, abs=1e-5)


@pytest.mark.parametrize("hits", [1, 2, 4])
def test_as_many_hits_as_the_rule_asks_for(maps, hits):
    rule = Rule(hits=hits)
    views = [(0.3, 0.5)] * hits
    assert seen(maps, *views, rule=rule).carried(rule) == 7
    assert seen(maps, *views[1:], rule=rule).carried(rule) is None


def test_a_stranger_is_compared_but_not_proposed(maps):
    identity = seen(maps, (0.8, 0.5))
    assert identity.object_id is None
    assert identity.distance == pytest.approx(0.8, abs=1e-5)


def test_a_candidate_whose_second_view_contradicts_is_dropped(maps):
    assert seen(maps, (0.45, 0.5), (0.7, 0.5)).object_id is None


def test_a_view_as_good_as_the_best_takes_the_object_away(maps):
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.6)).object_id is None


def test_one_poorer_view_does_not_take_it_away_but_two_do(maps):
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.2)).carried(RULE) == 7
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.7, 0.2), (0.7, 0.2)).carried(RULE) is None


def test_a_hit_in_between_forgives_the_poorer_view(maps):
    views = (0.4, 0.5), (0.4, 0.5), (0.7, 0.2), (0.4, 0.2), (0.7, 0.2)
    assert seen(maps, *views).carried(RULE) == 7


def test_a_distance_just_over_the_threshold_changes_nothing(maps):
    assert seen(maps, (0.4, 0.5), (0.4, 0.5), (0.53, 0.9), (0.53, 0.9), (0.53, 0.9)).carried(RULE) == 7


def test_two_objects_that_are_the_same_person_do_not_take_turns(maps):
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5))
    maps.add(8, at(0.3, seed=20), MODEL)
    identity.learn(8, maps, RULE)
    identity.observe(View(at(0.3, seed=20), 0.9, 9.0), maps, RULE)
    assert identity.carried(RULE) == 7


def test_a_new_object_counts_the_stored_views_as_one_hit():
    maps = FeatureMaps(Gallery(), model_id=MODEL)
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5), (0.3, 0.5))
    assert identity.distance is None
    maps.add(7, SOUGHT, MODEL)
    identity.learn(7, maps, RULE)
    assert (identity.object_id, identity.carried(RULE)) == (7, None)
    identity.observe(View(at(0.3, seed=9), 0.5, 9.0), maps, RULE)
    assert identity.carried(RULE) == 7


def test_a_forgotten_object_is_given_up_for_the_next_nearest(maps):
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5))
    maps.add(8, at(0.2, seed=30), MODEL)
    maps.remove(7)
    identity.forget(7, maps, RULE)
    assert (identity.object_id, identity.carried(RULE)) == (8, None)
    maps.remove(8)
    identity.forget(8, maps, RULE)
    assert identity.object_id is None


def test_forgetting_an_object_that_it_is_not_changes_nothing(maps):
    identity = seen(maps, (0.3, 0.5), (0.3, 0.5))
    identity.forget(99, maps, RULE)
    assert identity.carried(RULE) == 7


def test_an_operators_word_is_enough(maps):
    identity = seen(maps, (0.8, 0.5))
    identity.name(7, RULE)
    assert identity.carried(RULE) == 7


def test_only_the_best_views_are_kept(maps):
    identity = seen(maps, *[(0.3, quality / 20) for quality in range(1, 15)])
    assert len(identity.views) == MOST_VIEWS
    assert identity.best.quality == pytest.approx(0.7)


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"margin": -0.1}, {"hits": 0}])
def test_a_rule_that_means_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="expected threshold > 0"):
        Rule(**wrong)


@pytest.mark.parametrize(("threshold", "carried"), [(0.2, None), (None, 7), (0.7, 7)])
def test_an_objects_own_threshold_decides_about_it(maps, threshold, carried):
    maps.set_threshold(7, threshold)
    distance = 0.65 if threshold == 0.7 else 0.3
    assert seen(maps, (distance, 0.5), (distance, 0.5)).carried(RULE) == carried


def test_a_tighter_threshold_that_comes_later_takes_the_name_away(maps):
    identity = seen(maps, (0.4, 0.5), (0.4, 0.5))
    maps.set_threshold(7, 0.2)
    identity.observe(View(at(0.4), 0.6, 9.0), maps, RULE)
    assert identity.carried(RULE) is None


def test_views_are_compared_by_the_objects_own_threshold_when_it_is_learned(maps):
    identity = seen(FeatureMaps(Gallery(), model_id=MODEL), (0.4, 0.5))
    maps.set_threshold(7, 0.3)
    identity.learn(7, maps, RULE)
    assert identity.object_id is None
    maps.set_threshold(7, 0.5)
    identity.learn(7, maps, RULE)
    assert identity.object_id == 7
