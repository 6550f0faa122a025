"""dlib's network files as plain numbers: loss, input means and layers; it computes nothing with them.

A file holds the loss, one version for each layer from the outermost to the innermost, the input layer, and then the
layers' own parts from the innermost to the outermost (`serialize(add_layer)` in `dlib/dnn/core.h`). Tags and skips
write nothing but their version. Which fields a layer has is told by `dlib/dnn/layers.h` and `dlib/dnn/loss.h`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faces.dlib_format import DlibReader

_MOST_LAYERS = 1000
_INNERMOST = 3
_LAYER = 2
_TAG = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer without numbers of its own: "relu_" or "add_prev_".

    Attributes:
        kind: the name that dlib gives it in the file.
        offset: where it begins in the file, bytes.
    """

    kind: str
    offset: int


@dataclass(frozen=True, slots=True)
class Convolution(Layer):
    """`weights` (out, in, rows, columns) correlated with the input; `biases` (out,); strides and paddings are yx."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Affine(Layer):
    """Each channel times `gamma` plus `beta`, both (channels,) float64; batch normalisation is brought to this form."""

    gamma: NDArray[np.float64]
    beta: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """Maximum or mean of windows, sizes yx; a window of (0, 0) is the whole picture."""

    window: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """`weights` (in, out), without biases."""

    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MmodOptions:
    """What the max-margin loss says about detections.

    Attributes:
        window: width and height of a detection in the searched picture, pixels.
        same_iou: two boxes with a larger IoU are one detection.
        same_cover: as are two of which one is covered to a larger share.
    """

    window: tuple[int, int]
    same_iou: float
    same_cover: float


@dataclass(frozen=True, slots=True)
class Network:
    """A network file.

    Attributes:
        name: of the file.
        options: of the detector's loss; None for other losses.
        means: (3,) float32, RGB, what the input layer takes off before it divides by 256.
        input_size: height and width when the input layer fixes it.
        layers: the innermost first.
    """

    name: str
    options: MmodOptions | None
    means: NDArray[np.float32]
    input_size: tuple[int, int] | None
    layers: tuple[Layer, ...]


def read_network(path: Path) -> Network:
    """Read a network file.

    Raises:
        BadWeights: it is not one of dlib's, cut short, or holds a layer unknown here; names the file and the byte.
    """
    reader = DlibReader.open(path)
    reader.between(1, 1, "the version of a loss layer")
    options = _loss(reader)
    count = _layer_count(reader)
    means, input_size = _input(reader)
    innermost = _layer(reader)
    reader.between(1, 1, "how many pictures the input layer makes of one")
    layers = (innermost, *(_layer(reader) for _ in range(count - 1)))
    reader.end()
    return Network(path.name, options, means, input_size, layers)


def _loss(reader: DlibReader) -> MmodOptions | None:
    began = reader.offset
    name = reader.text()
    if name == "loss_metric_2":
        reader.number(), reader.number()  # margin and distance: they matter for training alone
        return None
    if name != "loss_mmod_":
        raise reader.fault("the loss 'loss_mmod_' or 'loss_metric_2'", offset=began)
    reader.between(1, 1, "version 1 of the detector's options")
    window = reader.between(8, 1000, "the window's width"), reader.between(8, 1000, "the window's height")
    began = reader.offset
    _alarm, _miss, _truth, same_iou, same_cover, _ignore_iou, _ignore_cover = (reader.number() for _ in range(7))
    if not (0 <= same_iou <= 1 and 0 <= same_cover <= 1):
        raise reader.fault("shares of overlap, 0..1", offset=began)
    return MmodOptions(window, same_iou, same_cover)


def _layer_count(reader: DlibReader) -> int:
    count = 0
    for _ in range(_MOST_LAYERS):
        version = reader.between(_TAG, _INNERMOST, "the version of a layer")
        count += version != _TAG
        if version == _INNERMOST:
            return count
    raise reader.fault(f"at most {_MOST_LAYERS} layers")


def _input(reader: DlibReader) -> tuple[NDArray[np.float32], tuple[int, int] | None]:
    began = reader.offset
    name = reader.text()
    if name not in ("input_rgb_image_pyramid", "input_rgb_image_sized"):
        raise reader.fault("the input layer 'input_rgb_image_pyramid' or 'input_rgb_image_sized'", offset=began)
    means = np.array([reader.number() for _ in range(3)], dtype=np.float32)
    if not ((means >= 0) & (means <= 255)).all():
        raise reader.fault("mean colours, 0..255", offset=began)
    if name == "input_rgb_image_pyramid":
        return means, None
    return means, (reader.between(1, 4096, "the input's height"), reader.between(1, 4096, "the input's width"))


def _layer(reader: DlibReader) -> Layer:
    began = reader.offset
    kind = reader.text()
    if kind not in _PARTS:
        raise reader.fault("one of the layers " + ", ".join(_PARTS), offset=began)
    layer = _PARTS[kind](reader, kind, began)
    for _ in range(3):  # set up, gradient stale, gradient disabled
        reader.truth()
    for _ in range(3):  # gradients and the last output: empty in a cleaned network, and of no use here
        reader.tensor()
    return layer


def _convolution(reader: DlibReader, kind: str, began: int) -> Layer:
    numbers = reader.tensor()
    filters, rows, columns = (reader.between(1, 4096, "a size of a convolution") for _ in range(3))
    stride, padding = _pair(reader, "a stride", least=1), _pair(reader, "a padding", least=0)
    _step_over(reader, aliases=2, multipliers=4)
    inputs, rest = divmod(numbers.size - filters, filters * rows * columns)
    if rest or inputs < 1:
        raise reader.fault(f"{filters} filters of {rows}x{columns} and as many biases", offset=began)
    flat = numbers.reshape(-1)
    weights = flat[: numbers.size - filters].reshape(filters, inputs, rows, columns)
    return Convolution(kind, began, weights, flat[numbers.size - filters :], stride, padding)


def _affine(reader: DlibReader, kind: str, began: int) -> Layer:
    gamma, beta = _gamma_beta(reader, began)
    reader.integer()  # for each channel or for each value
    return Affine(kind, began, gamma, beta)


def _batch_norm(reader: DlibReader, kind: str, began: int) -> Layer:
    """Fold the running statistics: gamma' = gamma / sqrt(variance + eps), beta' = beta - gamma' * mean."""
    gamma, beta = _gamma_beta(reader, began)
    reader.tensor(), reader.tensor()  # statistics of the last batch
    mean, variance = (reader.tensor().reshape(-1).astype(np.float64) for _ in range(2))
    reader.integer(), reader.integer()  # updates done, window of the running statistics
    _step_over(reader, multipliers=4)
    eps = reader.number()
    if mean.shape != gamma.shape or variance.shape != gamma.shape or not (variance + eps > 0).all():
        raise reader.fault("means and positive variances, one for each channel", offset=began)
    gamma = gamma / np.sqrt(variance + eps)
    return Affine(kind, began, gamma, beta - gamma * mean)


def _gamma_beta(reader: DlibReader, began: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    numbers = reader.tensor().reshape(-1).astype(np.float64)
    _step_over(reader, aliases=2)
    if not numbers.size or numbers.size % 2:
        raise reader.fault("as many factors as offsets", offset=began)
    return numbers[: numbers.size // 2], numbers[numbers.size // 2 :]


def _pool(reader: DlibReader, kind: str, began: int) -> Layer:
    window, stride = _pair(reader, "a pool's window", least=0), _pair(reader, "a stride", least=1)
    return Pool(kind, began, window, stride, _pair(reader, "a padding", least=0))


def _dense(reader: DlibReader, kind: str, began: int) -> Layer:
    outputs, inputs = reader.between(1, 65536, "a number of outputs"), reader.between(1, 65536, "a number of inputs")
    numbers = reader.tensor()
    _step_over(reader, aliases=2)
    reader.integer()  # whether there are biases
    _step_over(reader, multipliers=4)
    if numbers.size != inputs * outputs:
        raise reader.fault(f"a matrix {inputs}x{outputs} without biases", offset=began)
    return Dense(kind, began, numbers.reshape(inputs, outputs))


def _plain(_reader: DlibReader, kind: str, began: int) -> Layer:
    return Layer(kind, began)


def _pair(reader: DlibReader, what: str, *, least: int) -> tuple[int, int]:
    return reader.between(least, 64, what), reader.between(least, 64, what)


def _step_over(reader: DlibReader, *, aliases: int = 0, multipliers: int = 0) -> None:
    """Step over the shapes of parts of the parameters, and over multipliers of the solver."""
    for _ in range(aliases):
        reader.between(1, 1, "the version of an alias")
        reader.shape()
    for _ in range(multipliers):
        reader.number()


_PARTS: dict[str, Callable[[DlibReader, str, int], Layer]] = {
    "con_4": _convolution,
    "affine_": _affine,
    "bn_con2": _batch_norm,
    "relu_": _plain,
    "add_prev_": _plain,
    "max_pool_2": _pool,
    "avg_pool_2": _pool,
    "fc_2": _dense,
}
