"""The models that every role knows by name are those of the engines, which the backbone does not import."""

import pytest

from backbone.wire.models import DEFAULT, DLIB, EQUAL, LARGEST, SFACE, TOLERANCES, rescaled
from faces import DEFAULT_ENGINE, ENGINES, engine_kind
from faces.budget import stranger_model

LENGTHS = {DLIB: 1.42, SFACE: 1.0}  # of embeddings, usually


def test_the_names_are_those_of_the_engines():
    assert {kind.model_id for kind in ENGINES.values()} == {DLIB, SFACE} == set(TOLERANCES)
    assert (engine_kind("dlib").model_id, engine_kind("sface").model_id) == (DLIB, SFACE)


def test_the_default_is_the_model_of_the_default_engine():
    assert engine_kind(DEFAULT_ENGINE).model_id == DEFAULT


@pytest.mark.parametrize(
    ("dlibs", "sfaces"), [(0.0, 0.0), (0.2, 0.494), (0.4, 0.988), (0.5, 1.108), (0.55, 1.118), (0.6, 1.128)]
)
def test_a_distance_of_one_model_is_told_to_the_other_and_back(dlibs, sfaces):
    assert rescaled(dlibs, of=DLIB, to=SFACE) == pytest.approx(sfaces)
    assert rescaled(sfaces, of=SFACE, to=DLIB) == pytest.approx(dlibs)


def test_no_distance_is_beyond_the_largest_and_the_usual_ones_are_equal():
    assert rescaled(LARGEST, of=DLIB, to=SFACE) == rescaled(1.9, of=DLIB, to=SFACE) == LARGEST
    assert rescaled(TOLERANCES[DLIB], of=DLIB, to=SFACE) == pytest.approx(TOLERANCES[SFACE])
    assert rescaled(0.5, of=DLIB, to="strange") == 0.5


@pytest.mark.parametrize("index", [1, 2, 3])
def test_equal_distances_let_as_many_strangers_pass(index):
    dlibs, sfaces = (_rate(model, EQUAL[model][index]) for model in (DLIB, SFACE))
    assert 0.5 < dlibs / sfaces < 2.0


def _rate(model, distance):
    return stranger_model(model).law(1).rate(1 - (distance / LENGTHS[model]) ** 2 / 2)
