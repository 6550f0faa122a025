import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from faces import BadEmbedding, Gallery, Match
from faces import gallery as gallery_module

WIDTH = 128


def point(*leading):
    row = np.zeros(WIDTH)
    row[: len(leading)] = leading
    return row


def naive_match(cases, query):
    """The plain loop: cases in the order of their first adding, the first of the nearest wins."""
    best = None
    for case_id, rows in cases.items():
        for row in rows:
            distance = float(np.sqrt(((row.astype(np.float64) - query.astype(np.float64)) ** 2).sum()))
            if best is None or distance < best[1]:
                best = (case_id, distance)
    return best


# Few distinct values and directions, so that equal distances and equal references do happen.
ROW = st.builds(
    lambda at, value, noise: np.eye(1, WIDTH, at, dtype=np.float32)[0] * np.float32(value) + np.float32(noise),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.5, 1.0, 1.0000001, -1.0, 1000.0]),
    st.sampled_from([0.0, 0.0, 1e-4, 0.1]),
)
ROWS = st.lists(ROW, min_size=1, max_size=5).map(np.array)


class GalleryBesideADictionary(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.gallery, self.cases = Gallery(), {}

    @rule(case_id=st.integers(0, 6), rows=ROWS)
    def add(self, case_id, rows):
        self.gallery.add(case_id, rows)
        self.cases[case_id] = [*self.cases.get(case_id, []), *rows]

    @rule(case_id=st.integers(0, 6))
    def remove(self, case_id):
        assert self.gallery.remove(case_id) == (self.cases.pop(case_id, None) is not None)

    @rule(queries=ROWS)
    def match(self, queries):
        found = self.gallery.match(queries)
        expected = [naive_match(self.cases, query) for query in queries]
        assert [match and match.case_id for match in found] == [best and best[0] for best in expected]
        for match, best in zip(found, expected, strict=True):
            if best is not None:
                assert match.distance == pytest.approx(best[1], rel=1e-9, abs=1e-12)

    @rule()
    def list_cases(self):
        assert self.gallery.cases == tuple(self.cases)
        assert len(self.gallery) == len(self.cases)


TestGalleryBesideADictionary = GalleryBesideADictionary.TestCase
TestGalleryBesideADictionary.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.01, 0.12, 30.0]))
def test_the_nearest_of_many_random_references_is_that_of_the_naive_loop(seed, scale):
    rng = np.random.default_rng(seed)
    cases = {case_id: rng.normal(0, scale, (rng.integers(1, 9), WIDTH)).astype(np.float32) for case_id in range(30)}
    gallery = Gallery()
    for case_id, rows in cases.items():
        gallery.add(case_id, rows)
    queries = rng.normal(0, scale, (10, WIDTH)).astype(np.float32)
    for match, query in zip(gallery.match(queries), queries, strict=True):
        assert (match.case_id, pytest.approx(match.distance, rel=1e-12)) == naive_match(cases, query)


def test_cases_over_several_blocks_are_found_removed_and_replaced(monkeypatch):
    monkeypatch.setattr(gallery_module, "_BLOCK_ROWS", 7)
    monkeypatch.setattr(gallery_module, "_QUERIES_AT_ONCE", 3)
    rng, gallery, cases = np.random.default_rng(3), Gallery(), {}
    for step in range(150):
        case_id = int(rng.integers(0, 12))
        if rng.random() < 0.4:
            assert gallery.remove(case_id) == (cases.pop(case_id, None) is not None)
        else:
            rows = rng.integers(-1, 2, (int(rng.integers(1, 20)), WIDTH)).astype(np.float32)
            gallery.add(case_id, rows)
            cases[case_id] = [*cases.get(case_id, []), *rows]
        queries = rng.integers(-1, 2, (5, WIDTH)).astype(np.float32)
        found = [match and (match.case_id, pytest.approx(match.distance)) for match in gallery.match(queries)]
        assert found == [naive_match(cases, query) for query in queries], step


def test_a_million_equal_references_are_no_trouble():
    gallery = Gallery()
    rows = np.full((100_000, WIDTH), 0.1, np.float32)
    for case_id in range(10):
        gallery.add(case_id, rows)
    assert gallery.match([rows[0]]) == [Match(0, 0.0)]
    assert gallery.remove(0)
    assert gallery.match([rows[0]]) == [Match(1, 0.0)]


def test_a_case_is_as_near_as_its_nearest_reference():
    gallery = Gallery()
    gallery.add("far", [point(5)])
    gallery.add("near", [point(9), point(0, 0.3)])
    assert gallery.match([point()]) == [Match("near", pytest.approx(0.3))]


def test_of_two_equally_near_cases_the_one_added_first_wins():
    gallery = Gallery()
    gallery.add("first", [point(9)])
    gallery.add("second", [point(1)])
    gallery.add("first", [point(0, 1)])
    assert gallery.match([point()])[0].case_id == "first"
    gallery.remove("first")
    gallery.add("first", [point(0, 1)])
    assert gallery.match([point()])[0].case_id == "second"


def test_a_reference_itself_is_at_distance_zero():
    gallery, row = Gallery(), np.random.default_rng(1).normal(0, 0.1, WIDTH).astype(np.float32)
    gallery.add("case", [row])
    assert gallery.match([row])[0].distance == 0.0


def test_an_empty_gallery_matches_nobody():
    gallery = Gallery()
    assert gallery.match([point(), point(1)]) == [None, None]
    gallery.add("case", [point()])
    gallery.remove("case")
    assert gallery.match([point()]) == [None]
    assert gallery.remove("case") is False


def test_no_queries_give_no_matches():
    gallery = Gallery()
    gallery.add("case", [point()])
    assert gallery.match(np.empty((0, WIDTH))) == []


def test_references_are_copied():
    gallery, rows = Gallery(), np.zeros((1, WIDTH), np.float32)
    gallery.add("case", rows)
    rows[:] = 7
    assert gallery.match([point()])[0].distance == 0.0


@pytest.mark.parametrize(
    ("embeddings", "text"),
    [
        (point(), r"expected embeddings \(n, 128\), got \(128,\)"),
        (np.zeros((1, 127)), r"got \(1, 127\)"),
        (np.zeros((1, 2, 128)), r"got \(1, 2, 128\)"),
        ([point(np.nan)], "expected finite"),
        ([point(np.inf)], "expected finite"),
        ([point(1e30)], "expected finite"),
        (np.zeros((1, 128), dtype=complex), "real numbers"),
        (np.full((1, 128), "0"), "real numbers"),
        ([[1.0], [1.0, 2.0]], "different lengths"),
        (None, r"got \(\)"),
    ],
)
def test_bad_embeddings_are_refused_and_change_nothing(embeddings, text):
    gallery = Gallery()
    gallery.add("case", [point(3)])
    with pytest.raises(BadEmbedding, match=text):
        gallery.add("other", embeddings)
    with pytest.raises(BadEmbedding, match=text):
        gallery.add("case", embeddings)
    with pytest.raises(BadEmbedding, match=text):
        gallery.match(embeddings)
    assert gallery.cases == ("case",)
    assert gallery.match([point()]) == [Match("case", 3.0)]


def test_a_case_without_references_is_refused():
    gallery = Gallery()
    with pytest.raises(BadEmbedding, match="case 'empty': expected at least one embedding"):
        gallery.add("empty", np.empty((0, WIDTH)))
    assert len(gallery) == 0
