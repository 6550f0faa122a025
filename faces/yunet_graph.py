"""YuNet's face detector as a graph that takes pictures of any size; it does not run it.

The file has a fixed input of 640x640 pixels and four heads a level. Here height and width are free, the picture comes
as it lies in memory, and the heads of a level are one: a third fewer convolutions for the same numbers.

The doubled graph sees the picture enlarged by two without anybody enlarging it: each pixel of the enlarged picture is a
weighted mean of its neighbours, so that enlarging (bilinear, by two) and the first convolution, which takes every
second pixel, are together one convolution of the picture itself.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from faces.onnx_drawing import Drawing
from faces.onnx_source import Network, Node

LEVELS = 3
_HEADS = ("cls", "obj", "bbox", "kps")
NUMBERS = 16
"""Of a cell: face or not, how well the box fits, the box, five points."""
_HEAD_PREFIX = "bbox_head."
# Rows: the pixels before, at and after an even one of the enlarged picture; columns: the neighbours that they are of.
_ENLARGED = np.array([[0.75, 0.25, 0.0], [0.25, 0.75, 0.0], [0.0, 0.75, 0.25]])


def yunet_graph(network: Network, notes: Mapping[str, str], *, doubled: bool = False) -> bytes:
    """Return the model `picture` (n, height, width, 3) uint8 RGB, sides multiples of 32 -> `level_0`, `_1`, `_2`.

    A level is (n, 16, height / 8, 16 or 32, width / the same) float32; see `yunet_cells.py` for what the numbers mean.
    `doubled`: as if the picture were enlarged by two; its sides are multiples of 16, a level has twice the cells.

    Architecture: Wu, Peng and Yu 2023, YuNet: A Tiny Millisecond-level Face Detector.

    Raises:
        BadWeights: the layers are not those of such a network.
    """
    drawing = Drawing(network.name)
    # The network learned on blue, green, red.
    values = {network.input: drawing.add("Transpose", [drawing.as_float("picture")], perm=[0, 3, 1, 2])}
    first = True
    for node in network.nodes:
        if node.weights_name.startswith(_HEAD_PREFIX):
            break
        if first:
            values[node.output] = _first(drawing, network, node, values[network.input], doubled=doubled)
        else:
            values[node.output] = _copied(drawing, network, node, values)
        first = False
    outputs = [_head(drawing, network, level, values) for level in range(LEVELS)]
    return drawing.serialized(
        outputs,
        inputs=[("picture", "uint8", ("count", "height", "width", 3))],
        outputs=[
            (f"level_{level}", "float32", ("count", NUMBERS, f"rows_{level}", f"columns_{level}"))
            for level in range(LEVELS)
        ],
        notes=notes,
    )


def _first(drawing: Drawing, network: Network, node: Node, picture: str, *, doubled: bool) -> str:
    """Append the first convolution, on red, green, blue; return the name of its output."""
    shape = [node.attributes.get(name) for name in ("kernel_shape", "strides", "pads")]
    if node.operation != "Conv" or shape != [[3, 3], [2, 2], [1, 1, 1, 1]]:
        raise network.fault(f"a first convolution of 3x3 pixels, every second one, found {node.operation} {shape}")
    weights, biases = network.weights(node)
    weights = weights[:, ::-1]
    if doubled:
        weights = np.einsum("ocyx,yr,xs->ocrs", weights, _ENLARGED, _ENLARGED)
    stride = (1, 1) if doubled else (2, 2)
    return drawing.convolve(picture, weights, biases, stride=stride, padding=(1, 1))


def _copied(drawing: Drawing, network: Network, node: Node, values: Mapping[str, str]) -> str:
    """Append a node of the file, its inputs under their names here; return the name of its output."""
    taken = [values[name] for name in node.inputs if name in values]
    if node.operation == "Conv":
        weights, biases = network.weights(node)
        stride, pads, group = (node.attributes[name] for name in ("strides", "pads", "group"))
        return drawing.convolve(taken[0], weights, biases, stride=stride, padding=pads[:2], group=group)
    if node.operation == "Resize":
        doubled = drawing.constant(np.array([1.0, 1.0, 2.0, 2.0]))
        attributes = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
        return drawing.add("Resize", [taken[0], "", doubled], **attributes)
    if node.operation in {"Relu", "MaxPool", "Add"}:
        return drawing.add(node.operation, taken, **node.attributes)
    raise network.fault(f"an operation of YuNet's, found {node.operation}")


def _head(drawing: Drawing, network: Network, level: int, values: Mapping[str, str]) -> str:
    """Append all heads of a level as one; return the name of its output."""
    convolutions = {}
    for head in _HEADS:
        for place in ("conv1", "conv2"):
            convolutions[head, place] = network.node_of(f"{_HEAD_PREFIX}multi_level_{head}.{level}.{place}.weight")
    value = values[convolutions["cls", "conv1"].inputs[0]]
    for place, padding in (("conv1", (0, 0)), ("conv2", (1, 1))):
        pairs = [network.weights(convolutions[head, place]) for head in _HEADS]
        weights = np.concatenate([weights for weights, _ in pairs])
        biases = np.concatenate([biases for _, biases in pairs])
        group = 1 if place == "conv1" else len(biases)
        value = drawing.convolve(value, weights, biases, padding=padding, group=group)
    return value
