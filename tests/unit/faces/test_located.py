import numpy as np
import pytest

from faces import Faces


def two_faces(**changes):
    arrays = {
        "boxes": np.array([[-4, -2, 90, 80], [10, 20, 110, 130]], np.float32),
        "confidences": np.array([1.5, 0.2], np.float32),
        "landmarks": np.arange(20, dtype=np.float32).reshape(2, 5, 2),
    }
    return Faces(**(arrays | changes))


def test_arrays_are_copied_and_read_only():
    boxes = np.array([[1, 2, 30, 40], [5, 6, 70, 80]], np.float64)
    located = two_faces(boxes=boxes)
    boxes[:] = 0
    assert located.boxes.dtype == np.float32
    assert located.boxes[0].tolist() == [1, 2, 30, 40]
    with pytest.raises(ValueError, match="read-only"):
        located.boxes[0, 0] = 3


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"boxes": np.zeros((1, 4))}, r"boxes: expected shape \(2, 4\), got \(1, 4\)"),
        ({"landmarks": np.zeros((2, 68, 2))}, r"landmarks: expected shape \(2, 5, 2\)"),
        ({"confidences": np.zeros((2, 1))}, r"confidences: expected shape \(2,\)"),
        ({"confidences": np.array([1.0, np.nan])}, "confidences: expected finite"),
        ({"boxes": np.array([[9, 0, 1, 1], [0, 0, 1, 1]])}, "x1 < x2"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(changes, text):
    with pytest.raises(ValueError, match=text):
        two_faces(**changes)


def test_picking_rows_keeps_boxes_confidences_and_landmarks_together():
    picked = two_faces().pick([1])
    assert len(picked) == 1
    assert picked.boxes[0].tolist() == [10, 20, 110, 130]
    assert picked.confidences.tolist() == pytest.approx([0.2])
    assert picked.landmarks[0, 0].tolist() == [10, 11]
    assert len(two_faces().pick([])) == 0
