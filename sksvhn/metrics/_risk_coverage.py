"""Accuracy and risk of the surest readings, at one coverage and at all."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from .._checked_readings import ROUNDING, Readings, check_readings, validate_score_params


@validate_score_params(confidence=["array-like"], accuracy=[Interval(Real, 0, 1, closed="both")])
def coverage_at_accuracy_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    accuracy: float = 0.98,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Largest share of numbers, taken by descending confidence, that reaches an accuracy.

    If readings below some confidence go to a person, this is the share that does not, if the other
    readings must be right with the required accuracy.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes. Where a picture shows none
        (``""``, ``-1`` or an all-blank row), every reading is wrong.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong, at the confidence given for it.
    confidence : array-like of shape (n_samples,)
        How sure each reading is, finite. Only the order matters. Readings of equal confidence are
        taken together or not at all, so the order of the rows makes no difference.
    accuracy : float, default=0.98
        Share of whole numbers that must be right among those taken, in [0, 1]. 0.98 was the
        accuracy of human transcribers in [1]_.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    float
        In [0, 1]; 0.0 if no confidence threshold reaches the accuracy.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values.

    See Also
    --------
    coverage_at_accuracy_scorer : The same as a scorer for ``GridSearchCV``.
    accuracy_at_coverage_score : The accuracy at a required coverage.
    sequence_accuracy_score : Accuracy at full coverage.

    References
    ----------
    .. [1] I. J. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud and V. Shet, "Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks", ICLR 2014,
       arXiv:1312.6082, sections 3 and 5.1.

    Examples
    --------
    The three surest readings are right, the fourth is not:

    >>> from sksvhn.metrics import coverage_at_accuracy_score
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "84"]
    >>> coverage_at_accuracy_score(y_true, y_pred, [0.99, 0.4, 0.8, 0.9])
    0.75
    >>> coverage_at_accuracy_score(y_true, y_pred, [0.99, 0.4, 0.8, 0.9], accuracy=0.7)
    1.0
    """
    readings = check_readings(y_true, y_pred, sample_weight, confidence, empty=True)
    return coverage_at_accuracy(readings, accuracy)


@validate_score_params(confidence=["array-like"], coverage=[Interval(Real, 0, 1, closed="right")])
def accuracy_at_coverage_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    coverage: float = 0.95,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of whole numbers read right among a given share of the surest.

    If a person can read the rest, this is the accuracy of the machine's answers.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes. Where a picture shows none
        (``""``, ``-1`` or an all-blank row), every reading is wrong.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong, at the confidence given for it.
    confidence : array-like of shape (n_samples,)
        How sure each reading is, finite. Only the order matters. Readings of equal confidence are
        taken together or not at all, so the order of the rows makes no difference.
    coverage : float, default=0.95
        Share of the numbers that are taken by descending confidence, in (0, 1]. The fewest numbers
        that reach it are taken; with equal confidences they can be more.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values.

    See Also
    --------
    coverage_at_accuracy_score : The coverage at a required accuracy.
    risk_coverage_curve : The share of wrong readings at every coverage.
    make_confidence_scorer : Makes a scorer for ``GridSearchCV`` of it.

    References
    ----------
    .. [1] Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks",
       NeurIPS 2017, arXiv:1705.08500, section 2.

    Examples
    --------
    >>> from sksvhn.metrics import accuracy_at_coverage_score
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "84"]
    >>> accuracy_at_coverage_score(y_true, y_pred, [0.99, 0.4, 0.8, 0.9], coverage=0.75)
    1.0
    >>> accuracy_at_coverage_score(y_true, y_pred, [0.99, 0.4, 0.8, 0.9])
    0.75
    """
    readings = check_readings(y_true, y_pred, sample_weight, confidence, empty=True)
    _, taken, right = readings.confidence_steps()
    reaches = taken / taken[-1] >= coverage - ROUNDING
    step = int(reaches.argmax())
    return float(right[step] / taken[step])


@validate_score_params(confidence=["array-like"])
def risk_coverage_curve(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Share of wrong readings among the surest, at every possible share of them.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes. Where a picture shows none
        (``""``, ``-1`` or an all-blank row), every reading is wrong.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong, at the confidence given for it.
    confidence : array-like of shape (n_samples,)
        How sure each reading is, finite. Readings of equal confidence are taken together or not at
        all, so the order of the rows makes no difference.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    coverage : ndarray of shape (n_thresholds,), dtype float64
        Share of the numbers whose confidence is at least the threshold; rising, in (0, 1], the
        last is 1.0.
    risk : ndarray of shape (n_thresholds,), dtype float64
        Share of wrong readings among these, in [0, 1]: 1 - accuracy. The last is that of all
        numbers.
    thresholds : ndarray of shape (n_thresholds,), dtype float64
        The distinct confidences, falling.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values.

    See Also
    --------
    area_under_risk_coverage_score : The area below the curve.
    accuracy_at_coverage_score : 1 - risk at one coverage.

    References
    ----------
    .. [1] Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks",
       NeurIPS 2017, arXiv:1705.08500, section 2.

    Examples
    --------
    >>> from sksvhn.metrics import risk_coverage_curve
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "84"]
    >>> coverage, risk, thresholds = risk_coverage_curve(y_true, y_pred, [0.9, 0.4, 0.8, 0.9])
    >>> coverage
    array([0.5 , 0.75, 1.  ])
    >>> risk
    array([0.  , 0.  , 0.25])
    >>> thresholds
    array([0.9, 0.8, 0.4])
    """
    return _curve(check_readings(y_true, y_pred, sample_weight, confidence, empty=True))


@validate_score_params(confidence=["array-like"])
def area_under_risk_coverage_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Area under the risk-coverage curve (AURC); the lower the better.

    It is the mean share of wrong readings among those at least as sure as each number. It is low if
    few numbers are read wrong and these are the unsure ones.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes. Where a picture shows none
        (``""``, ``-1`` or an all-blank row), every reading is wrong.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong, at the confidence given for it.
    confidence : array-like of shape (n_samples,)
        How sure each reading is, finite. Only the order matters. Readings of equal confidence are
        taken together or not at all, so the order of the rows makes no difference.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    float
        In [0, 1]; 0.0 if every number is read right.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values.

    See Also
    --------
    risk_coverage_curve : The curve.
    make_confidence_scorer : Makes a scorer for ``GridSearchCV`` of it, where less is better.

    Notes
    -----
    This is the definition of [2]_: the mean over all n numbers of the risk at the confidence of
    each. It is a sum of rectangles, each as high as the curve at its right end, not of trapezia.
    Numbers of equal confidence all have the risk of their common threshold. The curve itself is
    that of [1]_.

    References
    ----------
    .. [1] Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks",
       NeurIPS 2017, arXiv:1705.08500, section 2.
    .. [2] Y. Geifman, G. Uziel and R. El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep
       Neural Classifiers", ICLR 2019, arXiv:1805.08206.

    Examples
    --------
    The risk is 0, 0, 0 and 1/4 at the four confidences:

    >>> from sksvhn.metrics import area_under_risk_coverage_score
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "84"]
    >>> area_under_risk_coverage_score(y_true, y_pred, [0.99, 0.4, 0.8, 0.9])
    0.0625
    """
    readings = check_readings(y_true, y_pred, sample_weight, confidence, empty=True)
    coverage, risk, _ = _curve(readings)
    return float(np.diff(coverage, prepend=0.0) @ risk)


def _curve(
    readings: Readings,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    thresholds, taken, right = readings.confidence_steps()
    return taken / taken[-1], 1.0 - right / taken, thresholds


def coverage_at_accuracy(readings: Readings, accuracy: float) -> float:
    """Compute `coverage_at_accuracy_score` of checked readings that carry confidences."""
    _, taken, right = readings.confidence_steps()
    reaches = right / taken >= accuracy - ROUNDING
    return float(taken[reaches].max() / taken[-1]) if reaches.any() else 0.0
