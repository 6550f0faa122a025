"""dlib's CNN face detector as a graph that computes the same numbers, and the resizing graph beside it; runs neither.

Two things change their form because ONNX Runtime's blocked kernels take 16 channels at a time: 45 channels become 48,
the rest zeros, and the last filter, 9 x 9 to one channel, becomes 1 x 9 to nine channels and then 9 x 1 (17.9 ms
became 4.2 ms for a 2621 x 1022 pyramid on one thread).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faces.dlib_network import Affine, Convolution, Network
from faces.errors import BadWeights
from faces.layer_queue import LayerQueue
from faces.onnx_drawing import Drawing

_BLOCK = 16
RealT = TypeVar("RealT", bound=np.floating)


def detector_graph(network: Network, notes: dict[str, str]) -> bytes:
    """Return the model `pictures` (n, 3, height, width) float32, RGB minus the means -> `scores` (n, 1, rows, columns).

    Architecture: dlib's `dnn_mmod_face_detection_ex.cpp` (King 2015, arXiv:1502.00046). Cell (r, c) of the scores is
    about the window around pixel (8 c + 14, 8 r + 14): three strides of 2 with 5 x 5 windows and no padding.

    Raises:
        BadWeights: the layers are not those of such a network.
    """
    if network.options is None:
        raise BadWeights(f"{network.name}: expected a detector, found an encoder")
    drawing, layers = Drawing(), LayerQueue(network)
    value, scale = "pictures", 1 / 256
    convolution = layers.take_convolution(3)
    filled = 3
    while layers.comes(Affine):
        weights, biases = layers.take_affine(convolution)
        layers.take_relu()
        before, filled = filled, -(-len(biases) // _BLOCK) * _BLOCK
        kernel = _filled(_filled(weights * scale, 0, filled), 1, before)
        value = drawing.convolve(
            value, kernel, _filled(biases, 0, filled), stride=convolution.stride, padding=convolution.padding
        )
        value, scale = drawing.add("Relu", [value]), 1.0
        convolution = layers.take_convolution(len(convolution.biases))
    layers.require(len(convolution.biases) == 1, convolution, "one output channel")
    layers.end()
    return drawing.serialized(
        [_last_filter(drawing, value, convolution, filled)],
        inputs=[("pictures", "float32", ("n", 3, "height", "width"))],
        outputs=[("scores", "float32", ("n", 1, "rows", "columns"))],
        notes=notes | {"grid": _grid(network)},
    )


def resize_graph(notes: dict[str, str]) -> bytes:
    """Return the model `picture` (1, 3, h, w) float32, `sizes` (4,) -> `resized`: bilinear, corners on corners."""
    drawing = Drawing()
    value = drawing.add(
        "Resize", ["picture", "", "", "sizes"], mode="linear", coordinate_transformation_mode="align_corners"
    )
    return drawing.serialized(
        [value],
        inputs=[("picture", "float32", (1, 3, "height", "width")), ("sizes", "int64", (4,))],
        outputs=[("resized", "float32", (1, 3, "rows", "columns"))],
        notes=notes,
    )


def _grid(network: Network) -> str:
    """Return pixels from cell to cell, pixels that the unpadded layers need for a cell, cells of context around it."""
    stride, stem, context = 1, 1, 0
    for layer in network.layers:
        if not isinstance(layer, Convolution):
            continue
        side, even = layer.weights.shape[2], layer.weights.shape[2] == layer.weights.shape[3]
        unpadded = layer.padding == (0, 0) and not context
        padded = layer.padding == (side // 2, side // 2) and layer.stride == (1, 1)
        if not even or not side % 2 or layer.stride[0] != layer.stride[1] or not (unpadded or padded):
            raise BadWeights(f"{network.name}: expected square filters, padded ones last, at byte {layer.offset}")
        if unpadded:
            stem, stride = stem + (side - 1) * stride, stride * layer.stride[0]
        else:
            context += side // 2
    return f"{stride} {stem} {context}"


def _last_filter(drawing: Drawing, value: str, last: Convolution, filled: int) -> str:
    """Append the filter to one channel: its rows as channels of a flat filter, then their sum, each in its place."""
    channels, rows, columns = last.weights.shape[1:]
    blocks = -(-rows // _BLOCK) * _BLOCK
    flat = np.zeros((blocks, filled, 1, columns))
    flat[:rows, :channels, 0] = last.weights[0].transpose(1, 0, 2)
    tall = np.zeros((_BLOCK, blocks, rows, 1))
    tall[0, range(rows), range(rows), 0] = 1
    value = drawing.convolve(value, flat, np.zeros(blocks), padding=(0, last.padding[1]))
    value = drawing.convolve(value, tall, _filled(last.biases, 0, _BLOCK), padding=(last.padding[0], 0))
    return drawing.add("Slice", [value, drawing.constant([0]), drawing.constant([1]), drawing.constant([1])])


def _filled(values: NDArray[RealT], axis: int, length: int) -> NDArray[RealT]:
    """Return the values with zeros behind them along an axis."""
    missing = [(0, 0)] * values.ndim
    missing[axis] = (0, length - values.shape[axis])
    return np.pad(values, missing)
