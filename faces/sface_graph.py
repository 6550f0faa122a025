"""SFace's embedder as a graph that computes the same numbers in a third of the time; it does not run it.

The file lists its weights as inputs, which keeps ONNX Runtime from folding anything, and its activation (PReLU, a
slope of its own for each channel below zero) breaks the blocked layout in which convolutions are fast. Here every
normalisation is folded into the convolution before it, and each activation is written by what the blocked layout has,
a convolution that adds another one, rectified: with the slope a, PReLU(y) = a y + max(0, (1 - a) y) when a <= 1, and
a y - max(0, (a - 1) y) when a > 1. Channels of the second kind are carried negated, so that all are sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.onnx_drawing import Drawing
from faces.onnx_source import Network, Node

_SIDE = 112
# Measured: from 128 channels on a convolution costs more than a pass over its output (13.5 ms a face with that pass and
# a rectifier everywhere, 11.3 ms as it is here, 8.9 ms for plain rectifiers, which is wrong).
_CHEAP_CHANNELS = 64
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Layer:
    """A convolution with its normalisation folded in, and the slopes of the activation behind it."""

    weights: Numbers
    biases: Numbers
    slopes: Numbers
    stride: tuple[int, int]
    padding: tuple[int, int]
    group: int


def sface_graph(network: Network, notes: Mapping[str, str]) -> bytes:
    """Return the model `chips` (n, 112, 112, 3) uint8 RGB -> `embeddings` (n, 128) float32 of length 1.

    Architecture: MobileFaceNet with 27 convolutions, trained by Zhong et al. 2021, SFace (arXiv:2205.12010).

    Raises:
        BadWeights: the layers are not those of such a network.
    """
    drawing, nodes = Drawing(network.name), list(network.nodes)
    offset, factor = _input_scaling(network, nodes)
    value = drawing.add("Transpose", [drawing.as_float("chips")], perm=[0, 3, 1, 2])
    value = drawing.add("Sub", [value, drawing.constant(offset)])
    signs = np.full(3, factor)
    while nodes[0].operation == "Conv":
        value, signs = _drawn(drawing, value, _taken_layer(network, nodes), signs)
    value = _head(drawing, network, nodes, value, signs)
    value = drawing.add("LpNormalization", [value], axis=1, p=2)
    return drawing.serialized(
        [value],
        inputs=[("chips", "uint8", ("faces", _SIDE, _SIDE, 3))],
        outputs=[("embeddings", "float32", ("faces", 128))],
        notes=notes,
    )


def _input_scaling(network: Network, nodes: list[Node]) -> tuple[float, float]:
    """Take the two operations in front; return what is subtracted and what the rest is multiplied by."""
    offset = float(network.weights(_taken(network, nodes, "Sub"))[0].item())
    return offset, float(network.weights(_taken(network, nodes, "Mul"))[0].item())


def _taken(network: Network, nodes: list[Node], operation: str) -> Node:
    node = nodes.pop(0)
    if node.operation != operation:
        raise network.fault(f"{operation} at {node.output}, found {node.operation}")
    return node


def _taken_layer(network: Network, nodes: list[Node]) -> _Layer:
    convolution = _taken(network, nodes, "Conv")
    gain, shift = _normalisation(network, _taken(network, nodes, "BatchNormalization"))
    weights = network.weights(convolution)[0].astype(np.float64) * gain[:, None, None, None]
    slopes = network.weights(_taken(network, nodes, "PRelu"))[0].astype(np.float64).reshape(-1)
    attributes = convolution.attributes
    down, right = attributes["strides"]
    high, wide = attributes["pads"][:2]
    return _Layer(weights, shift, slopes, (down, right), (high, wide), attributes["group"])


def _normalisation(network: Network, node: Node) -> tuple[Numbers, Numbers]:
    """Return a normalisation as factors and what is added."""
    gamma, beta, mean, variance = (one.astype(np.float64) for one in network.weights(node))
    gain = gamma / np.sqrt(variance + node.attributes["epsilon"])
    return gain, beta - mean * gain


def _drawn(drawing: Drawing, value: str, layer: _Layer, signs: Numbers) -> tuple[str, Numbers]:
    """Append a layer whose input channels are to be multiplied by `signs`; return its output and that one's signs.

    Where the convolution is cheap, the whole layer is done twice, rectified and not: as quick as one more pass over
    its output. Elsewhere two convolutions of one pixel follow it.
    """
    depthwise = layer.group > 1
    weights = layer.weights * (signs[:, None, None, None] if depthwise else signs[None, :, None, None])
    biases, channels = layer.biases, len(layer.biases)
    stride, padding, group = layer.stride, layer.padding, layer.group
    if not depthwise and weights.shape[1] > _CHEAP_CHANNELS:
        value = drawing.convolve(value, weights, biases, stride=stride, padding=padding)
        weights, biases = np.ones((channels, 1, 1, 1)), np.zeros(channels)
        stride, padding, group = (1, 1), (0, 0), channels
    after = np.where(layer.slopes > 1, -1.0, 1.0)
    halves = []
    for factors in (np.abs(1 - layer.slopes), after * layer.slopes):
        scaled = weights * factors[:, None, None, None]
        halves.append(drawing.convolve(value, scaled, biases * factors, stride=stride, padding=padding, group=group))
    rectified = drawing.add("Relu", [halves[0]])
    return drawing.add("Add", [halves[1], rectified]), after


def _head(drawing: Drawing, network: Network, nodes: list[Node], value: str, signs: Numbers) -> str:
    """Append the last matrix with the normalisations around it; return its output."""
    gain, shift = _normalisation(network, _taken(network, nodes, "BatchNormalization"))
    _taken(network, nodes, "Dropout")
    _taken(network, nodes, "Flatten")
    matrix, biases = (one.astype(np.float64) for one in network.weights(_taken(network, nodes, "Gemm")))
    last_gain, last_shift = _normalisation(network, _taken(network, nodes, "BatchNormalization"))
    cells = matrix.shape[1] // len(gain)
    biases = biases + matrix @ np.repeat(shift, cells)
    matrix = matrix * np.repeat(gain * signs, cells)
    matrix, biases = matrix * last_gain[:, None], biases * last_gain + last_shift
    value = drawing.reshape(value, (-1, matrix.shape[1]))
    return drawing.add("Gemm", [value, drawing.constant(matrix), drawing.constant(biases)], transB=1)
