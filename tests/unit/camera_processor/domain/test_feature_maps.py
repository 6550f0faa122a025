"""Feature maps of one model are kept by object; those of another model are refused."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import MOST_REFERENCES, BadModel, FeatureMaps
from faces import BadEmbedding, Gallery

MODEL = "model-a"


def unit(seed):
    vector = np.random.default_rng(seed).normal(size=128)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def maps():
    return FeatureMaps(Gallery(), model_id=MODEL)


def test_the_nearest_object_is_that_of_the_nearest_reference(maps):
    maps.add(1, [unit(1), unit(2)], MODEL)
    maps.add(2, unit(3), MODEL)
    assert maps.nearest(unit(2)).case_id == 1
    assert maps.distance(1, unit(2)) == pytest.approx(0.0, abs=1e-6)
    assert maps.distance(2, unit(2)) == pytest.approx(np.linalg.norm(unit(2) - unit(3)), abs=1e-6)


@pytest.mark.parametrize("other", ["model-b", None])
def test_a_map_of_another_model_is_refused_and_changes_nothing(maps, other):
    with pytest.raises(BadModel, match=f"expected a feature map of model model-a, got {other}"):
        maps.add(1, [unit(1)], other)
    assert len(maps) == 0


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [[float("nan")] * 128], [["a"] * 128]])
def test_what_is_no_embedding_is_refused_and_changes_nothing(maps, wrong):
    with pytest.raises(BadEmbedding):
        maps.add(1, wrong, MODEL)
    assert len(maps) == 0


def test_the_same_map_again_adds_nothing(maps):
    assert maps.add(1, unit(1), MODEL)
    assert not maps.add(1, unit(1).astype(float).tolist(), MODEL)


def test_references_are_bounded_and_the_rest_is_counted(maps):
    maps.add(1, [unit(seed) for seed in range(MOST_REFERENCES + 5)], MODEL)
    assert maps.dropped == 5
    assert maps.distance(1, unit(MOST_REFERENCES + 1)) > 0.5


def test_a_face_that_is_nearer_to_a_negative_hits_nothing_but_another_object_may_be_hit():
    maps = FeatureMaps(Gallery(), model_id=MODEL)
    face = unit(1)
    maps.add(1, face + 0.01, MODEL)
    maps.add(2, face + 0.02, MODEL)
    assert maps.nearest_hit(face, 0.5).case_id == 1
    assert maps.set_negatives(1, [(face + 0.005).tolist()])
    assert not maps.set_negatives(1, [(face + 0.005).tolist()])
    assert maps.distance(1, face) == float("inf")
    assert maps.nearest_hit(face, 0.5).case_id == 2
    assert maps.nearest_hit(face + 0.01, 0.5).case_id == 1, "the person's own face is still found"
    maps.remove(1)
    maps.add(1, face + 0.01, MODEL)
    assert maps.nearest_hit(face, 0.5).case_id == 1, "who is sought anew has no negatives"


def test_a_forgotten_object_is_infinitely_far(maps):
    maps.add(1, unit(1), MODEL)
    assert maps.remove(1)
    assert not maps.remove(1)
    assert maps.nearest(unit(1)) is None
    assert maps.distance(1, unit(1)) == float("inf")


def test_a_hit_is_judged_by_its_objects_own_threshold(maps):
    near, far = unit(1), unit(2)
    between = (near + 0.4 * (far - near)).astype(np.float32)
    apart = float(np.linalg.norm(near - between))
    maps.add(1, near, MODEL)
    maps.add(2, far, MODEL)
    assert maps.nearest_hit(between, apart + 0.01).case_id == 1
    assert maps.nearest_hit(between, apart - 0.01) is None
    maps.set_threshold(1, apart - 0.01)
    assert maps.nearest_hit(between, apart + 0.01) is None
    maps.set_threshold(2, 2.0)
    assert maps.nearest_hit(between, apart + 0.01).case_id == 2, "the nearest of all is out of its tighter threshold"
    maps.set_threshold(1, None)
    assert maps.nearest_hit(between, apart + 0.01).case_id == 1


def test_a_threshold_goes_with_its_object(maps):
    maps.add(1, unit(1), MODEL)
    maps.set_threshold(1, 0.2)
    maps.remove(1)
    assert maps.threshold(1, 0.5) == 0.5
