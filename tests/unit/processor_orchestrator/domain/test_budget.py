"""From a budget to a distance and back, as the face engines have it."""

import math

import pytest

from backbone.face_models.laws import law_of
from backbone.face_models.names import DLIB, SFACE
from faces.budget import PER_DAY as ENGINES_PER_DAY
from faces.budget import Budget, stranger_model
from faces.budget import threshold as engines_threshold
from faces.template import similarity_of
from processor_orchestrator.domain.budget import (
    MOST_AMONG,
    ONE_IN_ALL,
    PER_DAY,
    distance_of,
    strangers_among,
)

LENGTH = {SFACE: 1.0, DLIB: 1.41}


@pytest.mark.parametrize("model", [SFACE, DLIB])
@pytest.mark.parametrize("references", [1, 3, 5, 40])
@pytest.mark.parametrize("rate", [0.4, 1e-2, 3e-4, 1e-5, 1e-8])
def test_a_distance_is_the_engines_threshold_for_one_reference_and_the_share_of_each(model, references, rate):
    engines = engines_threshold(Budget(rate, 1.0, references), stranger_model(model), references=1)
    told = distance_of(rate, model, references=references)
    assert told == pytest.approx(engines.distance * LENGTH[model], abs=1e-3)


@pytest.mark.parametrize("model", [SFACE, DLIB])
@pytest.mark.parametrize("distance", [0.3, 0.5, 0.9, 1.2])
def test_the_share_of_strangers_is_the_engines(model, distance):
    similarity = similarity_of(distance / LENGTH[model])
    rate = stranger_model(model).law(1).rate(similarity)
    assert law_of(model).rate(distance) == pytest.approx(rate, abs=1e-3)
    share = 1e4 * rate / (1e4 * rate + 1)
    told = strangers_among(distance, model, references=1, faces_per_day=1e4)
    if 0.001 < share < 0.4:
        assert told == pytest.approx(1 / share, rel=0.3)
    else:
        assert (told <= 2) == (share >= 0.4)


def test_the_words_stand_for_what_the_engines_take_them_for():
    assert {word.value: number for word, number in PER_DAY.items()} == ENGINES_PER_DAY


def test_more_references_and_fewer_candidates_are_stricter():
    for model in (SFACE, DLIB):
        distances = [distance_of(1e-3, model, references=count) for count in (1, 2, 5, 100)]
        assert distances == sorted(distances, reverse=True)
        assert distance_of(1e-4, model, references=1) < distances[0]


def test_nothing_is_known_of_a_strange_model_or_of_no_reference():
    assert law_of("m") is None
    assert distance_of(1e-3, "m", references=1) is None
    assert distance_of(1e-3, SFACE, references=0) is None
    assert strangers_among(0.4, "m", references=1, faces_per_day=1e4) is None
    assert strangers_among(0.4, DLIB, references=0, faces_per_day=1e4) is None


def test_the_nearer_a_face_the_fewer_such_candidates_are_strangers():
    told = [strangers_among(far, SFACE, references=1, faces_per_day=1e4) for far in (1.3, 1.12, 1.05, 1.0, 0.9, 0.4)]
    assert told[0] == ONE_IN_ALL
    assert told[-1] == MOST_AMONG
    assert told == sorted(told)
    assert all(number < 20 or number % 5 == 0 for number in told), "nobody knows more than a digit or two"


@pytest.mark.parametrize(
    ("share", "among"),
    [(0.9, ONE_IN_ALL), (0.5, 2), (0.33, 3), (1 / 41, 40), (1 / 320, 300), (1e-9, MOST_AMONG)],
)
def test_a_share_of_strangers_is_said_as_one_of_so_many(share, among):
    distance = law_of(SFACE).distance(share / (1 - share) / 1e4)
    assert strangers_among(distance, SFACE, references=1, faces_per_day=1e4) == among


def test_the_share_of_strangers_rises_with_distance():
    told = [strangers_among(far, SFACE, references=1, faces_per_day=1e3) for far in (1.0, 1.1, 1.18, 1.27)]
    assert told == sorted(told, reverse=True)
    assert told[0] >= 900
    assert told[-1] == ONE_IN_ALL


def test_of_a_hundred_references_no_more_than_everybody_is_near():
    assert strangers_among(1.9, SFACE, references=100, faces_per_day=1e4) == ONE_IN_ALL
    assert not math.isnan(distance_of(0.5, SFACE, references=100))
