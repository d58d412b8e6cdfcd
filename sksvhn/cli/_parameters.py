"""Constructor parameters of estimators as a shell gives them: NAME=VALUE."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import typer

from .._labels import DIGITS

#: What no option sets: code; what says where pictures came from; what has an option of its own.
_NOT_HERE = {
    "callbacks": "they are code",
    "crop": "use --crop",
    "margin": "use --margin",
    "checkpoint_dir": "use --checkpoint-dir",
    "verbose": "use --quiet to hear less",
}


def parse_parameters(given: Iterable[str], estimator: type) -> dict[str, Any]:
    """Turn NAME=VALUE into parameters of an estimator.

    Parameters
    ----------
    given : iterable of str
        A value is JSON or a Python literal; what is neither is text. The name of a setting is
        that of its object, a dot or two underscores and its own: architecture.head.
    estimator : class
        Whose parameters they are.

    Returns
    -------
    dict
        By name.

    Raises
    ------
    typer.BadParameter
        If one is of another form, or of no such name.

    Examples
    --------
    >>> from sksvhn import SVHNCNNClassifier
    >>> from sksvhn.cli._parameters import parse_parameters
    >>> parse_parameters(["lr=0.05", "training.amp=false", "optimizer=adam"], SVHNCNNClassifier)
    {'lr': 0.05, 'training__amp': False, 'optimizer': 'adam'}
    """
    names = estimator().get_params()
    parameters = {}
    for entry in given:
        name, equals, text = entry.partition("=")
        name = name.replace(".", "__")  # of settings, such as training.amp
        if not equals:
            raise _bad(f"{entry!r} has no '='; write NAME=VALUE, such as lr=0.05.")
        if name in _NOT_HERE and name in names:
            raise _bad(f"{name} cannot be set here: {_NOT_HERE[name]}.")
        if name not in names:
            similar = get_close_matches(name, names)
            hint = (
                f"did you mean {' or '.join(similar)}?" if similar else "it has " + _listed(names)
            )
            raise _bad(f"{estimator.__name__} has no parameter {name!r}; {hint}")
        parameters[name] = _value(text)
    return parameters


def alphabet_of(given: Iterable[str]) -> str:
    """Characters that numbers may have: those of the parameter alphabet, otherwise digits.

    Examples
    --------
    >>> from sksvhn.cli._parameters import alphabet_of
    >>> alphabet_of(["lr=0.05", "alphabet=0123456789AB"]), alphabet_of([])
    ('0123456789AB', '0123456789')
    """
    parts = (entry.partition("=") for entry in given)
    values = [_value(text) for name, _, text in parts if name == "alphabet"]
    return values[-1] if values and isinstance(values[-1], str) else DIGITS


def _value(text: str) -> Any:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return text


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names) - set(_NOT_HERE))) + "."


def _bad(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="--param")
