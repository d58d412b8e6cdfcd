"""Bootstrap intervals of scores, and comparison of two readers."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, bootstrap
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from .._checked_readings import check_readings, validate_score_params

_RESAMPLING: dict[str, list[Any]] = {
    "confidence_level": [Interval(Real, 0, 1, closed="neither")],
    "n_resamples": [Interval(Integral, 1, None, closed="left")],
    "random_state": ["random_state"],
}


class BootstrapInterval(NamedTuple):
    """A score and the ends of its confidence interval."""

    estimate: float
    low: float
    high: float


class ReaderComparison(NamedTuple):
    """Two readers' difference in accuracy, its confidence interval, and McNemar's test."""

    difference: float
    low: float
    high: float
    only_a_right: int
    only_b_right: int
    p_value: float


@validate_score_params(metric=[callable], confidence=["array-like", None], **_RESAMPLING)
def bootstrap_interval(
    metric: Callable[..., float],
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike | None = None,
    *,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | RandomState | None = None,
    sample_weight: ArrayLike | None = None,
) -> BootstrapInterval:
    """Confidence interval of a score, by the percentile bootstrap.

    The score is computed on `n_resamples` samples, drawn with replacement, of as many numbers as
    there are [1]_.

    Parameters
    ----------
    metric : callable
        Called as ``metric(y_true, y_pred)``, as ``metric(y_true, y_pred, confidence)`` if
        `confidence` is given, and with ``sample_weight=`` if that is given; returns a float.
        Labels reach it as strings. For other parameters use :func:`functools.partial`.
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        reaches `metric` as ``""``.
    confidence : array-like of shape (n_samples,), default=None
        How sure each reading is, finite, for a metric that needs it.
    confidence_level : float, default=0.95
        Level of the interval, in (0, 1).
    n_resamples : int, default=1000
        Number of draws.
    random_state : int, RandomState instance or None, default=None
        Determines the draws. Pass an int for the same interval at every call.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative; drawn along with it. Numbers of weight zero are left
        out.

    Returns
    -------
    BootstrapInterval
        A named tuple of ``estimate``, the score of all numbers, and ``low`` and ``high``, the ends
        of the interval, all of type ``float``.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, if fewer than two numbers
        have a weight, or if `metric` does not take a true number without a character (``""``).

    See Also
    --------
    compare_readers : Two readers on the same pictures.

    Notes
    -----
    Pictures are drawn as if they were independent. If several show the same house, the interval is
    too narrow.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993,
       chapter 13.

    Examples
    --------
    >>> from sksvhn.metrics import bootstrap_interval, sequence_accuracy_score
    >>> y_true = ["19", "2165", "7", "84"] * 100
    >>> y_pred = ["19", "3165", "7", "84"] * 100
    >>> interval = bootstrap_interval(sequence_accuracy_score, y_true, y_pred, random_state=0)
    >>> interval.estimate
    0.75
    >>> 0.69 < interval.low < 0.72 < 0.78 < interval.high < 0.81
    True
    """
    readings = check_readings(y_true, y_pred, sample_weight, confidence, empty=True)
    columns: list[NDArray[Any]] = [readings.true, readings.read]
    if readings.confidence is not None:
        columns.append(readings.confidence)
    weight = None if sample_weight is None else readings.weight

    def score(rows: NDArray[Any]) -> float:
        drawn = rows.astype(np.intp)
        more = {} if weight is None else {"sample_weight": weight[drawn]}
        return float(metric(*(column[drawn] for column in columns), **more))

    rows = np.arange(len(readings.true))
    estimate = score(rows)  # first: an error should not depend on what is drawn
    low, high = _percentiles(rows, score, confidence_level, n_resamples, random_state)
    return BootstrapInterval(estimate, low, high)


@validate_score_params(y_pred_a=["array-like"], y_pred_b=["array-like"], **_RESAMPLING)
def compare_readers(
    y_true: ArrayLike,
    y_pred_a: ArrayLike,
    y_pred_b: ArrayLike,
    *,
    confidence_level: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | RandomState | None = None,
) -> ReaderComparison:
    """Compare the whole-number accuracy of two readers on the same pictures.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred_a, y_pred_b : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings of the two readers, in any of these forms. A rejected reading (``""``, ``-1`` or an
        all-blank row) counts as wrong.
    confidence_level : float, default=0.95
        Level of the interval, in (0, 1).
    n_resamples : int, default=1000
        Number of draws of the bootstrap.
    random_state : int, RandomState instance or None, default=None
        Determines the draws. Pass an int for the same interval at every call.

    Returns
    -------
    ReaderComparison
        A named tuple of

        - ``difference``: accuracy of a minus that of b, in [-1, 1];
        - ``low``, ``high``: its interval by the percentile bootstrap, which draws pictures with
          both of their readings [1]_;
        - ``only_a_right``, ``only_b_right``: how many numbers only one of the readers read right;
        - ``p_value``: of McNemar's exact two-sided test [2]_: the probability of counts at least
          this unequal if both readers are equally accurate. 1.0 if both counts are zero.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, if there are fewer than
        two numbers, or if a true number has no character.

    See Also
    --------
    bootstrap_interval : The interval of one reader's score.

    Notes
    -----
    There is no `sample_weight`: the test counts pictures.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993,
       chapter 13.
    .. [2] Q. McNemar, "Note on the sampling error of the difference between correlated proportions
       or percentages", Psychometrika 12 (2), 1947, pages 153-157; exact, by the binomial
       distribution.

    Examples
    --------
    Of 100 numbers a alone reads ten right, b alone two:

    >>> from sksvhn.metrics import compare_readers
    >>> y_true = ["19"] * 100
    >>> y_pred_a = ["19"] * 98 + ["18"] * 2
    >>> y_pred_b = ["13"] * 10 + ["19"] * 90
    >>> comparison = compare_readers(y_true, y_pred_a, y_pred_b, random_state=0)
    >>> comparison.difference
    0.08
    >>> comparison.only_a_right, comparison.only_b_right
    (10, 2)
    >>> round(comparison.p_value, 4)
    0.0386
    """
    a_right = check_readings(y_true, y_pred_a, empty=True).is_right
    b_right = check_readings(y_true, y_pred_b, empty=True).is_right
    differences = a_right.astype(np.float64) - b_right
    only_a, only_b = int((differences > 0).sum()), int((differences < 0).sum())
    low, high = _percentiles(
        differences, np.mean, confidence_level, n_resamples, random_state, vectorized=True
    )
    p_value = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    return ReaderComparison(float(differences.mean()), low, high, only_a, only_b, float(p_value))


def _percentiles(
    sample: NDArray[Any],
    statistic: Callable[..., Any],
    confidence_level: float,
    n_resamples: int,
    random_state: int | RandomState | None,
    vectorized: bool = False,
) -> tuple[float, float]:
    if len(sample) < 2:
        raise ValueError(
            "y_true must hold at least two numbers of positive weight for a bootstrap interval; "
            f"got {len(sample)}."
        )
    interval = bootstrap(
        (sample,),
        statistic,
        n_resamples=n_resamples,
        batch=100,  # so that the draws of a large test set fit into memory
        vectorized=vectorized,
        confidence_level=confidence_level,
        method="percentile",
        random_state=check_random_state(random_state),
    ).confidence_interval
    return float(interval.low), float(interval.high)
