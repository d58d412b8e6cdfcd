"""Calibration error: the distance between confidence and accuracy."""

from __future__ import annotations

from numbers import Integral
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval, StrOptions

from .._checked_readings import check_readings, validate_score_params


@validate_score_params(
    confidence=["array-like"],
    n_bins=[Interval(Integral, 1, None, closed="left")],
    strategy=[StrOptions({"uniform", "quantile"})],
)
def expected_calibration_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    n_bins: int = 15,
    strategy: Literal["uniform", "quantile"] = "uniform",
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean distance between confidence and accuracy of whole numbers (ECE); the lower the better.

    Numbers are sorted into bins by confidence. The distance of a bin is that between its mean
    confidence and its share of numbers read right, and it is weighted by the numbers in the bin
    [1]_.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes. Where a picture shows none
        (``""``, ``-1`` or an all-blank row), every reading is wrong.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong, at the confidence given for it.
    confidence : array-like of shape (n_samples,)
        Probability that each reading is right as a whole, in [0, 1].
    n_bins : int, default=15
        Number of bins. Empty bins have no effect.
    strategy : {"uniform", "quantile"}, default="uniform"
        How the bins are made.

        - ``"uniform"``: of equal width; bin m holds the confidences in ((m - 1) / n_bins,
          m / n_bins], as in [1]_, and the first bin 0 too.
        - ``"quantile"``: of equal weight, as nearly as possible; readings of equal confidence
          always share a bin. Useful if most confidences are close to 1, because it splits these
          finely.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a confidence lies
        outside [0, 1].

    See Also
    --------
    make_confidence_scorer : Makes a scorer for ``GridSearchCV`` of it, where less is better.
    area_under_risk_coverage_score : Judges the order of the confidences only.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural
       Networks", ICML 2017, arXiv:1706.04599, section 2.

    Examples
    --------
    One of the two readings with confidence 0.9 is right, and one of the two with 0.5:

    >>> from sksvhn.metrics import expected_calibration_error
    >>> y_true = ["19", "2165", "7", "84"]
    >>> y_pred = ["19", "3165", "7", "64"]
    >>> error = expected_calibration_error(y_true, y_pred, [0.9, 0.9, 0.5, 0.5])
    >>> round(error, 6)
    0.2
    """
    readings = check_readings(y_true, y_pred, sample_weight, confidence, empty=True)
    bins = readings.confidence_bins(n_bins, strategy)
    gaps = np.bincount(
        bins, weights=readings.weight * (readings.is_read - readings.check_probabilities())
    )
    return float(np.abs(gaps).sum() / readings.weight.sum())
