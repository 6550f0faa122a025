import numpy as np
import pytest

from benchmarks.error_budget import fitted, kept_budgets, measured_laws
from benchmarks.error_embeddings import Photos, Views
from benchmarks.error_identification import Cases, Scores, Tracks, days_scores, photo_scores, threshold_at, track_scores
from benchmarks.error_rates import Rate
from benchmarks.error_tables import budget_table, identification_table, passed_by, strangers_of
from faces.budget import Law, StrangerModel
from faces.quality import MEASURES

PEOPLE, STRANGERS = 12, 150
MODEL_ID = "sface-drawn"


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.fixture(scope="module")
def photos():
    rng = np.random.default_rng(1)
    persons = [f"person {number}" for number in range(PEOPLE) for _ in range(5)]
    middles = np.repeat(unit(rng.normal(size=(PEOPLE, 128))), 5, axis=0)
    rows = np.concatenate([middles + rng.normal(0, 0.05, middles.shape), rng.normal(size=(STRANGERS, 128))])
    persons += [f"stranger {number}" for number in range(STRANGERS)]
    return Photos(unit(rows).astype(np.float32), np.array(persons), np.array(persons), [])


@pytest.fixture(scope="module")
def views(photos):
    rng = np.random.default_rng(2)
    rows = [5 * number + 3 for number in range(PEOPLE)] + list(range(5 * PEOPLE, 5 * PEOPLE + 40))
    photo = np.repeat(rows, 4)
    embeddings = unit(photos.embeddings[photo] + rng.normal(0, 0.15, (len(photo), 128))).astype(np.float32)
    measures = np.tile([6.0, 0.9, 0.0, 0.0, 0.4, 0.1, 0.1, -2.0, -3.0], (len(photo), 1))
    assert measures.shape[1] == len(MEASURES)
    conditions = np.full(len(photo), "weak")
    return Views(embeddings, measures, photo, conditions, np.tile(np.arange(4), len(rows)), np.ones(len(photo), bool))


def test_a_threshold_is_passed_by_the_asked_share_and_no_more():
    scores = np.linspace(0, 1, 1001)
    assert (scores >= threshold_at(scores, 0.01)).sum() == 10
    assert (scores >= threshold_at(scores, 1e-6)).sum() == 0


def test_people_are_found_by_their_own_case_alone():
    scores = Scores(np.array([[0.9, 0.1], [0.2, 0.3], [0.4, 0.8]]), np.array([0, 1, -1]), np.full(3, "photo"))
    assert scores.of_strangers.tolist() == [0.4, 0.8]
    assert scores.found("photo", 0.5) == Rate(1, 2)
    assert scores.found("dark", 0.5) == Rate(0, 0)


def test_references_are_no_probes_and_strangers_are_nobodys(photos):
    cases = Cases.of(photos)
    scores = photo_scores(photos, cases)
    assert len(cases.people) == PEOPLE
    assert len(scores.case) == 2 * PEOPLE + STRANGERS
    assert (scores.case == -1).sum() == STRANGERS
    assert scores.found("photo", 0.4).share == 1.0
    assert days_scores(photos).found("days", 0.4).share == 1.0


def test_tracks_find_more_than_single_views(photos, views):
    cases, tracks = Cases.of(photos), Tracks.of(views, MODEL_ID)
    whole = track_scores(photos, tracks, cases, MODEL_ID)
    own = np.flatnonzero(whole.case >= 0)
    first = tracks.templates[own, 0] @ cases.templates.T
    assert len(own) == PEOPLE
    assert (whole.similar[own, whole.case[own]] > first[np.arange(PEOPLE), whole.case[own]]).all()
    assert (np.diff(tracks.worth, axis=1) > 0).all()
    assert [len(one) for one in passed_by(photos, tracks)] == [40, 40]
    table = identification_table(photos, views, tracks, MODEL_ID)
    assert "| weak, track of four views |" in table
    assert f"{PEOPLE} cases, {STRANGERS} strangers" in table


def test_a_fitted_law_is_the_one_that_scores_were_drawn_from():
    law = fitted(np.random.default_rng(3).normal(0.05, 0.1, 1_000_000))
    assert (law.mean, law.spread) == (pytest.approx(0.05, abs=1e-3), pytest.approx(0.1, abs=1e-3))
    assert law.bend == pytest.approx(0, abs=0.02)


def test_a_budget_of_drawn_strangers_is_kept(photos):
    laws = measured_laws(photos, strangers_of(photos))
    assert len(laws) == 5
    kept = kept_budgets(photos, strangers_of(photos), StrangerModel(laws), draws=100)
    assert all(0.5 < row.shown / row.asked < 2 for row in kept if row.asked > 0.5)
    assert len(budget_table(kept).splitlines()) == 2 + len(kept)
    assert kept_budgets(photos, strangers_of(photos), StrangerModel([Law(9.0, 1.0, 0.0)]), draws=2)[0].shown == 0
