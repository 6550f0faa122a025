"""Feature maps of the encoder's graph in two layouts, with the same operations; it knows no network.

ONNX Runtime's convolutions read all their weights again for each row of their output. Where maps are large that costs
nothing; where they are a few pixels, the weights are megabytes and one matrix product that reads them once is faster.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from faces.onnx_drawing import Drawing

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FeatureMap(ABC):
    """A value of the graph; sizes, windows, strides and paddings are yx."""

    drawing: Drawing
    value: str
    size: Size
    channels: int

    @abstractmethod
    def convolve(
        self, weights: NDArray[np.float64], biases: NDArray[np.float64], *, stride: Size, padding: Size, rectify: bool
    ) -> Self:
        """Return the map convolved with weights (out, in, rows, columns), rectified when asked for."""

    @abstractmethod
    def average(self, window: Size, stride: Size) -> Self:
        """Return the means of windows, which have to lie within the map."""

    @abstractmethod
    def enlarge(self, size: Size, channels: int) -> Self:
        """Return the map with zeros at bottom and right, and channels of zeros."""

    def add(self, other: Self) -> Self:
        """Return the sum with a map of the same size, rectified."""
        return replace(self, value=self._rectified(self.drawing.add("Add", [self.value, other.value])))

    def _rectified(self, value: str, wanted: bool = True) -> str:
        return self.drawing.add("Relu", [value]) if wanted else value


@dataclass(frozen=True, slots=True)
class Planes(FeatureMap):
    """A value (faces, channels, height, width).

    Zeros are appended by convolutions of ones: padding would leave the blocked layout of ONNX Runtime, in which it
    also adds a branch to its skip and rectifies the sum within the branch's last convolution.
    """

    def convolve(  # noqa: D102 - told by FeatureMap, as the others
        self, weights: NDArray[np.float64], biases: NDArray[np.float64], *, stride: Size, padding: Size, rectify: bool
    ) -> Self:
        value = self.drawing.convolve(self.value, weights, biases, stride=stride, padding=padding)
        size = after(self.size, weights.shape[2:], stride, padding)
        return replace(self, value=self._rectified(value, rectify), size=size, channels=len(biases))

    def average(self, window: Size, stride: Size) -> Self:  # noqa: D102
        value = self.drawing.add("AveragePool", [self.value], kernel_shape=window, strides=stride)
        return replace(self, value=value, size=after(self.size, window, stride))

    def enlarge(self, size: Size, channels: int) -> Self:  # noqa: D102
        value = self.value
        if channels > self.channels:
            value = self.drawing.convolve(value, np.eye(channels, self.channels)[:, :, None, None], np.zeros(channels))
        if size != self.size:
            below, right = size[0] - self.size[0], size[1] - self.size[1]
            value = self.drawing.widen(value, channels, below=below, right=right)
        return replace(self, value=value, size=size, channels=channels)

    def as_pixels(self) -> Pixels:
        """Return the same map in the other layout."""
        flat = self.drawing.reshape(self.value, (-1, self.channels, self.size[0] * self.size[1]))
        value = self.drawing.add("Transpose", [flat], perm=[0, 2, 1])
        return Pixels(self.drawing, value, self.size, self.channels)


@dataclass(frozen=True, slots=True)
class Pixels(FeatureMap):
    """A value (faces, height * width, channels): the neighbours of a pixel are gathered, each a row of channels."""

    def convolve(  # noqa: D102
        self, weights: NDArray[np.float64], biases: NDArray[np.float64], *, stride: Size, padding: Size, rectify: bool
    ) -> Self:
        neighbours = _windows(self.size, weights.shape[2:], stride, padding)
        inside = (neighbours < self.size[0] * self.size[1]).any(axis=0)  # what only meets padding adds nothing
        kept = weights.reshape(*weights.shape[:2], -1)[:, :, inside]
        matrix = kept.transpose(0, 2, 1).reshape(len(biases), -1)
        rows = self.drawing.reshape(self._gather(neighbours[:, inside]), (-1, matrix.shape[1]))
        product = self._one_product if len(neighbours) == 1 else self._products
        value = self.drawing.reshape(product(matrix, biases, rows, rectify), (-1, len(neighbours), len(biases)))
        size = after(self.size, weights.shape[2:], stride, padding)
        return replace(self, value=value, size=size, channels=len(biases))

    def average(self, window: Size, stride: Size) -> Self:  # noqa: D102
        members = _windows(self.size, window, stride)
        shares = np.zeros((len(members), self.size[0] * self.size[1]))
        shares[np.arange(len(members))[:, None], members] = 1 / members.shape[1]
        value = self.drawing.add("MatMul", [self.drawing.constant(shares), self.value])
        return replace(self, value=value, size=after(self.size, window, stride))

    def enlarge(self, size: Size, channels: int) -> Self:  # noqa: D102
        value = self.value
        if size != self.size:
            below, right = size[0] - self.size[0], size[1] - self.size[1]
            numbers = np.arange(self.size[0] * self.size[1]).reshape(self.size)
            numbers = np.pad(numbers, ((0, below), (0, right)), constant_values=self.size[0] * self.size[1])
            value = self._gather(numbers.reshape(-1, 1))
        if channels > self.channels:
            value = self.drawing.pad(value, (0, 0, channels - self.channels))
        return replace(self, value=value, size=size, channels=channels)

    def _gather(self, pixels: NDArray[np.int64]) -> str:
        """Return the rows of these pixels; the one after the last is zero."""
        missing = int(pixels.max()) == self.size[0] * self.size[1]
        value = self.drawing.pad(self.value, (0, 1, 0)) if missing else self.value
        return self.drawing.add("Gather", [value, self.drawing.constant(pixels.reshape(-1))], axis=1)

    def _products(self, matrix: NDArray[np.float64], biases: NDArray[np.float64], rows: str, rectify: bool) -> str:
        """Return rows times matrix; on the left the matrix is read once for 16 rows, on the right twice."""
        inputs = [self.drawing.constant(matrix), rows, self.drawing.constant(biases[:, None])]
        value = self._rectified(self.drawing.add("Gemm", inputs, transB=1), rectify)
        return self.drawing.add("Transpose", [value], perm=[1, 0])

    def _one_product(self, matrix: NDArray[np.float64], biases: NDArray[np.float64], rows: str, rectify: bool) -> str:
        """Return one row a face times matrix; on the right the matrix is read in the order in which it lies."""
        inputs = [rows, self.drawing.constant(matrix.T), self.drawing.constant(biases)]
        return self._rectified(self.drawing.add("Gemm", inputs), rectify)


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
