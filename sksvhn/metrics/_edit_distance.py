"""How many characters of a reading have to be changed to get the true number."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sksvhn._labels import BLANK
from sksvhn.metrics._readings import Readings, check_readings, validate_score_params


@validate_score_params()
def mean_edit_distance(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Mean Levenshtein distance of reading and true number; the lower the better.

    The distance [1]_ is the least number of characters to insert, delete or replace that turns the
    reading into the true number. So a digit that was missed costs 1, where `digit_accuracy_score`
    counts all digits behind it as misplaced.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers: strings (``"0210"``), integers, or rows of integer codes padded at their end
        with `blank`. Rows of codes stand for the digits 0-9.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of the three forms; it need not be that of `y_true`. A rejected reading
        (``""``, ``-1`` or an all-blank row) has no character: its distance is the length of the
        true number.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        Characters a number, 0 or more.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    character_error_rate : The distances as a share of the true characters.
    digit_accuracy_score : Compares character by character at the same place.

    References
    ----------
    .. [1] V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions and
       reversals", Soviet Physics Doklady 10 (8), 1966, pages 707-710.

    Examples
    --------
    The distances are 0, 1 (a digit missed) and 2 (one replaced, one inserted):

    >>> from sksvhn.metrics import mean_edit_distance
    >>> mean_edit_distance(["19", "2165", "7"], ["19", "165", "12"])
    1.0
    """
    readings = check_readings(y_true, y_pred, sample_weight, blank)
    return readings.mean(edit_distances(readings))


@validate_score_params()
def character_error_rate(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    blank: int = BLANK,
) -> float:
    """Levenshtein distances as a share of the true characters (CER); the lower the better.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers: strings (``"0210"``), integers, or rows of integer codes padded at their end
        with `blank`. Rows of codes stand for the digits 0-9.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of the three forms; it need not be that of `y_true`. A rejected reading
        (``""``, ``-1`` or an all-blank row) has no character: all true characters count as errors.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, and so of each of its characters, not negative. Numbers of weight
        zero are left out.
    blank : int, default=10
        The code that pads rows of codes.

    Returns
    -------
    float
        0 or more; above 1 where readings have many more characters than the true numbers.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    mean_edit_distance : The distance a number.

    Notes
    -----
    The sum of all distances over the number of all true characters, as is usual in reading text
    and speech; not the mean of one rate a number.

    Examples
    --------
    Three characters to change, seven true ones:

    >>> from sksvhn.metrics import character_error_rate
    >>> character_error_rate(["19", "2165", "7"], ["19", "165", "12"])
    0.428...
    """
    readings = check_readings(y_true, y_pred, sample_weight, blank)
    errors = readings.weight @ edit_distances(readings)
    return float(errors / (readings.weight @ readings.true_length))


def edit_distances(readings: Readings) -> NDArray[np.int64]:
    """Return the Levenshtein distance of each checked reading from the true number."""
    distances = np.zeros(len(readings.true), dtype=np.int64)
    wrong = ~readings.is_right
    if wrong.any():
        distances[wrong] = _levenshtein(readings.subset(wrong))
    return distances


def _levenshtein(readings: Readings) -> NDArray[np.int64]:
    true_length, read_length = readings.true_length, readings.read_length
    n_true, n_read = int(true_length.max()), int(read_length.max())
    true, read = readings.code_points(max(n_true, n_read))
    # The textbook table of prefixes, row by row, for all numbers at once: row i, column j is the
    # distance of the first i true characters from the first j read ones. A number's distance is
    # at its own lengths, which the padding behind doesn't reach.
    distances = np.empty_like(true_length)
    above = np.repeat(np.arange(n_read + 1)[:, None], len(true), axis=1)
    for i in range(1, n_true + 1):
        row = np.empty_like(above)
        row[0] = i
        for j in range(1, n_read + 1):
            replaced = above[j - 1] + (true[:, i - 1] != read[:, j - 1])
            row[j] = np.minimum(np.minimum(above[j], row[j - 1]) + 1, replaced)
        ends = np.flatnonzero(true_length == i)
        distances[ends] = row[read_length[ends], ends]
        above = row
    return distances
