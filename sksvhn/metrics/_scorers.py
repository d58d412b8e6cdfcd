"""Scorers that need an estimator's readings and its confidence together."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from sksvhn._labels import BLANK
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
        A fitted estimator with ``predict(X)`` and ``confidence(X)``, the latter of shape
        (n_samples,); or a :class:`~sklearn.pipeline.Pipeline` that ends in one; or a fitted search
        over either, such as ``GridSearchCV``.
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
        If the estimator has no ``confidence``.

    See Also
    --------
    coverage_at_accuracy_score : The score, with what its parameters mean.

    Examples
    --------
    >>> from sksvhn.metrics import coverage_at_accuracy_scorer
    >>> class Reader:
    ...     def predict(self, X):
    ...         return ["19", "3165"]
    ...     def confidence(self, X):
    ...         return [0.9, 0.4]
    >>> coverage_at_accuracy_scorer(Reader(), [[0], [1]], ["19", "2165"])
    0.5

    At another accuracy, as ``GridSearchCV(..., scoring=scoring)``:

    >>> from functools import partial
    >>> scoring = partial(coverage_at_accuracy_scorer, accuracy=0.95)
    """
    reader, features = _reader(estimator, X)
    return coverage_at_accuracy_score(
        y,
        reader.predict(features),
        reader.confidence(features),
        accuracy=accuracy,
        sample_weight=sample_weight,
        blank=blank,
    )


def _reader(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Find the estimator that has ``confidence``, and X as it reaches that estimator."""
    if hasattr(estimator, "confidence"):
        return estimator, X
    if hasattr(estimator, "best_estimator_"):
        return _reader(estimator.best_estimator_, X)
    if isinstance(estimator, Pipeline):
        # A Pipeline forwards scikit-learn's own methods only.
        for _, transformer in estimator.steps[:-1]:
            if transformer not in (None, "passthrough"):
                X = transformer.transform(X)
        return _reader(estimator.steps[-1][1], X)
    raise TypeError(
        f"{type(estimator).__name__} has no method confidence(X), which coverage needs; use an "
        "estimator that has one, such as SVHNSequenceClassifier."
    )
