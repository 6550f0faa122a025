import numpy as np
import pytest

from faces import BadEmbedding
from faces.scale import Scale, evidence_of, legacy_rate, looks, model_scale

DLIB, SFACE = model_scale("dlib-resnet-v1-x"), model_scale("sface-2021dec-x")


def test_distances_of_dlib_mean_what_they_always_meant():
    assert DLIB.same_person == pytest.approx(0.5, abs=0.01)
    assert DLIB.other_person == pytest.approx(0.65, abs=0.01)
    assert DLIB.distance(1e-2) == pytest.approx(0.6, abs=0.01)
    assert DLIB.clearly == pytest.approx(0.05, abs=0.005)


def test_one_stranger_in_ten_thousand_is_nearer_than_this():
    assert DLIB.distance(1e-4) == pytest.approx(0.49, abs=0.02)
    assert SFACE.distance(1e-4) == pytest.approx(1.08, abs=0.06)


@pytest.mark.parametrize("tolerance", [0.4, 0.5, 0.6])
def test_a_tolerance_of_old_lets_as_many_strangers_pass_with_another_model(tolerance):
    mapped = SFACE.distance(legacy_rate(tolerance))
    assert SFACE.rate(mapped) == pytest.approx(DLIB.rate(tolerance), rel=1e-3)
    assert mapped > tolerance


@pytest.mark.parametrize("scale", [DLIB, SFACE])
def test_poor_views_have_to_differ_more_to_be_two_persons(scale):
    clear, poor, useless = (scale.other_person_at(quality, quality) for quality in (0.9, 0.4, 0.0))
    assert clear == scale.other_person
    assert clear < poor < useless == pytest.approx(scale.distance_at(scale.strangers.floor))


@pytest.mark.parametrize("tolerance", [1e-6, 0.2, 1.5, 2.0])
def test_every_tolerance_that_can_be_stated_is_a_rate(tolerance):
    assert 0 < legacy_rate(tolerance) <= 1


def test_many_references_are_harder_to_pass():
    assert SFACE.distance(1e-4, references=5) < SFACE.distance(1e-4)


def test_evidence_grows_as_distances_fall():
    nats = [SFACE.evidence(distance) for distance in (1.3, 1.1, 0.9, 0.5, 0.0)]
    assert nats == sorted(nats)
    assert SFACE.evidence(SFACE.distance(1e-4)) == pytest.approx(-np.log(1e-4), rel=1e-3)


def test_embeddings_are_brought_to_the_usual_length_and_keep_their_direction():
    rows = np.random.default_rng(1).normal(size=(3, 128))
    held = DLIB.held(rows)
    assert np.linalg.norm(held, axis=1) == pytest.approx([1.42] * 3)
    assert held[1] == pytest.approx(rows[1] / np.linalg.norm(rows[1]) * 1.42)
    assert DLIB.held(rows[0]).shape == (128,)


@pytest.mark.parametrize("wrong", [np.zeros((1, 128)), np.full((1, 128), np.nan), np.ones((1, 127))])
def test_what_has_no_direction_is_refused(wrong):
    with pytest.raises(BadEmbedding):
        SFACE.held(wrong)


def test_nothing_is_said_of_a_model_that_was_not_measured():
    with pytest.raises(ValueError, match="expected one of"):
        model_scale("facenet-1")


def test_distance_and_cosine_are_two_ways_to_say_the_same():
    scale = Scale(SFACE.strangers, 2.0)
    assert scale.distance_at(scale.similarity_at(1.3)) == pytest.approx(1.3)
    assert scale.similarity_at(99.0) == -1.0


def test_ten_times_fewer_strangers_are_another_2_3_nats():
    law = SFACE.strangers.law(1)
    steps = [evidence_of(law.rate(law.similarity(rate))) for rate in (1e-3, 1e-4)]
    assert steps[1] - steps[0] == pytest.approx(np.log(10), rel=1e-3)
    assert looks(1.0) == looks(0.0) == 1.0
    assert looks(5.0) > looks(2.0) > 1.0
