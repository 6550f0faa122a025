"""What the views of a track add up to, with embeddings as random as they can be: strangers by the law, people by it."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import FeatureMaps
from camera_processor.domain.identity import Identity, Rule, View
from faces import BadEmbedding, Gallery
from faces.budget import Budget, Law, StrangerModel
from faces.scale import Scale, looks

# What directions drawn at random in 128 dimensions are like.
SCALE = Scale(StrangerModel([Law(0.0, 1 / np.sqrt(128), 0.0)]))
MODEL = "random"


def unit(row):
    return row / np.linalg.norm(row)


def view_of(person, rng, quality, at):
    seen = unit(person + rng.normal(0, np.sqrt(1 / quality**2 - 1) / np.sqrt(128), 128))
    return View(seen.astype(np.float32), quality, at)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def people(rng):
    return [unit(row) for row in rng.normal(size=(4, 128))]


def maps_of(people, rate=1e-4):
    maps = FeatureMaps(Gallery(), model_id=MODEL, scale=SCALE, rate=rate)
    for number, person in enumerate(people):
        maps.add(number, person, MODEL)
    return maps


@pytest.fixture
def maps(people):
    return maps_of(people[:3])


def evidence_for(identity, maps, number):
    return maps.compare(number, identity.face(SCALE), quality=identity.template.quality).evidence


def test_weak_views_of_a_sought_person_add_up_to_a_name(people, maps, rng):
    identity, so_far = Identity.unknown(SCALE), []
    for second in range(8):
        identity.observe(view_of(people[1], rng, 0.25, 5.0 * second), maps, Rule(SCALE))
        so_far.append(evidence_for(identity, maps, 1))
        if second == 0:
            assert identity.carried is None
    assert so_far[-1] > so_far[0] + 5
    assert identity.carried == 1


def test_the_same_view_again_and_again_adds_nothing(people, maps, rng):
    identity, view = Identity.unknown(SCALE), view_of(people[1], rng, 0.25, 0.0)
    identity.observe(view, maps, Rule(SCALE))
    first, once = evidence_for(identity, maps, 1), looks(identity.template.worth)
    for second in range(50):
        identity.observe(View(view.embedding, view.quality, float(second)), maps, Rule(SCALE))
    assert evidence_for(identity, maps, 1) == pytest.approx(first, abs=1e-4)
    assert looks(identity.template.worth) == pytest.approx(once, abs=1e-4)


def test_strangers_are_named_no_more_often_than_the_budget_says(people, rng):
    budget, named = Budget(10, 1000, cases=3), 0
    maps, rule = maps_of(people[:3], budget.rate), Rule(SCALE, rate=budget.rate)
    for _ in range(1000):
        stranger, identity, seen = unit(rng.normal(size=128)), Identity.unknown(SCALE), False
        for second in range(4):
            identity.observe(view_of(stranger, rng, 0.5, 5.0 * second), maps, rule)
            seen = seen or identity.carried is not None
        named += seen
    assert 3 <= named <= 20


def test_nobody_is_named_before_the_first_view_and_one_clear_view_may_name(people, maps, rng):
    identity = Identity.unknown(SCALE)
    identity.learn(maps, Rule(SCALE))
    assert (identity.carried, identity.template.views) == (None, 0)
    assert not identity.face(SCALE).any()
    identity.observe(view_of(people[0], rng, 0.9, 0.0), maps, Rule(SCALE))
    assert identity.carried == 0


def test_a_case_that_is_opened_later_is_judged_by_all_views(people, maps, rng):
    identity = Identity.unknown(SCALE)
    for second in range(8):
        identity.observe(view_of(people[3], rng, 0.3, 5.0 * second), maps, Rule(SCALE))
    assert identity.carried is None
    maps.add(9, people[3], MODEL)
    identity.learn(maps, Rule(SCALE))
    assert identity.carried == 9


def test_what_is_no_embedding_is_refused(maps):
    with pytest.raises(BadEmbedding):
        Identity.unknown(SCALE).observe(View(np.full(128, np.nan, np.float32), 0.5, 0.0), maps, Rule(SCALE))
