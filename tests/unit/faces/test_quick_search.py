"""The quick search over a network that is made up: it scores dark pixels, so that what it finds can be counted."""

import numpy as np
import pytest

from faces import quick_search
from faces.quick_search import QuickSearch


class DotNetwork:
    """Scores a window by the pixel in its middle: 0 shows nothing, 9 a face; keeps the sizes that it was shown."""

    stride, stem, context = 8, 29, 10

    def __init__(self):
        self.seen = []

    def cells(self, height, width):
        return tuple(max(0, (side - self.stem) // self.stride + 1) for side in (height, width))

    def scores(self, pictures):
        self.seen.append(pictures.shape)
        rows, columns = self.cells(*pictures.shape[2:])
        return pictures[:, 0, 14::8, 14::8][:, :rows, :columns] - 1.0

    def middles(self, cells):
        return cells[:, ::-1] * 8.0 + 14

    def resized(self, pixels, height, width):
        rows = np.linspace(0, pixels.shape[2] - 1, height).round().astype(int)
        columns = np.linspace(0, pixels.shape[3] - 1, width).round().astype(int)
        return np.ascontiguousarray(pixels[:, :, rows][:, :, :, columns])


def blank(height, width):
    return np.zeros((1, 3, height, width), dtype=np.float32)


def test_an_empty_picture_shows_nothing():
    windows = QuickSearch(DotNetwork()).find(blank(400, 600), 400, 600)
    assert (windows.middles.shape, windows.factors.shape, windows.scores.shape) == ((0, 2), (0, 2), (0,))


@pytest.mark.parametrize("corner", [(0, 0), (340, 520), (0, 520), (340, 0), (171, 263)])
def test_what_shows_a_face_is_told_where_it_is_in_the_picture(corner):
    pixels = blank(400, 600)
    pixels[:, :, corner[0] : corner[0] + 60, corner[1] : corner[1] + 80] = 9
    windows = QuickSearch(DotNetwork()).find(pixels, 800, 1200)
    assert len(windows.scores) > 10
    assert (windows.scores == 8).all()
    y, x = corner
    assert (windows.middles >= (2 * x - 8, 2 * y - 8)).all()
    assert (windows.middles <= (2 * (x + 80) + 8, 2 * (y + 60) + 8)).all()


def test_scales_between_two_views_are_looked_at_where_something_is():
    pixels = blank(400, 600)
    pixels[:, :, 180:260, 300:380] = 9
    factors = QuickSearch(DotNetwork()).find(pixels, 400, 600).factors[:, 0]
    assert {1.0, 1.16} <= set(factors.round(2))
    assert factors.max() < 8


def test_the_network_never_sees_more_than_its_bound_at_once(monkeypatch):
    monkeypatch.setattr(quick_search, "_BAND_CELLS", 1000)
    network, pixels = DotNetwork(), blank(700, 900)
    pixels[:, :, ::90, ::90] = 9
    in_bands = QuickSearch(network).find(pixels, 700, 900)
    room = (1000 / 90 + 2 * 7 + 2) * 8 * 950
    assert max(shape[2] * shape[3] for shape in network.seen) < room
    monkeypatch.setattr(quick_search, "_BAND_CELLS", 10**9)
    at_once = QuickSearch(DotNetwork()).find(pixels, 700, 900)

    def as_set(windows):
        return set(map(tuple, np.column_stack([windows.middles, windows.scores]).round(3).tolist()))

    assert as_set(in_bands) == as_set(at_once)


@pytest.mark.parametrize("size", [(1, 1), (20, 20), (31, 900), (900, 31)])
def test_a_picture_that_is_too_small_for_a_face_is_no_fault(size):
    assert len(QuickSearch(DotNetwork()).find(blank(*size), *size).scores) == 0
