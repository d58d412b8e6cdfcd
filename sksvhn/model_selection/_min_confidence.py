"""Find the confidence from which on readings are right at a promised accuracy."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from .._checked_readings import check_readings, validate_score_params


@validate_score_params(
    confidence=["array-like"],
    accuracy=[Interval(Real, 0, 1, closed="neither")],
    confidence_level=[Interval(Real, 0, 1, closed="neither")],
)
def min_confidence_for_accuracy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    confidence: ArrayLike,
    *,
    accuracy: float = 0.98,
    confidence_level: float = 0.9,
) -> float:
    """Find the lowest confidence at which accepted readings have a guaranteed accuracy.

    With a probability of at least `confidence_level` over the draw of the validation pictures,
    readings at least this confident are right at a rate of at least `accuracy` on all pictures of
    the same kind [1]_. A threshold that just reaches the accuracy on the validation pictures, as in
    :func:`~sksvhn.metrics.coverage_at_accuracy_score`, fails about half of the time.

    Pass the result to a reader: ``clf.set_params(min_confidence=...)``. This function needs MAPIE:
    ``pip install 'sksvhn[guarantee]'``.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers of validation pictures that were not used in training, in any form that
        :func:`~sksvhn.metrics.as_number_strings` takes. Where a picture shows none (``""``, ``-1``
        or an all-blank row), every reading is wrong.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong, at the confidence given for it: read the validation pictures with a reader
        that rejects none.
    confidence : array-like of shape (n_samples,)
        How sure each reading is, in [0, 1].
    accuracy : float, default=0.98
        Share of whole numbers that must be right among those kept, in (0, 1).
    confidence_level : float, default=0.9
        Probability that the guarantee holds, in (0, 1).

    Returns
    -------
    float
        In [0, 1]: the lowest confidence to accept. 0.0 if all readings can be accepted.

    Raises
    ------
    ImportError
        If MAPIE is not installed.
    ValueError
        If no threshold guarantees the accuracy, a confidence lies outside [0, 1], or the inputs
        differ in length, are empty or hold missing values.

    See Also
    --------
    sksvhn.metrics.coverage_at_accuracy_score : Share of readings that reaches an accuracy on the
        pictures at hand, without a guarantee for others.

    Notes
    -----
    The guarantee holds for pictures drawn independently and like the validation pictures. It says
    nothing about other streets or cameras, and is too optimistic if several pictures show the same
    house. It holds for a single use: choosing among several readers by the result voids it.

    Thresholds are tested one after the other, from one that keeps the surest quarter of the
    readings downwards, until one cannot be shown to reach the accuracy: fixed-sequence testing
    [1]_ of how many readings are wrong among those kept, by MAPIE. The sequence starts with more
    than a quarter if one wrong reading among them would otherwise end it. If there are enough
    pictures for two, a second sequence starts half-way between there and all readings, because
    wrong labels among the surest readings can end the first. Choosing a threshold of selective
    classification by a bound is due to [2]_.

    Even if no reading is wrong, an accuracy of 0.98 takes 114 pictures, and 0.99 takes 230.

    References
    ----------
    .. [1] A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan and L. Lei, "Learn then Test:
       Calibrating Predictive Algorithms to Achieve Risk Control", arXiv:2110.01052.
    .. [2] Y. Geifman and R. El-Yaniv, "Selective Classification for Deep Neural Networks",
       NIPS 2017, arXiv:1705.08500.

    Examples
    --------
    Of 400 validation pictures the surest 300 are read right, of the others every fifth is misread:

    >>> import numpy as np
    >>> from sksvhn.model_selection import min_confidence_for_accuracy
    >>> y_true = ["19"] * 400
    >>> y_pred = ["19"] * 300 + ["19", "19", "19", "19", "79"] * 20
    >>> confidence = np.linspace(1, 0.601, 400)
    >>> min_confidence = min_confidence_for_accuracy(y_true, y_pred, confidence)
    >>> round(min_confidence, 3)
    0.692
    >>> kept = confidence >= min_confidence
    >>> int(kept.sum()), int((np.array(y_true) != np.array(y_pred))[kept].sum())
    (309, 1)
    """
    p_values_of, control_fwer, sequence = _import_mapie()
    readings = check_readings(y_true, y_pred, confidence=confidence, empty=True)
    readings.check_probabilities()
    thresholds, kept, right = readings.confidence_steps()
    n = len(readings.true)
    max_p_value = 1 - confidence_level

    def p_values(wrong: NDArray[Any], kept: NDArray[Any]) -> NDArray[np.float64]:
        # MAPIE multiplies back and rounds up: a rate rounded upwards would count one more wrong.
        rate = np.maximum(np.nextafter(wrong / kept, -1), 0)
        of_rate: NDArray[np.float64] = p_values_of(rate, kept, 1 - accuracy, binary=True)[:, 0]
        return of_rate

    # Thresholds are confidences of validation readings. Given the confidence next below one, the
    # readings above are independent draws of those that it keeps, so a binomial test holds; and
    # the order of tests is set by ranks, which know nothing of right and wrong. (MAPIE's own
    # controller takes the direction in which it tests from the labels.)
    ranks = np.arange(1.0, n + 1)
    start = float(n)
    n_starts = 1
    for n_starts, n_wrong in ((2, 1), (1, 1), (1, 0)):  # sequences share the level
        passes = ranks[p_values(np.minimum(n_wrong, ranks), ranks) <= max_p_value / n_starts]
        if len(passes):
            start = max(passes[0], n // 4)
            break
    tested = kept >= start
    thresholds, kept, right = thresholds[tested], kept[tested], right[tested]
    safe = control_fwer(
        p_values(kept - right, kept), max_p_value, sequence(min(n_starts, len(kept)))
    )
    if not len(safe):
        raise ValueError(
            f"No min_confidence reaches an accuracy of {accuracy:g} at "
            f"confidence_level={confidence_level:g} on these {n} readings: of the {int(kept[0])} "
            f"surest, {right[0] / kept[0]:.2%} are right. Pass more validation pictures, or lower "
            "accuracy or confidence_level."
        )
    last = int(safe[-1])
    return 0.0 if kept[last] == n else float(thresholds[last])


def _import_mapie() -> tuple[Callable[..., Any], ...]:
    """Return MAPIE's p-values of risks, its control of the family-wise error, and its sequences."""
    try:
        from mapie.risk_control import FWERFixedSequenceTesting, control_fwer
        from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
    except ImportError:
        raise ImportError(
            "min_confidence_for_accuracy needs MAPIE; install it with: "
            "pip install 'sksvhn[guarantee]'"
        ) from None
    return compute_hoeffding_bentkus_p_value, control_fwer, FWERFixedSequenceTesting
