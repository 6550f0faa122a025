import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.yunet_cells import Seen, read_levels, strongest_apart

BOX = st.tuples(st.integers(-20, 90), st.integers(-20, 90), st.integers(1, 60), st.integers(1, 60))


def naive(boxes, scores, same_iou, same_cover):
    kept = []
    for one in sorted(range(len(boxes)), key=lambda row: -scores[row]):
        for other in kept:
            low, high = np.maximum(boxes[one][:2], boxes[other][:2]), np.minimum(boxes[one][2:], boxes[other][2:])
            shared = np.prod(np.maximum(high - low, 0))
            areas = [np.prod(boxes[row][2:] - boxes[row][:2]) for row in (one, other)]
            if shared > same_iou * (sum(areas) - shared) or shared > same_cover * min(areas):
                break
        else:
            kept.append(one)
    return kept


@given(
    st.lists(st.tuples(BOX, st.sampled_from([0.1, 0.5, 0.5001, 1.0])), max_size=12),
    st.sampled_from([0.3, 0.5]),
    st.sampled_from([0.7, 1.0]),
)
def test_the_rows_that_stay_are_those_of_the_plain_loop(found, same_iou, same_cover):
    boxes = np.array([(x, y, x + w, y + h) for (x, y, w, h), _ in found], dtype=np.float64).reshape(-1, 4)
    scores = np.array([score for _, score in found])
    kept = strongest_apart(boxes, scores, same_iou=same_iou, same_cover=same_cover)
    assert kept.tolist() == naive(boxes, scores, same_iou, same_cover)


def test_a_cell_says_where_its_face_is_and_how_sure_it_is():
    levels = [np.full((1, 16, 40 // stride, 80 // stride), -9, np.float32) for stride in (8, 16, 32)]
    # The second row and third column of 16 px: middle half a cell on, twice as wide as a cell, points at its corner.
    levels[1][0, :, 1, 2] = [2, 1, 0.5, 0.5, np.log(2), np.log(3), *[0.0] * 10]
    seen = read_levels(levels, 0.5)
    np.testing.assert_allclose(seen.boxes, [[24, 0, 56, 48]], atol=1e-5)
    assert seen.scores == pytest.approx(np.sqrt(1 / (1 + np.exp(-2)) / (1 + np.exp(-1))))
    assert seen.points.tolist() == [[[32, 16]] * 5]
    assert len(read_levels(levels, 0.9).scores) == 0


def test_faces_of_a_smaller_picture_are_placed_in_the_larger_one():
    seen = Seen(np.array([[1.0, 2, 3, 4]]), np.array([0.9]), np.ones((1, 5, 2)))
    placed = seen.placed((2, 3), (10, 20))
    assert placed.boxes.tolist() == [[12, 26, 16, 32]]
    assert placed.points[0, 0].tolist() == [12, 23]
    assert placed.widths.tolist() == [4]
