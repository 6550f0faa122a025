"""Feature maps of the encoder's graph in two layouts, with the same operations; it knows no network.

ONNX Runtime's convolutions read all their weights again for each row of their output. Where maps are large that costs
nothing; where they are a few pixels, the weights are megabytes and one matrix product that reads them once is faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from faces.onnx_drawing import Drawing

Size = tuple[int, int]


class FeatureMap(Protocol):
    """A value of the graph; sizes, windows, strides and paddings are yx."""

    @property
    def size(self) -> Size:
        """Height and width."""

    @property
    def channels(self) -> int:
        """How many."""

    def convolve(
        self, weights: NDArray[np.float64], biases: NDArray[np.float64], *, stride: Size, padding: Size, rectify: bool
    ) -> Self:
        """Return the map convolved with weights (out, in, rows, columns), rectified when asked for."""

    def average(self, window: Size, stride: Size) -> Self:
        """Return the means of windows, which have to lie within the map."""

    def enlarge(self, size: Size, channels: int) -> Self:
        """Return the map with zeros at bottom and right, and channels of zeros."""

    def add(self, other: Self) -> Self:
        """Return the sum with a map of the same size, rectified."""


@dataclass(frozen=True, slots=True)
class Planes:
    """A value (faces, channels, height, width).

    Zeros are appended by convolutions of ones: padding would leave the blocked layout of ONNX Runtime, in which it
    also adds a branch to its skip and rectifies the sum within the branch's last convolution.
    """

    drawing: Drawing
    value: str
    size: Size
    channels: int

    def convolve(  # noqa: D102 - told by FeatureMap, as the others
        self, weights: NDArray[np.float64], biases: NDArray[np.float64], *, stride: Size, padding: Size, rectify: bool
    ) -> Planes:
        value = self.drawing.convolve(self.value, weights, biases, stride=stride, padding=padding)
        value = self.drawing.add("Relu", [value]) if rectify else value
        return Planes(self.drawing, value, after(self.size, weights.shape[2:], stride, padding), len(biases))

    def average(self, window: Size, stride: Size) -> Planes:  # noqa: D102
        value = self.drawing.add("AveragePool", [self.value], kernel_shape=window, strides=stride)
        return Planes(self.drawing, value, after(self.size, window, stride), self.channels)

    def enlarge(self, size: Size, channels: int) -> Planes:  # noqa: D102
        value = self.value
        if channels > self.channels:
            value = self.drawing.convolve(value, np.eye(channels, self.channels)[:, :, None, None], np.zeros(channels))
        if size != self.size:
            below, right = size[0] - self.size[0], size[1] - self.size[1]
            value = self.drawing.widen(value, channels, below=below, right=right)
        return Planes(self.drawing, value, size, channels)

    def add(self, other: Planes) -> Planes:  # noqa: D102
        value = self.drawing.add("Relu", [self.drawing.add("Add", [self.value, other.value])])
        return Planes(self.drawing, value, self.size, self.channels)

    def as_pixels(self) -> Pixels:
        """Return the same map in the other layout."""
        flat = self.drawing.reshape(self.value, (-1, self.channels, self.size[0] * self.size[1]))
        value = self.drawing.add("Transpose", [flat], perm=[0, 2, 1])
        return Pixels(self.drawing, value, self.size, self.channels)


@dataclass(frozen=True, slots=True)
class Pixels:
    """A value (faces, height * width, channels): the neighbours of a pixel are gathered, each a row of channels."""

    drawing: Drawing
    value: str
    size: Size
    channels: int

    def convolve(  # noqa: D102
        self, weights: NDArray[np.float64], biases: NDArray[np.float64], *, stride: Size, padding: Size, rectify: bool
    ) -> Pixels:
        window = weights.shape[2:]
        neighbours = _windows(self.size, window, stride, padding)
        inside = (neighbours < self.size[0] * self.size[1]).any(axis=0)  # what only meets padding adds nothing
        kept = weights.reshape(*weights.shape[:2], -1)[:, :, inside]
        matrix = kept.transpose(0, 2, 1).reshape(len(biases), -1)
        rows = self.drawing.reshape(self._gather(neighbours[:, inside]), (-1, matrix.shape[1]))
        value = self._product(matrix, biases, rows, one_pixel=len(neighbours) == 1, rectify=rectify)
        value = self.drawing.reshape(value, (-1, len(neighbours), len(biases)))
        return Pixels(self.drawing, value, after(self.size, window, stride, padding), len(biases))

    def average(self, window: Size, stride: Size) -> Pixels:  # noqa: D102
        members = _windows(self.size, window, stride)
        shares = np.zeros((len(members), self.size[0] * self.size[1]))
        shares[np.arange(len(members))[:, None], members] = 1 / members.shape[1]
        value = self.drawing.add("MatMul", [self.drawing.constant(shares), self.value])
        return Pixels(self.drawing, value, after(self.size, window, stride), self.channels)

    def enlarge(self, size: Size, channels: int) -> Pixels:  # noqa: D102
        value = self.value
        if size != self.size:
            below, right = size[0] - self.size[0], size[1] - self.size[1]
            numbers = np.arange(self.size[0] * self.size[1]).reshape(self.size)
            numbers = np.pad(numbers, ((0, below), (0, right)), constant_values=self.size[0] * self.size[1])
            value = self._gather(numbers.reshape(-1, 1))
        if channels > self.channels:
            value = self.drawing.pad(value, (0, 0, channels - self.channels))
        return Pixels(self.drawing, value, size, channels)

    def add(self, other: Pixels) -> Pixels:  # noqa: D102
        value = self.drawing.add("Relu", [self.drawing.add("Add", [self.value, other.value])])
        return Pixels(self.drawing, value, self.size, self.channels)

    def _gather(self, pixels: NDArray[np.int64]) -> str:
        """Return the rows of these pixels; the one after the last is zero."""
        missing = int(pixels.max()) == self.size[0] * self.size[1]
        value = self.drawing.pad(self.value, (0, 1, 0)) if missing else self.value
        return self.drawing.add("Gather", [value, self.drawing.constant(pixels.reshape(-1))], axis=1)

    def _product(
        self, matrix: NDArray[np.float64], biases: NDArray[np.float64], rows: str, *, one_pixel: bool, rectify: bool
    ) -> str:
        """Return rows times matrix; a matrix on the left is read once for all of up to 16 rows, and never copied."""
        if one_pixel:
            inputs = [rows, self.drawing.constant(matrix.T), self.drawing.constant(biases)]
            value = self.drawing.add("Gemm", inputs)
            return self.drawing.add("Relu", [value]) if rectify else value
        inputs = [self.drawing.constant(matrix), rows, self.drawing.constant(biases[:, None])]
        value = self.drawing.add("Gemm", inputs, transB=1)
        value = self.drawing.add("Relu", [value]) if rectify else value
        return self.drawing.add("Transpose", [value], perm=[1, 0])


def after(size: Size, window: tuple[int, ...], stride: Size, padding: Size = (0, 0)) -> Size:
    """Return the size of what is left by windows that move over a map."""
    height, width = (
        (side + 2 * more - part) // step + 1
        for side, part, step, more in zip(size, window, stride, padding, strict=True)
    )
    return height, width


def _windows(size: Size, window: tuple[int, ...], stride: Size, padding: Size = (0, 0)) -> NDArray[np.int64]:
    """Return the numbers of the pixels in each window, (windows, pixels of one); padding has the one after the last."""
    numbers = np.arange(size[0] * size[1], dtype=np.int64).reshape(size)
    padded = np.pad(numbers, [(more, more) for more in padding], constant_values=numbers.size)
    found = np.lib.stride_tricks.sliding_window_view(padded, window)[:: stride[0], :: stride[1]]
    return found.reshape(-1, window[0] * window[1])
