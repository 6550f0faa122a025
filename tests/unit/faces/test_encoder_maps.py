"""Both layouts of a feature map compute the same, and what numpy says they should."""

import numpy as np
import pytest

from faces.encoder_maps import FeatureMap, Pixels, Planes, after
from faces.onnx_drawing import Drawing
from faces.onnx_session import Session

FACES, CHANNELS = 2, 3


@pytest.fixture(params=["planes", "pixels"])
def computed(request, tmp_path):
    """Run operations on a picture (faces, channels, height, width) in one layout; the result is in the same order."""

    def run(picture, operations):
        drawing = Drawing()
        taken: FeatureMap = Planes(drawing, "picture", picture.shape[2:], picture.shape[1])
        if request.param == "pixels":
            taken = taken.as_pixels()
        made = operations(taken)
        shape = ("faces", *picture.shape[1:])
        content = drawing.serialized(
            [made.value], inputs=[("picture", "float32", shape)], outputs=[("made", "float32", ("faces",))], notes={}
        )
        path = tmp_path / "graph.onnx"
        path.write_bytes(content)
        found = Session(path).run({"picture": picture})
        if isinstance(made, Pixels):
            found = found.transpose(0, 2, 1).reshape(len(picture), made.channels, *made.size)
        assert found.shape == (len(picture), made.channels, *made.size)
        return found

    return run


def picture_of(height, width):
    return np.random.default_rng(1).standard_normal((FACES, CHANNELS, height, width)).astype(np.float32)


def convolved(picture, weights, biases, stride, padding):
    padded = np.pad(picture, [(0, 0), (0, 0), *((more, more) for more in padding)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[2:], axis=(2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1]]
    return np.einsum("nchwab,ocab->nohw", windows, weights) + biases[:, None, None]


@pytest.mark.parametrize(
    ("size", "stride", "padding"),
    [
        ((4, 4), (1, 1), (1, 1)),
        ((4, 5), (2, 1), (0, 1)),
        ((4, 4), (2, 2), (0, 0)),
        ((3, 3), (1, 1), (0, 0)),
        ((1, 1), (1, 1), (1, 1)),
    ],
)
@pytest.mark.parametrize("rectify", [True, False])
def test_a_map_is_convolved(computed, size, stride, padding, rectify):
    rng = np.random.default_rng(2)
    weights, biases, picture = rng.standard_normal((5, CHANNELS, 3, 3)), rng.standard_normal(5), picture_of(*size)
    found = computed(
        picture, lambda taken: taken.convolve(weights, biases, stride=stride, padding=padding, rectify=rectify)
    )
    expected = convolved(picture, weights, biases, stride, padding)
    assert (expected < 0).any(), "the rectifier has something to do"
    np.testing.assert_allclose(found, np.maximum(expected, 0) if rectify else expected, atol=1e-5)


def test_windows_are_averaged(computed):
    picture = picture_of(4, 6)
    expected = picture.reshape(FACES, CHANNELS, 2, 2, 3, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(computed(picture, lambda taken: taken.average((2, 2), (2, 2))), expected, atol=1e-6)


@pytest.mark.parametrize(("size", "channels"), [((3, 4), 3), ((2, 3), 6), ((3, 4), 6), ((2, 3), 3)])
def test_zeros_are_appended(computed, size, channels):
    picture = picture_of(2, 3)
    expected = np.zeros((FACES, channels, *size), np.float32)
    expected[:, :CHANNELS, :2, :3] = picture
    np.testing.assert_array_equal(computed(picture, lambda taken: taken.enlarge(size, channels)), expected)


def test_a_sum_is_rectified(computed):
    picture = picture_of(2, 2)
    np.testing.assert_array_equal(computed(picture, lambda taken: taken.add(taken)), np.maximum(2 * picture, 0))


def test_a_window_that_does_not_fit_once_more_is_left_out():
    assert after((35, 8), (3, 2), (2, 2)) == (17, 4)
    assert after((4, 4), (3, 3), (1, 1), (1, 1)) == (4, 4)
