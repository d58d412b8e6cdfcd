"""Build a graph of ONNX operators step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The first with StringConcat, which readings need; onnxruntime runs it from version 1.17 on.
OPSET = 20
# The format of files that came with it; onnx would write its newest, which older runtimes refuse.
IR_VERSION = 9

Shape = tuple[int | str, ...]


class Graph:
    """Operators in the order they run.

    Values have names. The first side of inputs and outputs is left open, and any that has a name.
    """

    def __init__(self) -> None:
        self._nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._inputs: list[tuple[str, np.dtype[Any], Shape]] = []
        self._outputs: list[tuple[str, np.dtype[Any], Shape]] = []

    def input(self, name: str, dtype: Any, shape: Shape, *, n: str = "n") -> str:
        """Declare an input of shape (n, *shape)."""
        self._inputs.append((name, np.dtype(dtype), (n, *shape)))
        return name

    def output(self, name: str, value: str, dtype: Any, shape: Shape = (), *, n: str = "n") -> None:
        """Declare a value of shape (n, *shape) as an output; dtype object is text."""
        self._nodes.append(("Identity", [value], [name], {}))
        self._outputs.append((name, np.dtype(dtype), (n, *shape)))

    def add(self, operator: str, *inputs: str | NDArray[Any], **attributes: Any) -> str:
        """Add one of ONNX's operators, and return the name of its output.

        Inputs are names of values, or constant arrays.
        """
        return self._add(operator, inputs, attributes, 1)[0]

    def top(self, values: str, n_most: str) -> tuple[str, str]:
        """Add the largest of values (n,), sorted, and their places."""
        largest, places = self._add("TopK", (values, n_most), {}, 2)
        return largest, places

    def _add(
        self,
        operator: str,
        inputs: tuple[str | NDArray[Any], ...],
        attributes: dict[str, Any],
        n_outputs: int,
    ) -> list[str]:
        output = f"{operator}_{len(self._nodes)}"
        outputs = [output, *(f"{output}_output_{index}" for index in range(1, n_outputs))]
        names = []
        for index, value in enumerate(inputs):
            if not isinstance(value, str):
                name = f"{output}_constant_{index}"
                self._constants[name] = value
                value = name
            names.append(value)
        self._nodes.append((operator, names, outputs, attributes))
        return outputs

    def to_bytes(self, name: str, metadata: dict[str, str]) -> bytes:
        """Return the content of an ONNX file."""
        try:
            from onnx import TensorProto, helper, numpy_helper
        except ImportError:
            raise ImportError(
                "export_onnx needs onnx; install it with: pip install 'sksvhn[onnx]'"
            ) from None

        def info(name: str, dtype: np.dtype[Any], shape: Shape) -> Any:
            is_text = dtype.kind == "O"
            kind = TensorProto.STRING if is_text else helper.np_dtype_to_tensor_dtype(dtype)
            return helper.make_tensor_value_info(name, kind, shape)

        graph = helper.make_graph(
            [
                helper.make_node(operator, inputs, outputs, outputs[0], **attributes)
                for operator, inputs, outputs, attributes in self._nodes
            ],
            name,
            [info(*described) for described in self._inputs],
            [info(*described) for described in self._outputs],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="sksvhn",
            producer_version=metadata["sksvhn"],
        )
        helper.set_model_props(model, metadata)
        content: bytes = model.SerializeToString()
        return content


def floats(values: Any) -> NDArray[np.float32]:
    """Make a constant of float32, the one type of floats that all runtimes multiply."""
    return np.asarray(values, dtype=np.float32)


def integers(*values: int) -> NDArray[np.int64]:
    """Make a constant of axes, places or a shape."""
    return np.array(values, dtype=np.int64)
