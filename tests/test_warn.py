"""Warnings name the line of the user's code, whichever way it reached the package."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import sksvhn
from sksvhn._warn import warn_caller


@pytest.mark.parametrize("way", ["directly", "through scikit-learn", "through joblib"])
def test_names_the_callers_file(way: str) -> None:
    def through_libraries() -> None:
        # As if it stood in the package: only what is outside counts.
        namespace = {"__name__": "sksvhn.somewhere", "warn_caller": warn_caller}
        exec("def inside(X): warn_caller('Look here.'); return X", namespace)
        inside = namespace["inside"]
        X = np.zeros((2, 1))
        if way == "directly":
            inside(X)
        elif way == "through scikit-learn":
            make_pipeline(FunctionTransformer(inside)).fit_transform(X)
        else:
            Parallel(n_jobs=1)([delayed(inside)(X)])

    with pytest.warns(UserWarning, match="Look here") as told:
        through_libraries()
    assert {warning.filename for warning in told} == {__file__}


def test_every_warning_of_the_package_is_emitted_here() -> None:
    calls = [
        path.name
        for path in sorted(Path(sksvhn.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) == ("warnings", "warn")
    ]
    assert calls == ["_warn.py"]
