"""Add decoding to an ONNX graph, as in `_decoding.py` and `_temperature.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .._decoding import Pattern
from .._second_look import SECOND_TEMPERATURE, UNSURE_BELOW
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
    logits = [length_logits, position_logits]
    numbers, codes = _best_of_lengths(graph, logits, temperatures, patterns)
    max_length = len(patterns[0].lengths)
    confidence = _confidence(graph, numbers)
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


def add_surest_look(
    graph: Graph,
    first: list[str],
    further_looks: Callable[[str], list[list[str]]],
    patterns: tuple[Pattern, ...],
) -> list[str]:
    """Replace logits where another look at the picture is surer, as in `_second_look.py`.

    `further_looks` returns the logits of each further look at some pictures, by their rows.
    """

    def confidence(logits: list[str]) -> str:
        numbers, _ = _best_of_lengths(graph, logits, (1.0, 1.0), patterns)
        return _confidence(graph, numbers)

    unsure = graph.add("Less", confidence(first), floats(UNSURE_BELOW))
    rows = graph.add("Squeeze", graph.add("NonZero", unsure), integers(0))

    def surest_of_all() -> list[str]:
        looks = [[graph.add("Gather", logits, rows) for logits in first]]
        for again in further_looks(rows):
            looks.append([graph.add("Div", logits, floats(SECOND_TEMPERATURE)) for logits in again])
        by_look = [graph.add("Unsqueeze", confidence(logits), integers(1)) for logits in looks]
        surest = graph.add("ArgMax", graph.add("Concat", *by_look, axis=1), axis=1)
        places = graph.add("Unsqueeze", rows, integers(1))
        chosen = []
        for logits, seen in zip(first, zip(*looks, strict=True), strict=True):
            stacked = [graph.add("Unsqueeze", one, integers(1)) for one in seen]
            all_looks = graph.add("Concat", *stacked, axis=1)
            best = graph.add("GatherND", all_looks, surest, batch_dims=1)
            chosen.append(graph.add("ScatterND", logits, places, best))
        return chosen

    # Runtimes do not multiply empty batches.
    any_unsure = graph.add("Greater", graph.add("Size", rows), np.array(0))
    return graph.replaced_if(any_unsure, first, surest_of_all)


def _best_of_lengths(
    graph: Graph,
    logits: list[str],
    temperatures: tuple[float, float],
    patterns: tuple[Pattern, ...],
) -> tuple[str, str]:
    """Logarithm of the probability of the best number of each pattern and length, and its codes.

    Of shapes (n, n_patterns * max_length) and (n, n_patterns, max_length).
    """
    possible = [pattern for pattern in patterns if pattern.n_numbers()]
    n_patterns, max_length = len(possible), len(possible[0].lengths)
    n_characters = possible[0].characters.shape[1]
    length = _log_softmax(graph, logits[0], temperatures[0], axis=1)
    positions = _log_softmax(graph, logits[1], temperatures[1], axis=2)
    positions = graph.add("Slice", positions, integers(0), integers(n_characters), integers(2))
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
    return graph.add("Reshape", numbers, integers(-1, n_patterns * max_length)), codes


def _confidence(graph: Graph, numbers: str) -> str:
    return graph.add("Exp", graph.add("ReduceMax", numbers, integers(1), keepdims=0))


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
