import random

import numpy as np
import pytest

from faces import BadWeights
from faces.detector_graph import detector_graph
from faces.dlib_network import Convolution, read_network
from faces.encoder_graph import encoder_graph
from faces.weights import CNN_DETECTOR, ENCODER, FIVE_POINT_PREDICTOR, weights_path

SEED = 20


def read_bytes(tmp_path, content):
    path = tmp_path / "changed.dat"
    path.write_bytes(content)
    return read_network(path)


def test_the_detector_says_its_window_and_overlaps_itself():
    network = read_network(weights_path(CNN_DETECTOR))
    assert network.options.window == (80, 80)
    assert network.options.same_iou == pytest.approx(0.338, abs=1e-3)
    assert network.options.same_cover == 1.0
    np.testing.assert_allclose(network.means, [122.782, 117.001, 104.298])
    sizes = [layer.weights.shape[0] for layer in network.layers if isinstance(layer, Convolution)]
    assert sizes == [16, 32, 32, 45, 45, 45, 1]


def test_the_encoder_has_29_convolutions_and_takes_150_pixels():
    network = read_network(weights_path(ENCODER))
    assert network.options is None
    assert network.input_size == (150, 150)
    assert sum(isinstance(layer, Convolution) for layer in network.layers) == 29


@pytest.mark.parametrize("name", [CNN_DETECTOR, ENCODER])
def test_a_file_cut_short_anywhere_is_refused_with_its_name_and_the_byte(tmp_path, name):
    content = weights_path(name).read_bytes()
    some = random.Random(SEED)
    for length in {0, 1, 2, 60, 135, len(content) - 1, *(some.randrange(len(content)) for _ in range(40))}:
        with pytest.raises(BadWeights, match=r"^changed\.dat: expected .* at byte \d+, found"):
            read_bytes(tmp_path, content[:length])


def test_what_follows_the_last_layer_is_refused(tmp_path):
    content = weights_path(CNN_DETECTOR).read_bytes()
    with pytest.raises(BadWeights, match=rf"the end of the file at byte {len(content)}, found 00"):
        read_bytes(tmp_path, content + b"\0")


@pytest.mark.parametrize("content", [b"GIF89a" + bytes(99), b"\x08\x00\x12\x00onnx" * 9, bytes(500), b"\xff" * 500])
def test_a_foreign_file_is_refused(tmp_path, content):
    with pytest.raises(BadWeights, match=r"^changed\.dat: expected .* at byte \d"):
        read_bytes(tmp_path, content)


def test_a_predictor_is_not_taken_for_a_network(tmp_path):
    with pytest.raises(BadWeights, match="shape_predictor_5"):
        read_network(weights_path(FIVE_POINT_PREDICTOR))


def test_changed_bytes_give_a_network_or_a_clear_error_and_nothing_else(tmp_path):
    content = weights_path(CNN_DETECTOR).read_bytes()
    some, refused = random.Random(SEED), 0
    structure = [*range(140), *range(5050, 5110), *range(5600, 5720), *range(len(content) - 120, len(content))]
    for _ in range(300):
        changed = bytearray(content)
        for _ in range(some.randrange(1, 4)):
            changed[some.choice(structure)] = some.randrange(256)
        try:
            detector_graph(read_bytes(tmp_path, bytes(changed)), {})
        except BadWeights as fault:
            refused += str(fault).startswith("changed.dat: expected")
    assert refused > 100, f"seed {SEED}: only {refused} of 300 changed files refused"


def test_one_network_is_not_drawn_as_the_other():
    with pytest.raises(BadWeights, match="expected a detector, found an encoder"):
        detector_graph(read_network(weights_path(ENCODER)), {})
    with pytest.raises(BadWeights, match="expected an encoder"):
        encoder_graph(read_network(weights_path(CNN_DETECTOR)), {})
