import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faces.search_plan import MOST_PIXELS, MS_PER_MPX, Plan, plan, tiles

SIDES = st.integers(1, 9000)
CAMERA, PHONE = (1080, 1920), (3024, 4032)


def widest_sight(planned, shape, min_face_px):
    """How wide the smallest wanted face is in the finest search."""
    return planned.width * (2 if planned.doubled else 1) / shape[1] * min_face_px


@given(shape=st.tuples(SIDES, SIDES), least=st.floats(10, 4000), budget=st.none() | st.floats(0.1, 5000))
@example(shape=(3774, 3879), least=10.0, budget=None)  # whole, it would be searched half as much again as allowed
def test_any_picture_is_searched_within_the_bound_and_down_to_no_less_than_a_pixel(shape, least, budget):
    planned = plan(shape, least, budget)
    assert planned.pixels <= MOST_PIXELS * 1.5
    assert planned.height >> planned.halvings >= 1
    assert planned.width >> planned.halvings >= 1
    assert planned.block <= max(shape)


@given(shape=st.tuples(SIDES, SIDES), least=st.floats(10, 4000), budget=st.floats(20, 5000))
def test_a_budget_is_kept_to_about_a_third(shape, least, budget):
    assert plan(shape, least, budget).pixels * MS_PER_MPX / 1e6 <= budget * 1.4


@given(shape=st.tuples(SIDES, SIDES), least=st.floats(10, 4000), budget=st.floats(1, 1000))
def test_more_time_never_searches_less_by_much(shape, least, budget):
    assert plan(shape, least, budget * 4).pixels >= plan(shape, least, budget).pixels


@pytest.mark.parametrize(
    ("shape", "least", "expected"),
    [
        ((360, 640), 12, Plan(1, 360, 640, doubled=True, halvings=1)),
        ((540, 960), 12, Plan(1, 540, 960, doubled=True, halvings=2)),
        (CAMERA, 12, Plan(1, 1080, 1920, doubled=True, halvings=3)),
        (CAMERA, 40, Plan(1, 750, 1333, doubled=False, halvings=3)),
        (CAMERA, 100, Plan(2, 389, 691, doubled=False, halvings=2)),
    ],
)
def test_a_picture_is_enlarged_for_small_faces_and_made_smaller_for_large_ones(shape, least, expected):
    assert plan(shape, least) == expected


@pytest.mark.parametrize(("budget", "sight"), [(1000, 30), (100, 12), (30, 6.7), (10, 3.9)])
def test_the_budget_decides_how_well_the_smallest_face_is_seen(budget, sight):
    assert widest_sight(plan(CAMERA, 12, budget), CAMERA, 12) == pytest.approx(sight, rel=0.1)


def test_less_time_means_fewer_second_looks():
    assert [plan(CAMERA, 12, budget).looks for budget in (None, 1000, 50, 1)] == [128, 128, 17, 4]


def test_a_slower_machine_searches_less_in_the_same_time():
    assert plan(CAMERA, 12, 100, ms_per_mpx=4 * MS_PER_MPX).pixels < plan(CAMERA, 12, 100).pixels / 3


def test_a_photo_of_twelve_megapixels_is_searched_at_a_size_at_which_60_pixels_are_plenty():
    assert widest_sight(plan(PHONE, 60), PHONE, 60) >= 24
    assert widest_sight(plan(PHONE, 12), PHONE, 12) >= 12


def test_a_picture_of_few_pixels_is_one_tile():
    assert list(tiles(720, 1280)) == [(slice(0, 720), slice(0, 1280))]


@given(height=SIDES, width=SIDES, enlarged=st.sampled_from([1, 2]))
def test_tiles_cover_a_picture_and_overlap_by_more_than_the_faces_that_they_are_for(height, width, enlarged):
    for length, spans in zip((height, width), zip(*tiles(height, width, enlarged=enlarged), strict=True), strict=True):
        begins, ends = sorted({one.start for one in spans}), sorted({one.stop for one in spans})
        assert (begins[0], ends[-1]) == (0, length)
        assert all(end - begin >= 192 // enlarged for begin, end in zip(begins[1:], ends, strict=False))


@given(height=SIDES, width=SIDES)
def test_no_tile_is_larger_than_what_is_searched_at_once(height, width):
    areas = [(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in tiles(height, width)]
    assert np.max(areas) <= 1_400_000
