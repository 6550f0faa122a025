"""What distances mean, by the laws that the face engines keep."""

import pytest

from backbone.face_models.laws import law_of, same_strangers
from backbone.face_models.names import DLIB, SFACE
from faces.budget import stranger_model
from faces.template import similarity_of

LENGTH = {SFACE: 1.0, DLIB: 1.41}


@pytest.mark.parametrize("model", [SFACE, DLIB])
@pytest.mark.parametrize("distance", [0.3, 0.5, 0.9, 1.2])
def test_the_share_of_strangers_is_the_engines(model, distance):
    rate = stranger_model(model).law(1).rate(similarity_of(distance / LENGTH[model]))
    assert law_of(model).rate(distance) == pytest.approx(rate, abs=1e-3)


@pytest.mark.parametrize("model", [SFACE, DLIB])
def test_a_distance_and_its_share_of_strangers_are_two_ways_to_say_the_same(model):
    law = law_of(model)
    for rate in (0.99, 0.3, 1e-2, 1e-4, 1e-7):
        assert law.rate(law.distance(rate)) == pytest.approx(rate, rel=1e-6)
    assert law.distance(0.0) > 0.0, "rates are held"
    assert law.distance(20.0) == law.distance(1.0) < 2.0


def test_a_stated_distance_lets_as_many_strangers_pass_with_another_model():
    for stated in (0.3, 0.45, 0.6, 1.0):
        assert same_strangers(stated, to=DLIB) == same_strangers(stated, to="m") == stated
        other = same_strangers(stated, to=SFACE)
        assert law_of(SFACE).rate(other) == pytest.approx(law_of(DLIB).rate(stated), rel=1e-6)
    assert same_strangers(2.0, to=SFACE) <= 2.0


def test_a_distance_of_one_model_is_told_to_the_other_and_back():
    for stated in (0.3, 0.5, 0.6):
        other = same_strangers(stated, of=DLIB, to=SFACE)
        assert same_strangers(other, of=SFACE, to=DLIB) == pytest.approx(stated, abs=1e-6)
