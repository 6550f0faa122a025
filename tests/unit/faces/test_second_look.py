import numpy as np
import pytest
from PIL import Image

from faces.graph_files import find_graph
from faces.onnx_session import Session
from faces.second_look import LOOK_PX, look_again
from faces.yunet_cells import Seen


@pytest.fixture(scope="module")
def search():
    network = Session(find_graph("yunet"))
    return lambda chips: network.run_all({"picture": chips})


def seen(*boxes):
    return Seen(
        np.array(boxes, dtype=np.float64).reshape(-1, 4), np.full(len(boxes), 0.7), np.zeros((len(boxes), 5, 2))
    )


@pytest.fixture(scope="module")
def portrait(pictures, sface):
    picture = pictures["obama2"]
    return picture, sface.detect(picture, 100).boxes[0].astype(np.float64)


@pytest.mark.parametrize("width", [15, 30, 90, 400])
def test_a_face_of_any_size_is_one_again(search, portrait, width):
    picture, box = portrait
    factor = width / (box[2] - box[0])
    size = round(picture.shape[1] * factor), round(picture.shape[0] * factor)
    smaller = np.asarray(Image.fromarray(picture).resize(size))
    assert look_again(search, smaller, seen(box * factor))[0] > 0.75


def test_what_is_no_face_is_none(search, portrait):
    picture, box = portrait
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    assert look_again(search, noise, seen([100, 100, 150, 165])) == pytest.approx([0])
    below = box + np.array([0, 1, 0, 1]) * (box[3] - box[1])
    assert look_again(search, picture, seen(below)) == pytest.approx([0])


def test_a_face_at_the_edge_is_looked_at_as_if_the_picture_went_on_mirrored(search, portrait):
    picture, box = portrait
    left, top = int(box[0]), int(box[1] - 20)
    cut = np.ascontiguousarray(picture[top : int(box[3]) + 20, left:])
    assert look_again(search, cut, seen(box - [left, top, left, top]))[0] > 0.6


def test_many_are_looked_at_in_batches_and_answered_in_their_order(portrait):
    picture, box = portrait
    batches = []

    def search(chips):
        batches.append(len(chips))
        assert chips.shape[1:] == (LOOK_PX, LOOK_PX, 3)
        np.testing.assert_array_equal(chips[: len(chips) // 2, :, ::-1], chips[len(chips) // 2 :])
        return [np.full((len(chips), 16, LOOK_PX // s, LOOK_PX // s), -9, np.float32) for s in (8, 16, 32)]

    assert look_again(search, picture, seen(*[box] * 20)).tolist() == [0.0] * 20
    assert batches == [32, 8]


def test_nothing_is_asked_when_nothing_is_doubtful(portrait):
    assert len(look_again(lambda chips: pytest.fail("asked"), portrait[0], seen())) == 0


@pytest.mark.parametrize("box", [[-30, -30, 4, 6], [95, 95, 140, 150], [-50, 20, 200, 300]])
def test_a_box_that_crosses_the_edge_is_no_trouble(search, box):
    assert look_again(search, np.zeros((100, 100, 3), np.uint8), seen(box)).shape == (1,)
