"""A network read from somebody's ONNX file: its operations in order and their weights; it draws and runs none.

Needs the package `onnx`, as `onnx_drawing.py` does: where graphs are made, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from faces.errors import BadWeights


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes:
        operation: ONNX's name of it.
        inputs: names of all its inputs, weights included.
        output: name of its only output.
        attributes: as ONNX has them.
        weights_name: of its first weights, "" when it has none.
    """

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Any]
    weights_name: str


class Network:
    """The operations of a file, first to last.

    Attributes:
        name: of the file.
        input: name of the only input that is not weights.
        nodes: in the order in which they run.
    """

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            BadWeights: it is no ONNX model.
        """
        self.name = path.name
        try:
            graph = onnx.load(path).graph
        except Exception as fault:  # protobuf's own errors have no common class that onnx names
            raise self.fault(f"an ONNX model, got: {fault}") from fault
        self._weights = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        self.nodes = tuple(self._node(node) for node in graph.node)
        free = [one.name for one in graph.input if one.name not in self._weights]
        if len(free) != 1:
            raise self.fault(f"one input, found {free}")
        self.input = free[0]

    def weights(self, node: Node) -> list[NDArray[np.float32]]:
        """Return the weights of a node in the order of its inputs."""
        return [self._weights[name] for name in node.inputs if name in self._weights]

    def node_of(self, weights_name: str) -> Node:
        """Return the node whose first weights have this name."""
        for node in self.nodes:
            if node.weights_name == weights_name:
                return node
        raise self.fault(f"weights named {weights_name}, found none")

    def fault(self, expected: str) -> BadWeights:
        """Return the error that says what was expected in this file."""
        return BadWeights(f"{self.name}: expected {expected}")

    def _node(self, node: onnx.NodeProto) -> Node:
        named = [name for name in node.input if name in self._weights]
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        return Node(node.op_type, tuple(node.input), node.output[0], attributes, named[0] if named else "")
