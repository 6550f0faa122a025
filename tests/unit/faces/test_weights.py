import pytest

from faces import WeightsMissing
from faces.weights import ENCODER, model_id, weights_path


def test_the_same_bytes_have_the_same_name_and_other_bytes_another(tmp_path):
    for name, content in (("a", b"weights"), ("b", b"weights"), ("c", b"other")):
        (tmp_path / name).write_bytes(content)
    assert model_id(tmp_path / "a") == model_id(tmp_path / "b") != model_id(tmp_path / "c")


def test_the_encoder_is_where_its_package_is():
    assert weights_path(ENCODER).name == ENCODER


def test_a_missing_file_is_named():
    with pytest.raises(WeightsMissing, match=r"expected the weights file none\.dat"):
        weights_path("none.dat")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr("faces.weights._PACKAGE", "no_such_package_of_models")
    with pytest.raises(WeightsMissing, match="no_such_package_of_models"):
        weights_path(ENCODER)
