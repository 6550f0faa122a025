"""dlib's face encoder as a graph that computes the same numbers; it does not run it.

Folded are the input's means and 1/256 into the first convolution, and each affine layer into the convolution before
it. The first convolution takes the picture as it lies in memory, three colours of a pixel side by side.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from faces.dlib_network import Convolution, Dense, Layer, Network, Pool
from faces.encoder_maps import FeatureMap, Pixels, Planes, Size, after
from faces.errors import BadWeights
from faces.layer_queue import LayerQueue
from faces.onnx_drawing import Drawing

_COLOURS = 3
_FEW_PIXELS = 16
"""Maps of at most so many pixels are convolved by matrix products."""
MapT = TypeVar("MapT", bound=FeatureMap)


def encoder_graph(network: Network, notes: dict[str, str]) -> bytes:
    """Return the model `chips` (n, height, width, 3) uint8 RGB -> `embeddings` (n, 128) float32.

    Architecture: dlib's `dnn_face_recognition_ex.cpp`, a residual network of 29 convolutions (He et al. 2016).

    Raises:
        BadWeights: the layers are not those of such a network.
    """
    if network.input_size is None:
        raise BadWeights(f"{network.name}: expected an encoder, whose input has a fixed size, found a detector")
    drawing, layers = Drawing(), LayerQueue(network)
    planes = _stem(drawing, layers, network, network.input_size)
    while layers.comes(Convolution) and planes.size[0] * planes.size[1] > _FEW_PIXELS:
        planes = _block(layers, planes)
    pixels = planes.as_pixels()
    while layers.comes(Convolution):
        pixels = _block(layers, pixels)
    value, numbers = _head(drawing, layers, pixels)
    layers.end()
    return drawing.serialized(
        [value],
        inputs=[("chips", "uint8", ("faces", *network.input_size, _COLOURS))],
        outputs=[("embeddings", "float32", ("faces", numbers))],
        notes=notes,
    )


def _stem(drawing: Drawing, layers: LayerQueue, network: Network, size: Size) -> Planes:
    convolution = layers.take_convolution(_COLOURS)
    weights, biases = layers.take_affine(convolution)
    layers.take_relu()
    layers.require(convolution.padding == (0, 0), convolution, "no padding, which the means could not be folded into")
    weights = weights / 256
    biases = biases - (weights * network.means.astype(np.float64)[None, :, None, None]).sum(axis=(1, 2, 3))
    window, (down, right) = convolution.weights.shape[2:], convolution.stride
    beside = weights.transpose(0, 2, 3, 1).reshape(len(biases), 1, window[0], window[1] * _COLOURS)
    value = drawing.as_float(drawing.reshape("chips", (-1, 1, size[0], size[1] * _COLOURS)))
    value = drawing.add("Relu", [drawing.convolve(value, beside, biases, stride=(down, right * _COLOURS))])
    pool = layers.take(Pool, "max_pool_2")
    value = drawing.add("MaxPool", [value], kernel_shape=pool.window, strides=pool.stride)
    return Planes(drawing, value, after(after(size, window, (down, right)), pool.window, pool.stride), len(biases))


def _block(layers: LayerQueue, taken: MapT) -> MapT:
    """Append a residual block; the narrower side gets zero channels, the smaller one zeros at bottom and right."""
    first = layers.take_convolution(taken.channels)
    weights, biases = layers.take_affine(first)
    layers.take_relu()
    inner = taken.convolve(weights, biases, stride=first.stride, padding=first.padding, rectify=True)
    second = layers.take_convolution(inner.channels)
    weights, biases = layers.take_affine(second)
    branch = inner.convolve(weights, biases, stride=second.stride, padding=second.padding, rectify=False)
    skip = taken
    if layers.comes(Pool):
        pool = layers.take(Pool, "avg_pool_2")
        layers.require(min(pool.window) > 0, pool, "a pool of windows")
        skip = skip.average(pool.window, pool.stride)
    added = layers.take(Layer, "add_prev_")
    layers.take_relu()
    fits = branch.size[0] <= skip.size[0] and branch.size[1] <= skip.size[1] and branch.channels >= skip.channels
    layers.require(fits, added, "a branch not larger than its skip, with no fewer channels")
    return branch.enlarge(skip.size, branch.channels).add(skip.enlarge(skip.size, branch.channels))


def _head(drawing: Drawing, layers: LayerQueue, taken: Pixels) -> tuple[str, int]:
    """Append the mean of the whole map and the last matrix; return the value and how many numbers it has a face."""
    pool = layers.take(Pool, "avg_pool_2")
    layers.require(pool.window == (0, 0), pool, "a pool over the whole picture")
    last = layers.take(Dense)
    layers.require(last.weights.shape[0] == taken.channels, last, f"{taken.channels} inputs")
    mean = drawing.reshape(taken.average(taken.size, (1, 1)).value, (-1, taken.channels))
    return drawing.add("MatMul", [mean, drawing.constant(last.weights)]), last.weights.shape[1]
