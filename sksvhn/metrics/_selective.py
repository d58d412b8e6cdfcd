"""Scores of readings that may be believed or not, by their confidence."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from sksvhn._labels import BLANK
from sksvhn.metrics._readings import Readings, check_readings, validate_score_params

# Sums of weights such as 0.1 carry rounding errors far below this, and differences between two
# accuracies that matter lie above it up to ten million numbers.
ROUNDING = 1e-10


@validate_score_params(confidence=["array-like"], accuracy=[Interval(Real, 0, 1, closed="both")])
def coverage_at_accuracy_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    accuracy: float = 0.98,
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Largest share of numbers, taken by descending confidence, that reaches an accuracy.

    If readings below some confidence are sent to a person, this is the share that needs none,
    where what the machine answers must be right with the required accuracy.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers: strings (``"0210"``), integers, or rows of integer codes padded at their end
        with `blank`. Rows of codes stand for the digits 0-9.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of the three forms; it need not be that of `y_true`. A rejected reading
        (``""``, ``-1`` or an all-blank row) counts as wrong, at the confidence given for it.
    confidence : array-like of shape (n_samples,)
        How sure each reading is, finite. Only the order matters. Readings of equal confidence are
        taken together or not at all, so the order of the rows makes no difference.
    accuracy : float, default=0.98
        Share of whole numbers that must be right among those taken, in [0, 1]. 0.98 was the
        accuracy of human transcribers in [1]_.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        In [0, 1]; 0.0 if no confidence threshold reaches the accuracy.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

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
    readings = check_readings(y_true, y_pred, sample_weight, blank, confidence)
    return coverage_at_accuracy(readings, accuracy)


def coverage_at_accuracy(readings: Readings, accuracy: float) -> float:
    """Compute `coverage_at_accuracy_score` of checked readings that carry confidences."""
    _, taken, right = confidence_steps(readings)
    reaches = right / taken >= accuracy - ROUNDING
    return float(taken[reaches].max() / taken[-1]) if reaches.any() else 0.0


def confidence_steps(
    readings: Readings,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct confidences, falling, and the weight taken and right down to each."""
    assert readings.confidence is not None
    order = np.argsort(-readings.confidence, kind="stable")
    confidence = readings.confidence[order]
    weight = readings.weight[order]
    is_threshold = np.append(confidence[1:] != confidence[:-1], True)
    taken = np.cumsum(weight)[is_threshold]
    right = np.cumsum(weight * readings.is_right[order])[is_threshold]
    return confidence[is_threshold], taken, right
