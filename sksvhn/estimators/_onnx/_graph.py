"""Build a graph of ONNX operators step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# The first with StringConcat, which readings need; onnxruntime runs it from version 1.17 on.
OPSET = 20
# The format of files that came with it; onnx would write its newest, which older runtimes refuse.
IR_VERSION = 9

Shape = tuple[int | str, ...]
# Operator, names of its inputs and outputs, and attributes.
_Node = tuple[str, list[str], list[str], dict[str, Any]]


class _Branch(NamedTuple):
    """Operators that run only in one case, and the float32 values that come out."""

    nodes: list[_Node]
    outputs: list[str]


class Graph:
    """Operators in the order they run.

    Values have names. The first side of inputs and outputs is left open, and any that has a name.
    """

    def __init__(self) -> None:
        self._nodes: list[_Node] = []
        self._n_nodes = 0
        self._constants: dict[str, NDArray[Any]] = {}
        self._names: dict[tuple[Any, ...], str] = {}
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

    def replaced_if(
        self, condition: str, values: list[str], replace: Callable[[], list[str]]
    ) -> list[str]:
        """Add a branch: if the condition, a scalar, holds, what `replace` adds runs.

        Returns the float32 values that it returns, else `values`.
        """
        outer = self._nodes
        branches = []
        for outcome in (replace, lambda: values):
            self._nodes = []
            outputs = [self.add("Identity", value) for value in outcome()]
            branches.append(_Branch(self._nodes, outputs))
        self._nodes = outer
        then, otherwise = branches
        attributes = {"then_branch": then, "else_branch": otherwise}
        return self._add("If", (condition,), attributes, len(values))

    def _add(
        self,
        operator: str,
        inputs: tuple[str | NDArray[Any], ...],
        attributes: dict[str, Any],
        n_outputs: int,
    ) -> list[str]:
        output = f"{operator}_{self._n_nodes}"
        self._n_nodes += 1
        outputs = [output, *(f"{output}_output_{index}" for index in range(1, n_outputs))]
        names = []
        for index, value in enumerate(inputs):
            if not isinstance(value, str):
                value = self._constant(value, f"{output}_constant_{index}")
            names.append(value)
        self._nodes.append((operator, names, outputs, attributes))
        return outputs

    def _constant(self, value: NDArray[Any], name: str) -> str:
        """Return the name of a constant, which is stored once however often it is used."""
        content = tuple(value.flat) if value.dtype.kind == "O" else value.tobytes()
        known = self._names.setdefault((value.dtype.str, value.shape, content), name)
        self._constants.setdefault(known, value)
        return known

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

        def nodes(added: list[_Node]) -> list[Any]:
            return [
                helper.make_node(
                    operator,
                    inputs,
                    outputs,
                    outputs[0],
                    **{
                        key: branch(key, value) if isinstance(value, _Branch) else value
                        for key, value in attributes.items()
                    },
                )
                for operator, inputs, outputs, attributes in added
            ]

        def branch(name: str, added: _Branch) -> Any:
            infos = [
                helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
                for output in added.outputs
            ]
            return helper.make_graph(nodes(added.nodes), name, [], infos)

        graph = helper.make_graph(
            nodes(self._nodes),
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
