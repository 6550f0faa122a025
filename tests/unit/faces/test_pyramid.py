import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.pyramid import TiledPyramid

SIDES = st.integers(1, 1500)


def naive_rects(height, width):
    """The layout as dlib's loop makes it: (x, y, width, height) of each level, and height and width of the whole."""
    sizes = [(height, width)]
    while sizes[-1][0] * 5 // 6 >= 5 and sizes[-1][1] * 5 // 6 >= 1:
        sizes.append((sizes[-1][0] * 5 // 6, sizes[-1][1] * 5 // 6))
    total = sum(h + 10 for h, _ in sizes) - 20
    reached = last = 0
    for h, w in sizes:
        if w <= width - last - 10 and (reached - height) * 2 >= total - height:
            break
        reached, last = reached + h + 10, w
    reached -= 10
    rects, y = [], 11
    while y < reached + 11 and len(rects) < len(sizes):
        h, w = sizes[len(rects)]
        rects.append([11, y, w, h])
        y += h + 10
    y -= 10
    while len(rects) < len(sizes):
        h, w = sizes[len(rects)]
        if y - h <= 11 + height - 1:
            break
        rects.append([11 + width - w, y - h, w, h])
        y -= h + 10
    return rects, reached + 22, width + 22


@given(height=SIDES, width=SIDES)
def test_the_levels_lie_where_dlib_puts_them(height, width):
    pyramid = TiledPyramid.of(height, width)
    assert (pyramid.rects.tolist(), pyramid.height, pyramid.width) == naive_rects(height, width)


def test_a_point_belongs_to_the_level_that_it_lies_in():
    pyramid = TiledPyramid.of(200, 300)
    middles = pyramid.rects[:, :2] + (pyramid.rects[:, 2:] - 1) / 2
    assert pyramid.level_of(middles).tolist() == list(range(len(pyramid.rects)))


def test_one_level_up_is_six_fifths_and_a_shift():
    pyramid = TiledPyramid.of(600, 600)
    place = pyramid.rects[1:3, :2] + np.array([50.0, 30.0])
    there = pyramid.to_picture(place, np.array([1, 2]))
    assert there[0] == pytest.approx([60.3, 36.3])
    assert there[1] == pytest.approx([60.3 * 6 / 5 + 0.3, 36.3 * 6 / 5 + 0.3])
    assert pyramid.factors[:3] == pytest.approx([1, 1.2, 1.44])
