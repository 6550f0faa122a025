"""Feature maps of one model are kept by object; those of another model are refused."""

import numpy as np
import pytest

from camera_processor.domain.feature_maps import MOST_REFERENCES, BadModel, FeatureMaps
from faces import BadEmbedding, Gallery
from tests.fakes.face_scale import SCALE

MODEL = "model-a"


def unit(seed):
    vector = np.random.default_rng(seed).normal(size=128)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def no_maps(rate=1e-4):
    return FeatureMaps(Gallery(), model_id=MODEL, scale=SCALE, rate=rate)


@pytest.fixture
def maps():
    return no_maps()


def named(maps, face):
    """Return the object that a face has evidence enough for."""
    best = maps.best(face)
    return best.object_id if best is not None and best.evidence >= best.bound else None


def test_the_nearest_object_is_that_of_the_nearest_reference(maps):
    maps.add(1, [unit(1), unit(2)], MODEL)
    maps.add(2, unit(3), MODEL)
    assert maps.best(unit(2)).object_id == 1
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


def test_a_face_that_is_nearer_to_a_negative_speaks_for_nothing_but_another_object_may_be_found(maps):
    face, other = unit(1), unit(2)
    maps.add(1, face + 0.2 * other, MODEL)
    maps.add(2, face - 0.3 * other, MODEL)
    assert named(maps, face) == 1
    negative = (face + 0.05 * other).tolist()
    assert maps.set_negatives(1, [negative])
    assert not maps.set_negatives(1, [negative])
    assert maps.distance(1, face) == float("inf")
    assert named(maps, face) == 2
    assert named(maps, SCALE.held(face + 0.2 * other)) == 1, "the person's own face is still found"
    maps.remove(1)
    maps.add(1, face + 0.2 * other, MODEL)
    assert named(maps, face) == 1, "who is sought anew has no negatives"


def test_a_forgotten_object_is_infinitely_far(maps):
    maps.add(1, unit(1), MODEL)
    assert maps.remove(1)
    assert not maps.remove(1)
    assert maps.best(unit(1)) is None
    assert maps.distance(1, unit(1)) == float("inf")


def test_evidence_is_measured_by_what_each_object_asks_for(maps):
    near, far = unit(1), unit(2)
    between = SCALE.held(near + 0.4 * (far - near))
    maps.add(1, near, MODEL)
    maps.add(2, far, MODEL)
    apart = maps.distance(1, between)
    maps.set_threshold(1, apart + 0.01)
    assert named(maps, between) == 1
    maps.set_threshold(1, apart - 0.01)
    assert named(maps, between) is None
    maps.set_threshold(2, SCALE.length * 2)
    assert named(maps, between) == 2, "the nearest of all is out of its tighter threshold"
    maps.set_threshold(1, None)
    assert maps.rate(1) == 1e-4


def test_a_threshold_goes_with_its_object(maps):
    maps.add(1, unit(1), MODEL)
    maps.set_threshold(1, 0.9)
    maps.remove(1)
    assert maps.rate(1) == 1e-4


def test_a_face_is_compared_with_each_reference_and_with_all_as_one(maps):
    person, views = unit(1), [SCALE.held(unit(1) + 0.6 * unit(seed)) for seed in range(10, 18)]
    maps.add(1, views, MODEL)
    alone = no_maps()
    alone.add(1, views[:1], MODEL)
    assert maps.compare(1, person).evidence > alone.compare(1, person).evidence
    assert maps.compare(1, person).distance < min(np.linalg.norm(view - person) for view in views)
    assert maps.compare(1, views[3]).distance == pytest.approx(0.0, abs=1e-5)


def test_length_means_nothing(maps):
    maps.add(1, 5 * unit(1), MODEL)
    assert maps.distance(1, unit(1)) == pytest.approx(0.0, abs=1e-6)


def test_of_very_many_objects_the_right_one_is_found(maps):
    for seed in range(200):
        maps.add(seed, unit(seed), MODEL)
    assert named(maps, SCALE.held(unit(150) + 0.3 * unit(7))) == 150
