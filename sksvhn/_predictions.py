"""Ask estimators, alone or in pipelines and searches, for numbers and confidences."""

from __future__ import annotations

from inspect import signature
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ._labels import codes_of, numbers_to_strings


def true_and_read(
    estimator: Any, X: Any, y: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any], ArrayLike]:
    """Return true numbers and what is read for them, both as strings, and the confidences."""
    read, confidence = read_with_confidence(estimator, X)
    true = as_strings(estimator, y, "y_true")
    return true, as_strings(estimator, read, "y_pred"), confidence


def read_with_confidence(estimator: Any, X: Any) -> tuple[ArrayLike, ArrayLike]:
    """Read pictures in one pass, with an estimator, a Pipeline or a search."""
    transformers, reader = _unwrapped(estimator)
    # A Pipeline forwards parameters only where metadata routing is off.
    for transformer in transformers:
        X = transformer.transform(X)
    if not tells_confidence(reader):
        raise TypeError(
            f"estimator must have predict(X, return_confidence=True); {type(reader).__name__} has "
            "not; use one that has it, such as SVHNSequenceClassifier."
        )
    numbers, confidence = reader.predict(X, return_confidence=True)
    return numbers, confidence


def tells_confidence(estimator: Any) -> bool:
    """Whether an estimator, or what a Pipeline or a search holds, reads with confidence."""
    _, reader = _unwrapped(estimator)
    return "return_confidence" in signature(reader.predict).parameters


def as_strings(estimator: Any, labels: ArrayLike, name: str) -> NDArray[Any]:
    """Return true or read numbers as strings, by the codes that the estimator has learned."""
    return numbers_to_strings(labels, **codes_of(_unwrapped(estimator)[1]), name=name)


def _unwrapped(estimator: Any) -> tuple[list[Any], Any]:
    """Find the transformers that pictures pass, and the estimator that reads them then."""
    if hasattr(estimator, "best_estimator_"):
        return _unwrapped(estimator.best_estimator_)
    if isinstance(estimator, FrozenEstimator):
        return _unwrapped(estimator.estimator)
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps]
        transformers, reader = _unwrapped(steps.pop())
        return [step for step in steps if step not in (None, "passthrough")] + transformers, reader
    return [], estimator
