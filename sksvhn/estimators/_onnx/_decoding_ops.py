"""Add decoding to an ONNX graph, as in `_decoding.py` and `_temperature.py`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .._decoding import Pattern
from ._graph import Graph, floats, integers


def add_reading(
    graph: Graph,
    length_logits: str,
    position_logits: str,
    *,
    temperatures: tuple[float, float],
    patterns: tuple[Pattern, ...],
    alphabet: str,
    min_confidence: float,
) -> tuple[str, str]:
    """Add the search for the most probable number; return reading (text) and confidence, (n,).

    Logits have the shapes (n, max_length) and (n, max_length, n_characters).
    """
    possible = [pattern for pattern in patterns if pattern.n_numbers()]
    n_patterns, max_length = len(possible), len(possible[0].lengths)
    length = _log_softmax(graph, length_logits, temperatures[0], axis=1)
    positions = _log_softmax(graph, position_logits, temperatures[1], axis=2)
    positions = graph.add("Slice", positions, integers(0), integers(len(alphabet)), integers(2))
    # (n, n_patterns, max_length, n_characters)
    allowed = _log([pattern.characters for pattern in possible])
    positions = graph.add("Add", graph.add("Unsqueeze", positions, integers(1)), allowed)
    best = graph.add("ReduceMax", positions, integers(3), keepdims=0)
    codes = graph.add("ArgMax", positions, axis=3, keepdims=0)
    # (n, n_patterns, max_length): of each pattern the best number of each length
    numbers = graph.add(
        "Add",
        graph.add("CumSum", best, np.array(2)),
        graph.add("Unsqueeze", length, integers(1)),
    )
    numbers = graph.add("Add", numbers, _log([pattern.lengths for pattern in possible]))
    numbers = graph.add("Reshape", numbers, integers(-1, n_patterns * max_length))
    confidence = graph.add("Exp", graph.add("ReduceMax", numbers, integers(1), keepdims=0))
    which = graph.add("ArgMax", numbers, axis=1)  # (n, 1)
    pattern = graph.add("Div", which, integers(max_length))
    codes = graph.add("GatherND", codes, pattern, batch_dims=1)  # (n, max_length)
    last = graph.add("Mod", which, integers(max_length))
    shown = graph.add("LessOrEqual", integers(*range(max_length)), last)
    if min_confidence > 0:
        kept = graph.add("GreaterOrEqual", confidence, floats(min_confidence))
        shown = graph.add("And", shown, graph.add("Unsqueeze", kept, integers(1)))
    return _text(graph, graph.add("Where", shown, codes, integers(-1)), alphabet, max_length), (
        confidence
    )


def _log_softmax(graph: Graph, logits: str, temperature: float, *, axis: int) -> str:
    if temperature != 1:
        logits = graph.add("Div", logits, floats(temperature))
    return graph.add("LogSoftmax", logits, axis=axis)


def _log(allowed: list[NDArray[np.bool_]]) -> NDArray[np.float32]:
    """Logarithm of 1 for what may be, and of 0."""
    return floats(np.where(allowed, 0.0, -np.inf))


def _text(graph: Graph, codes: str, alphabet: str, max_length: int) -> str:
    """Join the characters of each row; -1 is none."""
    characters = graph.add("Gather", np.array([*alphabet, ""], dtype=object), codes)
    text = ""
    for position in range(max_length):
        character = graph.add("Gather", characters, np.array(position), axis=1)
        text = graph.add("StringConcat", text, character) if text else character
    return text
