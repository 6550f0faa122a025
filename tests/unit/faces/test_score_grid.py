import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.score_grid import Piece, ScoreGrid


def grid_of(height, width):
    return ScoreGrid.of(height, width, stride=8, stem=29, context=10)


@pytest.mark.parametrize(("side", "cells"), [(29, 1), (36, 1), (37, 2), (1022, 125)])
def test_a_picture_has_as_many_cells_as_the_stem_fits_into_it(side, cells):
    grid = grid_of(side, 29)
    assert (grid.rows, grid.columns) == (cells, 1)
    assert grid.pixels(grid.whole)[0].stop <= side


@given(st.integers(0, 200), st.integers(0, 200))
def test_a_cell_is_found_again_from_its_centre(row, column):
    cell = np.array([[row, column]])
    grid = grid_of(2000, 2000)
    assert grid.centres(cell).tolist() == [[8 * column + 14, 8 * row + 14]]
    np.testing.assert_array_equal(grid.cells_at(grid.centres(cell)), cell)


@given(st.integers(29, 900), st.integers(29, 900), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200))))
def test_patches_of_one_size_cover_every_wanted_cell(height, width, cells):
    grid = grid_of(height, width)
    wanted = np.zeros((grid.rows, grid.columns), bool)
    for row, column in cells:
        wanted[row % grid.rows, column % grid.columns] = True
    patches = grid.patches(wanted, side=9)
    assert len({(p.bottom - p.top, p.right - p.left) for p in patches}) <= 1
    covered = np.zeros_like(wanted)
    for patch in patches:
        assert 0 <= patch.top < patch.bottom <= grid.rows
        assert 0 <= patch.left < patch.right <= grid.columns
        exact = grid.exact(patch)
        covered[exact.top : exact.bottom, exact.left : exact.right] = True
    assert not (wanted & ~covered).any()


def test_a_piece_at_the_edge_is_exact_up_to_the_edge():
    grid = grid_of(8 * 99 + 29, 8 * 99 + 29)
    assert grid.exact(Piece(0, 40, 50, 100)) == Piece(0, 50, 40, 100)
