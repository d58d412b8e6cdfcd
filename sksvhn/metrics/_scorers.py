"""Scorers that need an estimator's readings and its confidence together."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, Literal

from numpy.typing import ArrayLike
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from sksvhn._labels import BLANK
from sksvhn.metrics._calibration import expected_calibration_error
from sksvhn.metrics._risk_coverage import (
    accuracy_at_coverage_score,
    area_under_risk_coverage_score,
)
from sksvhn.metrics._selective import coverage_at_accuracy_score


def coverage_at_accuracy_scorer(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    accuracy: float = 0.98,
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Score an estimator by `coverage_at_accuracy_score`, for ``scoring=`` of scikit-learn.

    Parameters
    ----------
    estimator : object
        A fitted estimator whose ``predict(X, return_confidence=True)`` returns numbers and their
        confidences, such as `SVHNSequenceClassifier`; or a :class:`~sklearn.pipeline.Pipeline` that
        ends in one; or a fitted search over either, such as ``GridSearchCV``.
    X : array-like of shape (n_samples, ...)
        Pictures, as `estimator` takes them.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that `coverage_at_accuracy_score` takes.
    accuracy : float, default=0.98
        Share of whole numbers that must be right among those covered, in [0, 1].
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    TypeError
        If the estimator tells no confidence.

    See Also
    --------
    coverage_at_accuracy_score : The score, with what its parameters mean.

    Examples
    --------
    >>> from sksvhn.metrics import coverage_at_accuracy_scorer
    >>> class Reader:
    ...     def predict(self, X, return_confidence=False):
    ...         numbers, confidence = ["19", "3165"], [0.9, 0.4]
    ...         return (numbers, confidence) if return_confidence else numbers
    >>> coverage_at_accuracy_scorer(Reader(), [[0], [1]], ["19", "2165"])
    0.5

    At another accuracy, as ``GridSearchCV(..., scoring=scoring)``:

    >>> from functools import partial
    >>> scoring = partial(coverage_at_accuracy_scorer, accuracy=0.95)
    """
    return _score(
        coverage_at_accuracy_score,
        estimator,
        X,
        y,
        accuracy=accuracy,
        sample_weight=sample_weight,
        blank=blank,
    )


def accuracy_at_coverage_scorer(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    coverage: float = 0.95,
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Score an estimator by `accuracy_at_coverage_score`, for ``scoring=``.

    Parameters
    ----------
    estimator : object
        A fitted estimator whose ``predict(X, return_confidence=True)`` returns numbers and their
        confidences, such as `SVHNSequenceClassifier`; or a :class:`~sklearn.pipeline.Pipeline` that
        ends in one; or a fitted search over either, such as ``GridSearchCV``.
    X : array-like of shape (n_samples, ...)
        Pictures, as `estimator` takes them.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that `accuracy_at_coverage_score` takes.
    coverage : float, default=0.95
        Share of the numbers that are taken by descending confidence, in (0, 1].
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    TypeError
        If the estimator tells no confidence.

    See Also
    --------
    accuracy_at_coverage_score : The score, with what its parameters mean.

    Examples
    --------
    >>> from sksvhn.metrics import accuracy_at_coverage_scorer
    >>> class Reader:
    ...     def predict(self, X, return_confidence=False):
    ...         numbers, confidence = ["19", "3165"], [0.9, 0.4]
    ...         return (numbers, confidence) if return_confidence else numbers
    >>> accuracy_at_coverage_scorer(Reader(), [[0], [1]], ["19", "2165"], coverage=0.5)
    1.0
    """
    return _score(
        accuracy_at_coverage_score,
        estimator,
        X,
        y,
        coverage=coverage,
        sample_weight=sample_weight,
        blank=blank,
    )


def area_under_risk_coverage_scorer(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Score an estimator by negated `area_under_risk_coverage_score`, for ``scoring=``.

    Parameters
    ----------
    estimator : object
        A fitted estimator whose ``predict(X, return_confidence=True)`` returns numbers and their
        confidences, such as `SVHNSequenceClassifier`; or a :class:`~sklearn.pipeline.Pipeline` that
        ends in one; or a fitted search over either, such as ``GridSearchCV``.
    X : array-like of shape (n_samples, ...)
        Pictures, as `estimator` takes them.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that `area_under_risk_coverage_score` takes.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        In [-1, 0], so that more is better, as searches expect.

    Raises
    ------
    TypeError
        If the estimator tells no confidence.

    See Also
    --------
    area_under_risk_coverage_score : The score, with what its parameters mean.

    Examples
    --------
    >>> from sksvhn.metrics import area_under_risk_coverage_scorer
    >>> class Reader:
    ...     def predict(self, X, return_confidence=False):
    ...         numbers, confidence = ["19", "3165"], [0.9, 0.4]
    ...         return (numbers, confidence) if return_confidence else numbers
    >>> area_under_risk_coverage_scorer(Reader(), [[0], [1]], ["19", "2165"])
    -0.25
    """
    return -_score(
        area_under_risk_coverage_score,
        estimator,
        X,
        y,
        sample_weight=sample_weight,
        blank=blank,
    )


def expected_calibration_error_scorer(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    *,
    n_bins: int = 15,
    strategy: Literal["uniform", "quantile"] = "uniform",
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Score an estimator by negated `expected_calibration_error`, for ``scoring=``.

    Parameters
    ----------
    estimator : object
        A fitted estimator whose ``predict(X, return_confidence=True)`` returns numbers and their
        confidences, such as `SVHNSequenceClassifier`; or a :class:`~sklearn.pipeline.Pipeline` that
        ends in one; or a fitted search over either, such as ``GridSearchCV``.
    X : array-like of shape (n_samples, ...)
        Pictures, as `estimator` takes them.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that `expected_calibration_error` takes.
    n_bins : int, default=15
        Number of bins of confidence.
    strategy : {"uniform", "quantile"}, default="uniform"
        Whether the bins are of equal width or of equal weight.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        In [-1, 0], so that more is better, as searches expect.

    Raises
    ------
    TypeError
        If the estimator tells no confidence.

    See Also
    --------
    expected_calibration_error : The score, with what its parameters mean.

    Examples
    --------
    >>> from sksvhn.metrics import expected_calibration_error_scorer
    >>> class Reader:
    ...     def predict(self, X, return_confidence=False):
    ...         numbers, confidence = ["19", "3165"], [0.9, 0.4]
    ...         return (numbers, confidence) if return_confidence else numbers
    >>> expected_calibration_error_scorer(Reader(), [[0], [1]], ["19", "2165"])
    -0.25
    """
    return -_score(
        expected_calibration_error,
        estimator,
        X,
        y,
        n_bins=n_bins,
        strategy=strategy,
        sample_weight=sample_weight,
        blank=blank,
    )


def _score(
    metric: Callable[..., float], estimator: Any, X: Any, y: ArrayLike, **params: Any
) -> float:
    """Score what an estimator reads, and how sure it is."""
    return metric(y, *read_with_confidence(estimator, X), **params)


def read_with_confidence(estimator: Any, X: Any) -> tuple[ArrayLike, ArrayLike]:
    """Read pictures in one pass, with an estimator, a Pipeline or a search."""
    transformers, reader = _unwrapped(estimator)
    # A Pipeline forwards parameters only where metadata routing is off.
    for transformer in transformers:
        X = transformer.transform(X)
    if not tells_confidence(reader):
        raise TypeError(
            f"{type(reader).__name__} has no predict(X, return_confidence=True), which is "
            "needed here; use an estimator that has it, such as SVHNSequenceClassifier."
        )
    numbers, confidence = reader.predict(X, return_confidence=True)
    return numbers, confidence


def tells_confidence(estimator: Any) -> bool:
    """Whether an estimator, or what a Pipeline or a search holds, reads with confidence."""
    _, reader = _unwrapped(estimator)
    return "return_confidence" in signature(reader.predict).parameters


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
