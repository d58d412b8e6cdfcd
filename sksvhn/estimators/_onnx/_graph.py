"""Build a graph of ONNX operators step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The first with StringConcat, which readings need; onnxruntime runs it from version 1.17 on.
OPSET = 20
# The format of files that came with it; onnx would write its newest, which older runtimes refuse.
IR_VERSION = 9


class Graph:
    """Operators in the order they run, each with one output.

    Values have names, and the size of a batch is left open.
    """

    def __init__(self) -> None:
        self._nodes: list[tuple[str, list[str], str, dict[str, Any]]] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._inputs: list[tuple[str, np.dtype[Any], tuple[int, ...]]] = []
        self._outputs: list[tuple[str, np.dtype[Any], tuple[int, ...]]] = []

    def input(self, name: str, dtype: Any, shape: tuple[int, ...]) -> str:
        """Declare an input of shape (n, *shape)."""
        self._inputs.append((name, np.dtype(dtype), shape))
        return name

    def output(self, name: str, value: str, dtype: Any, shape: tuple[int, ...] = ()) -> None:
        """Declare a value of shape (n, *shape) as an output; dtype object is text."""
        self._nodes.append(("Identity", [value], name, {}))
        self._outputs.append((name, np.dtype(dtype), shape))

    def add(self, operator: str, *inputs: str | NDArray[Any], **attributes: Any) -> str:
        """Add one of ONNX's operators, and return the name of its output.

        Inputs are names of values, or constant arrays.
        """
        output = f"{operator}_{len(self._nodes)}"
        names = []
        for index, value in enumerate(inputs):
            if not isinstance(value, str):
                name = f"{output}_constant_{index}"
                self._constants[name] = value
                value = name
            names.append(value)
        self._nodes.append((operator, names, output, attributes))
        return output

    def to_bytes(self, name: str, metadata: dict[str, str]) -> bytes:
        """Return the content of an ONNX file."""
        try:
            from onnx import TensorProto, helper, numpy_helper
        except ImportError:
            raise ImportError(
                "export_onnx needs onnx; install it with: pip install 'sksvhn[onnx]'"
            ) from None

        def info(name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
            is_text = dtype.kind == "O"
            kind = TensorProto.STRING if is_text else helper.np_dtype_to_tensor_dtype(dtype)
            return helper.make_tensor_value_info(name, kind, ["n", *shape])

        graph = helper.make_graph(
            [
                helper.make_node(operator, inputs, [output], output, **attributes)
                for operator, inputs, output, attributes in self._nodes
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
