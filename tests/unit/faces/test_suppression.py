import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from faces.suppression import strongest

BOX = st.tuples(st.integers(-20, 90), st.integers(-20, 90), st.integers(1, 60), st.integers(1, 60))


def naive(boxes, scores, same_iou, same_cover):
    """Box after box as dlib does: the shared area against the rectangle around both."""
    kept = []
    for one in sorted(range(len(boxes)), key=lambda row: -scores[row]):
        for other in kept:
            shared = np.prod(
                np.maximum(
                    np.minimum(boxes[one][2:], boxes[other][2:]) - np.maximum(boxes[one][:2], boxes[other][:2]) + 1, 0
                )
            )
            around = np.prod(
                np.maximum(boxes[one][2:], boxes[other][2:]) - np.minimum(boxes[one][:2], boxes[other][:2]) + 1
            )
            areas = [np.prod(boxes[row][2:] - boxes[row][:2] + 1) for row in (one, other)]
            if shared and (shared / around > same_iou or shared / min(areas) > same_cover):
                break
        else:
            kept.append(one)
    return kept


@given(
    st.lists(st.tuples(BOX, st.sampled_from([0.1, 0.5, 0.5001, 1.0])), max_size=12),
    st.sampled_from([0.338, 0.5]),
    st.sampled_from([0.7, 1.0]),
)
def test_the_rows_are_those_of_the_plain_loop(found, same_iou, same_cover):
    boxes = np.array([(x, y, x + w, y + h) for (x, y, w, h), _ in found], dtype=np.float64).reshape(-1, 4)
    scores = np.array([score for _, score in found])
    kept = strongest(boxes, scores, same_iou=same_iou, same_cover=same_cover)
    assert kept.tolist() == naive(boxes, scores, same_iou, same_cover)


def test_corners_are_rounded_first():
    boxes = np.array([[0.4, 0.4, 9.4, 9.4], [0, 0, 9, 9]])
    assert strongest(boxes, np.array([0.5, 0.9]), same_iou=0.99, same_cover=1).tolist() == [1]
