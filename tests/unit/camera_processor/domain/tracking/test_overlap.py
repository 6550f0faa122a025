"""Boxes compare by the share that they have in common."""

import numpy as np
import pytest

from camera_processor.domain.tracking.overlap import iou

SQUARE = np.array([[0.0, 0.0, 10.0, 10.0]])


@pytest.mark.parametrize(
    ("other", "expected"),
    [([0, 0, 10, 10], 1.0), ([5, 0, 15, 10], 1 / 3), ([10, 0, 20, 10], 0.0), ([50, 50, 60, 60], 0.0)],
)
def test_the_share_is_intersection_over_union(other, expected):
    assert iou(SQUARE, np.array([other], dtype=float))[0, 0] == pytest.approx(expected)


def test_a_buffer_lets_neighbours_meet():
    assert iou(SQUARE, np.array([[11.0, 0, 21, 10]]), buffer=0.4)[0, 0] > 0.1


def test_empty_boxes_have_nothing_in_common():
    assert iou(np.zeros((1, 4)), np.zeros((1, 4)))[0, 0] == 0.0


def test_every_pair_is_compared():
    assert iou(np.zeros((0, 4)), SQUARE).shape == (0, 1)
    assert iou(np.repeat(SQUARE, 3, axis=0), SQUARE).shape == (3, 1)
