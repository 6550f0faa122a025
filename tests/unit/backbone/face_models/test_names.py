"""The models that every role knows by name are those of the engines, which the backbone does not import."""

from backbone.face_models.names import DEFAULT, DLIB, SFACE, TOLERANCES
from faces import DEFAULT_ENGINE, ENGINES, engine_kind


def test_the_names_are_those_of_the_engines():
    assert {kind.model_id for kind in ENGINES.values()} == {DLIB, SFACE} == set(TOLERANCES)
    assert (engine_kind("dlib").model_id, engine_kind("sface").model_id) == (DLIB, SFACE)


def test_the_default_is_the_model_of_the_default_engine():
    assert engine_kind(DEFAULT_ENGINE).model_id == DEFAULT
