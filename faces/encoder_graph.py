"""dlib's face encoder as a graph that computes the same numbers; it does not run it.

Folded are the input's means and 1/256 into the first convolution, and each affine layer into the convolution before
it. Zeros are appended by convolutions of ones, channels and borders alike: padding would leave the blocked layout of
ONNX Runtime, in which it also adds a branch to its skip and rectifies the sum within the branch's last convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from faces.dlib_network import Convolution, Dense, Layer, Network, Pool
from faces.errors import BadWeights
from faces.layer_queue import LayerQueue
from faces.onnx_drawing import Drawing

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Map:
    """A feature map: the value's name, its height and width, its channels."""

    value: str
    size: Size
    channels: int


def encoder_graph(network: Network, notes: dict[str, str]) -> bytes:
    """Return the model `chips` (n, height, width, 3) uint8 RGB -> `embeddings` (n, 128) float32.

    Architecture: dlib's `dnn_face_recognition_ex.cpp`, a residual network of 29 convolutions (He et al. 2016).

    Raises:
        BadWeights: the layers are not those of such a network.
    """
    if network.input_size is None:
        raise BadWeights(f"{network.name}: expected an encoder, whose input has a fixed size, found a detector")
    drawing, layers = Drawing(), LayerQueue(network)
    features = _stem(drawing, layers, network)
    while layers.comes(Convolution):
        features = _block(drawing, layers, features)
    pool = layers.take(Pool, "avg_pool_2")
    layers.require(pool.window == (0, 0), pool, "a pool over the whole picture")
    last = layers.take(Dense)
    layers.require(last.weights.shape[0] == features.channels, last, f"{features.channels} inputs")
    layers.end()
    value = drawing.add("ReduceMean", [features.value, drawing.constant([2, 3])], keepdims=0)
    value = drawing.add("MatMul", [value, drawing.constant(last.weights)])
    return drawing.serialized(
        value,
        inputs=[("chips", "uint8", ("faces", *network.input_size, 3))],
        output=("embeddings", "float32", ("faces", last.weights.shape[1])),
        notes=notes,
    )


def _stem(drawing: Drawing, layers: LayerQueue, network: Network) -> _Map:
    convolution = layers.take_convolution(3)
    weights, biases = layers.take_affine(convolution)
    layers.take_relu()
    layers.require(convolution.padding == (0, 0), convolution, "no padding, which the means could not be folded into")
    weights = weights / 256
    biases = biases - (weights * network.means.astype(np.float64)[None, :, None, None]).sum(axis=(1, 2, 3))
    value = drawing.add("Transpose", [drawing.as_float("chips")], perm=[0, 3, 1, 2])
    value = drawing.convolve(value, weights, biases, stride=convolution.stride)
    pool = layers.take(Pool, "max_pool_2")
    value = drawing.add("MaxPool", [drawing.add("Relu", [value])], kernel_shape=pool.window, strides=pool.stride)
    size = _after_pool(_after(network.input_size or (0, 0), convolution), pool)
    return _Map(value, size, len(biases))


def _block(drawing: Drawing, layers: LayerQueue, taken: _Map) -> _Map:
    """Append a residual block; the narrower side gets zero channels, the smaller one zeros at bottom and right."""
    first = layers.take_convolution(taken.channels)
    weights, biases = layers.take_affine(first)
    layers.take_relu()
    value = drawing.convolve(taken.value, weights, biases, stride=first.stride, padding=first.padding)
    second = layers.take_convolution(len(biases))
    weights, biases = layers.take_affine(second)
    value = drawing.convolve(
        drawing.add("Relu", [value]), weights, biases, stride=second.stride, padding=second.padding
    )
    branch = _Map(value, _after(_after(taken.size, first), second), len(biases))
    skip = _skip(drawing, layers, taken, wide=branch.channels)
    added = layers.take(Layer, "add_prev_")
    layers.take_relu()
    missing = [s - b for s, b in zip(skip.size, branch.size, strict=True)]
    layers.require(min(missing) >= 0 and branch.channels == skip.channels, added, "a branch not larger than its skip")
    if any(missing):
        value = drawing.widen(value, branch.channels, below=missing[0], right=missing[1])
    return _Map(drawing.add("Relu", [drawing.add("Add", [value, skip.value])]), skip.size, skip.channels)


def _skip(drawing: Drawing, layers: LayerQueue, taken: _Map, *, wide: int) -> _Map:
    value, size, channels = taken.value, taken.size, taken.channels
    if layers.comes(Pool):
        pool = layers.take(Pool, "avg_pool_2")
        layers.require(min(pool.window) > 0, pool, "a pool of windows")
        value = drawing.add("AveragePool", [value], kernel_shape=pool.window, strides=pool.stride)
        size = _after_pool(size, pool)
    if wide > channels:
        value = drawing.convolve(value, np.eye(wide, channels)[:, :, None, None], np.zeros(wide))
        channels = wide
    return _Map(value, size, channels)


def _after(size: Size, convolution: Convolution) -> Size:
    height, width = (
        (side + 2 * padding - window) // stride + 1
        for side, padding, window, stride in zip(
            size, convolution.padding, convolution.weights.shape[2:], convolution.stride, strict=True
        )
    )
    return height, width


def _after_pool(size: Size, pool: Pool) -> Size:
    height, width = (
        (side - window) // stride + 1 for side, window, stride in zip(size, pool.window, pool.stride, strict=True)
    )
    return height, width
