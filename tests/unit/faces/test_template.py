import numpy as np
import pytest

from faces import BadEmbedding
from faces.template import CaseTemplates, TrackTemplate, distance_of, reference_template, similarity_of, view_weight


def unit(row):
    return row / np.linalg.norm(row)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def views_of(person, rng, count, quality):
    """Views whose cosine with the person is about the quality."""
    spread = np.sqrt(1 / quality**2 - 1) / np.sqrt(128)
    return [unit(person + rng.normal(0, spread, 128)) for _ in range(count)]


def test_a_template_of_weak_views_is_nearer_to_the_person_than_each_of_them(rng):
    person, track = unit(rng.normal(size=128)), TrackTemplate()
    views = views_of(person, rng, 6, 0.4)
    for second, view in enumerate(views):
        track.add(view, quality=0.4, at=10.0 * second)
    assert track.embedding @ person > max(view @ person for view in views) + 0.1
    assert np.linalg.norm(track.embedding) == pytest.approx(1, abs=1e-6)
    assert track.quality == pytest.approx(0.4)


def test_good_views_count_more_than_bad_ones(rng):
    person, weighed, plain = unit(rng.normal(size=128)), TrackTemplate(), TrackTemplate()
    for second, quality in enumerate([0.8, 0.1, 0.1, 0.1]):
        [view] = views_of(person, rng, 1, quality)
        weighed.add(view, quality=quality, at=10.0 * second)
        plain.add(view, quality=0.5, at=10.0 * second)
    assert weighed.embedding @ person > plain.embedding @ person
    assert view_weight(0.8) > 4 * view_weight(0.4)


def test_a_view_that_was_there_before_counts_for_little(rng):
    row, track = rng.normal(size=128), TrackTemplate()
    assert track.add(row, quality=0.5, at=0.0) == 1.0
    assert track.add(row, quality=0.5, at=60.0) == pytest.approx(0.0, abs=1e-6)
    assert (track.views, track.worth) == (2, pytest.approx(1.0, abs=1e-6))


def test_views_of_one_moment_count_less_than_those_of_different_moments(rng):
    first, second = rng.normal(size=(2, 128))
    worth = []
    for apart in (0.0, 0.2, 1.0, 60.0):
        track = TrackTemplate()
        track.add(first, quality=0.5, at=0.0)
        worth.append(track.add(second, quality=0.5, at=apart))
    assert worth == sorted(worth)
    assert worth[0] == pytest.approx(0.5)
    assert worth[-1] > 0.99


def test_a_long_track_needs_no_more_memory_than_a_short_one(rng):
    track = TrackTemplate()
    for number, view in enumerate(rng.normal(size=(500, 128))):
        track.add(view, quality=0.5, at=float(number))
    held = sum(len(value) for value in vars(track).values() if isinstance(value, list))
    assert held <= 8
    assert track.views == 500


def test_an_empty_template_is_like_nobody():
    assert not TrackTemplate().embedding.any()
    assert TrackTemplate().quality == 0.0


def test_cases_are_compared_at_once_each_by_one_template(rng):
    people = [unit(row) for row in rng.normal(size=(3, 128))]
    cases = CaseTemplates()
    for number, person in enumerate(people):
        cases.put(f"case {number}", views_of(person, rng, 5, 0.7))
    cases.put("case 1", [people[1]])
    assert cases.remove("case 0")
    assert not cases.remove("case 0")
    assert (cases.cases, cases.counts, len(cases)) == (("case 1", "case 2"), (1, 5), 2)
    similar = cases.similarities(np.array([people[1] * 3, people[2]]))
    assert similar.shape == (2, 2)
    assert similar[0, 0] == pytest.approx(1, abs=1e-6)
    assert similar[1, 1] > 0.85
    assert CaseTemplates().similarities(people).shape == (3, 0)
    assert cases.remove("case 1")
    assert cases.remove("case 2")
    assert cases.similarities(people).shape == (3, 0)


def test_better_references_count_more(rng):
    person = unit(rng.normal(size=128))
    rows = [*views_of(person, rng, 1, 0.8), *views_of(person, rng, 3, 0.2)]
    assert reference_template(rows, [0.8, 0.2, 0.2, 0.2]) @ person > reference_template(rows) @ person


def test_cosines_and_distances_of_unit_vectors_say_the_same():
    for similarity in (-1.0, 0.0, 0.47, 1.0):
        assert similarity_of(distance_of(similarity)) == pytest.approx(similarity)


def test_what_is_no_embedding_is_refused(rng):
    with pytest.raises(BadEmbedding):
        TrackTemplate().add(np.zeros(7), quality=0.5, at=0.0)
    with pytest.raises(BadEmbedding):
        reference_template(np.empty((0, 128)))
    with pytest.raises(BadEmbedding):
        CaseTemplates().put("case", np.full((1, 128), np.nan))
