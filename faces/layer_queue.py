"""The layers of a network, taken one after the other by who knows what has to come next; it draws nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from faces.dlib_network import Affine, Convolution, Layer, Network
from faces.errors import BadWeights

LayerT = TypeVar("LayerT", bound=Layer)


class LayerQueue:
    """Each layer once, in the file's order."""

    def __init__(self, network: Network) -> None:
        self._name = network.name
        self._waiting: Iterator[Layer] = iter(network.layers)
        self._next: Layer | None = next(self._waiting, None)

    def comes(self, form: type[Layer]) -> bool:
        """Whether the next layer is of this form."""
        return isinstance(self._next, form)

    def take(self, form: type[LayerT], kind: str = "") -> LayerT:
        """Return the next layer.

        Raises:
            BadWeights: it has another form or kind; names the byte where it begins.
        """
        layer = self._next
        if not isinstance(layer, form) or (kind and layer.kind != kind):
            found = f"{layer.kind} at byte {layer.offset}" if layer is not None else "no more layers"
            raise BadWeights(f"{self._name}: expected {kind or form.__name__}, found {found}")
        self._next = next(self._waiting, None)
        return layer

    def take_convolution(self, channels: int) -> Convolution:
        """Return the next layer, a convolution of so many channels."""
        convolution = self.take(Convolution)
        self.require(convolution.weights.shape[1] == channels, convolution, f"{channels} input channels")
        return convolution

    def take_affine(self, convolution: Convolution) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take the affine layer after a convolution; return the convolution's weights and biases with it folded in."""
        affine = self.take(Affine)
        self.require(len(affine.gamma) == len(convolution.biases), affine, f"{len(convolution.biases)} channels")
        weights = convolution.weights.astype(np.float64) * affine.gamma[:, None, None, None]
        return weights, convolution.biases * affine.gamma + affine.beta

    def take_relu(self) -> None:
        """Step over a rectifier, which has no numbers."""
        self.take(Layer, "relu_")

    def end(self) -> None:
        """Refuse further layers."""
        if self._next is not None:
            raise BadWeights(
                f"{self._name}: expected no more layers, found {self._next.kind} at byte {self._next.offset}"
            )

    def require(self, holds: bool, layer: Layer, expected: str) -> None:
        """Refuse a layer that does not fit to the ones before it.

        Raises:
            BadWeights: `holds` is false.
        """
        if not holds:
            raise BadWeights(f"{self._name}: expected {expected} in {layer.kind} at byte {layer.offset}")
