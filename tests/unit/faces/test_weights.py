import pytest

from faces import WeightsMissing
from faces.weights import ENCODER, model_id, weights_path


def test_a_model_is_named_by_the_digest_of_its_weights():
    assert model_id("0123456789abcdef" * 4) == "dlib-resnet-v1-0123456789ab"


def test_the_encoder_is_where_its_package_is():
    assert weights_path(ENCODER).name == ENCODER


def test_a_missing_file_is_named():
    with pytest.raises(WeightsMissing, match=r"expected the weights file none\.dat"):
        weights_path("none.dat")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("faces.weights._PACKAGE", "no_such_package_of_models")
    with pytest.raises(WeightsMissing, match="no_such_package_of_models"):
        weights_path(ENCODER)
