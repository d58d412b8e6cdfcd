"""Scorers for scores that need readings and confidences together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike
from sklearn.metrics._scorer import _BaseScorer

from .._predictions import true_and_read
from ._risk_coverage import coverage_at_accuracy_score


class ConfidenceScorer(_BaseScorer):
    """Scorer of numbers and confidences that supports metadata routing."""

    def _score(
        self, method_caller: Any, estimator: Any, X: Any, y_true: ArrayLike, **params: Any
    ) -> float:
        self._warn_overlap("There is an overlap between the scorer's parameters.", params)
        answers = true_and_read(estimator, X, y_true)
        scored = self._score_func(*answers, **{**self._kwargs, **params})
        return float(self._sign * scored)

    def __repr__(self) -> str:
        better = {} if self._sign > 0 else {"greater_is_better": False}
        settings = "".join(f", {k}={v!r}" for k, v in {**better, **self._kwargs}.items())
        return f"make_confidence_scorer({self._score_func.__name__}{settings})"


def make_confidence_scorer(
    metric: Callable[..., float], *, greater_is_better: bool = True, **params: Any
) -> Callable[..., float]:
    """Make a scorer for ``scoring=`` from a score that needs confidences.

    It is :func:`sklearn.metrics.make_scorer` for scores of whole numbers and their confidence.

    Parameters
    ----------
    metric : callable
        Called as ``metric(y_true, y_pred, confidence)``, such as
        :func:`accuracy_at_coverage_score`, :func:`area_under_risk_coverage_score` or
        :func:`expected_calibration_error`. Numbers reach it as strings.
    greater_is_better : bool, default=True
        Whether more is better. If False the score is negated, as searches expect.
    **params
        Passed on to `metric`, such as ``accuracy=0.95``.

    Returns
    -------
    scorer : callable
        Called as ``scorer(estimator, X, y, sample_weight=None)``; returns a float. It can be
        pickled, and ``set_score_request(sample_weight=True)`` makes it take weights. The estimator
        must have ``predict(X, return_confidence=True)``, as :class:`~sksvhn.SVHNSequenceClassifier`
        has; it can be the last step of a :class:`~sklearn.pipeline.Pipeline`, or a fitted search.
        `y` can have any form that the estimator learns from.

    See Also
    --------
    coverage_at_accuracy_scorer : The scorer of :func:`coverage_at_accuracy_score`, ready made.

    Examples
    --------
    >>> from sksvhn.metrics import coverage_at_accuracy_score, make_confidence_scorer
    >>> class Reader:
    ...     def predict(self, X, return_confidence=False):
    ...         numbers, confidence = ["19", "3165"], [0.9, 0.4]
    ...         return (numbers, confidence) if return_confidence else numbers
    >>> scorer = make_confidence_scorer(coverage_at_accuracy_score, accuracy=0.5)
    >>> scorer(Reader(), [[0], [1]], ["19", "2165"])
    1.0
    """
    return ConfidenceScorer(metric, 1 if greater_is_better else -1, params)


#: Scorer of :func:`coverage_at_accuracy_score` at an accuracy of 0.98, for ``scoring=`` of
#: scikit-learn; :func:`make_confidence_scorer` makes one for another accuracy or score.
coverage_at_accuracy_scorer = make_confidence_scorer(coverage_at_accuracy_score)
