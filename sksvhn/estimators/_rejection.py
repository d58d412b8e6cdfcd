"""Reject readings whose confidence is below `min_confidence`."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

MIN_CONFIDENCE: dict[str, list[Any]] = {"min_confidence": [Interval(Real, 0, 1, closed="both")]}


def check_min_confidence(min_confidence: float, name: str) -> None:
    """Check the parameter, which may have been set after the fit, of an estimator of some name."""
    if type(min_confidence) is float and 0 <= min_confidence <= 1:
        return  # for one picture, the check takes a hundredth of a prediction
    validate_parameter_constraints(MIN_CONFIDENCE, {"min_confidence": min_confidence}, name)


def rejected_label(classes: NDArray[Any]) -> Any:
    """Return what stands for a rejected digit: "" among texts, -1 among numbers."""
    labels = classes.tolist()
    if all(isinstance(label, str) for label in labels):
        rejected: Any = ""
    # A moment in nanoseconds is an int in the list.
    elif classes.dtype.kind not in "mM" and all(map(_is_number, labels)):
        rejected = -1
    else:
        raise ValueError(
            "labels must be strings or numbers if min_confidence is above 0, so that '' or -1 can "
            f"mark a rejected one; got {labels}; pass such labels to fit, or set min_confidence=0."
        )
    if rejected in labels:
        raise ValueError(
            f"labels must not hold {rejected!r} if min_confidence is above 0, because it marks a "
            f"rejected label; got {labels}; pass other labels to fit, or set min_confidence=0."
        )
    return rejected


def _is_number(label: Any) -> bool:
    return isinstance(label, Real) and not isinstance(label, bool)


def labels_of(
    classes: NDArray[Any],
    best: NDArray[np.intp],
    confidence: NDArray[np.float64],
    min_confidence: float,
    name: str,
) -> NDArray[Any]:
    """Return the best labels by their indices, those of low confidence rejected."""
    check_min_confidence(min_confidence, name)
    labels = classes[best]
    if min_confidence == 0:
        return labels
    rejected = rejected_label(classes)
    if labels.dtype.kind == "u":
        labels = labels.astype(np.int64)
    return np.where(confidence >= min_confidence, labels, np.array(rejected, dtype=labels.dtype))
