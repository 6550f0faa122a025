"""An ONNX graph that grows by one operation at a time; with `onnx_source.py` all that needs the package `onnx`.

It knows no network; see `encoder_graph.py`, `detector_graph.py`, `yunet_graph.py` and `sface_graph.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

_OPSET = 18
_IR_VERSION = 9
_TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}

Axes = Sequence[int | str]
Described = tuple[str, Literal["uint8", "float32", "int64"], Axes]


class Drawing:
    """Operations and constants of one graph; values are named by the operation that makes them."""

    def __init__(self, name: str = "dlib") -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, operation: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401 - whatever the operation takes
        """Append an operation; return the name of its output."""
        name = f"{operation}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    def constant(self, values: ArrayLike) -> str:
        """Append a constant, float32 or int64; return its name."""
        array = np.asarray(values)
        name = f"constant_{len(self._constants)}"
        kind = np.int64 if array.dtype.kind == "i" else np.float32
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array, dtype=kind), name))
        return name

    def as_float(self, value: str) -> str:
        """Append a change of type to float32; return its name."""
        return self.add("Cast", [value], to=TensorProto.FLOAT)

    def reshape(self, value: str, shape: Sequence[int]) -> str:
        """Append a change of shape, one length of which may be -1; return its name."""
        return self.add("Reshape", [value, self.constant(list(shape))])

    def pad(self, value: str, behind: Sequence[int]) -> str:
        """Append so many zeros at the end of each axis; return its name."""
        return self.add("Pad", [value, self.constant([0] * len(behind) + list(behind))])

    def convolve(
        self,
        value: str,
        weights: NDArray[np.floating],
        biases: NDArray[np.floating],
        *,
        stride: Sequence[int] = (1, 1),
        padding: Sequence[int] = (0, 0),
        group: int = 1,
    ) -> str:
        """Append a convolution; weights (out, in / group, rows, columns), stride, padding yx; return its name."""
        inputs = [value, self.constant(weights), self.constant(biases)]
        return self.add("Conv", inputs, strides=list(stride), pads=[*padding, *padding], group=group)

    def widen(self, value: str, channels: int, *, below: int, right: int) -> str:
        """Append rows and columns of zeros, by a convolution of each channel with a one; return its name."""
        inputs = [value, self.constant(np.ones((channels, 1, 1, 1))), self.constant(np.zeros(channels))]
        return self.add("Conv", inputs, group=channels, pads=[0, 0, below, right])

    def serialized(
        self,
        values: Sequence[str],
        *,
        inputs: Sequence[Described],
        outputs: Sequence[Described],
        notes: Mapping[str, str],
    ) -> bytes:
        """Return the checked model whose outputs are `values`.

        Args:
            values: names of the operations that make the outputs.
            inputs: name, type and shape of each input; an axis of any length has a name.
            outputs: the same for each output.
            notes: what the model says of itself.
        """
        ends = [helper.make_node("Identity", [value], [to[0]]) for value, to in zip(values, outputs, strict=True)]
        named = [_info(one) for one in inputs], [_info(one) for one in outputs]
        graph = helper.make_graph([*self._nodes, *ends], self._name, *named, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        helper.set_model_props(model, dict(notes))
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


def _info(described: Described) -> onnx.ValueInfoProto:
    name, kind, axes = described
    return helper.make_tensor_value_info(name, _TYPES[kind], list(axes))
