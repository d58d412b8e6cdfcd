"""The package as a whole: what it exports, what importing it costs, and its docstrings."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
from numpydoc.validate import validate

import sksvhn

SUBPACKAGES = [
    "callbacks",
    "datasets",
    "estimators",
    "inspection",
    "metrics",
    "model_selection",
    "plotting",
    "preprocessing",
    "transcription",
]

# Headings and sections that every public docstring has; the rest of numpydoc's rules are style.
REQUIRED = {
    "GL07",  # sections in order
    "GL08",  # a docstring at all
    "SS01",  # summary
    "SS06",  # summary in one line
    "PR01",  # parameters documented
    "PR02",  # no unknown parameters
    "PR03",  # in order
    "PR04",  # with types
    "PR07",  # with descriptions
    "RT01",  # returns
    "RT03",  # with a description
    "YD01",  # yields
    "EX01",  # an example
}


def public_objects() -> list[str]:
    names = []
    for subpackage in SUBPACKAGES:
        module = import_module(f"sksvhn.{subpackage}")
        names += [
            f"sksvhn.{subpackage}.{name}"
            for name in module.__all__
            # A ready-made scorer is an instance, which a comment documents.
            if name != "coverage_at_accuracy_scorer"
        ]
    return names


def public_methods() -> list[str]:
    names = []
    for path in public_objects():
        module, name = path.rsplit(".", 1)
        thing = getattr(import_module(module), name)
        if inspect.isclass(thing):
            names += [
                f"{path}.{method}"
                for method, function in inspect.getmembers(thing, inspect.isroutine)
                if not method.startswith("_")
                and inspect.unwrap(function).__module__.startswith("sksvhn")
            ]
    return names


def faults(path: str, excused: set[str]) -> list[tuple[str, str]]:
    return [error for error in validate(path)["errors"] if error[0] in REQUIRED - excused]


@pytest.mark.parametrize("path", public_objects())
def test_docstring_is_complete(path: str) -> None:
    assert faults(path, set()) == []


@pytest.mark.parametrize("path", public_methods())
def test_method_docstring_is_complete(path: str) -> None:
    # The class shows how its methods are used.
    assert faults(path, {"EX01"}) == []


def test_estimators_are_at_the_top() -> None:
    assert set(sksvhn.__all__) <= set(dir(sksvhn))
    for name in sksvhn.__all__:
        homes = {"read": sksvhn._photographs, "transcribe": sksvhn.transcription}
        home = homes.get(name, sksvhn.estimators)
        assert getattr(sksvhn, name) is getattr(home, name)
    for name in SUBPACKAGES:
        assert name in dir(sksvhn)
    code = "import sksvhn; print(sksvhn.metrics.sequence_accuracy_score(['1'], ['1']))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1.0\n"
    with pytest.raises(AttributeError, match="SVHNTypo"):
        sksvhn.SVHNTypo  # noqa: B018


def test_importing_is_cheap_and_silent() -> None:
    script = (
        "import sys, sksvhn, sksvhn.metrics, sksvhn.datasets, sksvhn.plotting;"
        "import sksvhn.model_selection, sksvhn.preprocessing;"
        "print([m for m in ('torch', 'skorch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
