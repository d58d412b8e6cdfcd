"""Scores of readings that need no confidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rapidfuzz.distance import Levenshtein

from .._checked_readings import Readings, check_readings, validate_score_params


@validate_score_params()
def sequence_accuracy_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of numbers that were read right as a whole.

    One wrong, missing or surplus character makes a reading wrong: "3165" for "2165" scores 0.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes. Where a picture shows none
        (``""``, ``-1`` or an all-blank row), a rejected reading is right.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        of a number counts as wrong.
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
    digit_accuracy_score : The same, character by character.
    coverage_at_accuracy_score : How many numbers can be read at a required accuracy.

    Notes
    -----
    An integer has no leading zeros: 210 is the number "210", never "0210".

    References
    ----------
    .. [1] I. J. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud and V. Shet, "Multi-digit Number
       Recognition from Street View Imagery using Deep Convolutional Neural Networks", ICLR 2014,
       arXiv:1312.6082, section 3.

    Examples
    --------
    >>> from sksvhn.metrics import sequence_accuracy_score
    >>> sequence_accuracy_score(["19", "2165", "7"], ["19", "3165", "7"])
    0.666...
    >>> sequence_accuracy_score(["19", "2165", "7"], [19, 2165, -1])
    0.666...

    As the score that a search compares:

    >>> from sklearn.metrics import make_scorer
    >>> scorer = make_scorer(sequence_accuracy_score)
    """
    readings = check_readings(y_true, y_pred, sample_weight, empty=True)
    return sequence_accuracy(readings)


@validate_score_params()
def digit_accuracy_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of true characters that were read right, blanks excluded.

    Character i of the reading is compared with character i of the truth. A character missing from
    the reading is wrong. Surplus characters of the reading don't count, because there is no true
    character to compare them with; `length_accuracy_score` and `sequence_accuracy_score` count them
    as errors.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, and so of each of its characters, not negative. Numbers of weight
        zero are left out.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    position_accuracy_scores : The same for each position.
    sequence_accuracy_score : Share of numbers read right as a whole.

    Examples
    --------
    Five of the seven digits are read at their place:

    >>> from sksvhn.metrics import digit_accuracy_score
    >>> digit_accuracy_score(["19", "2165", "7"], ["1", "3165", "77"])
    0.714...
    """
    readings = check_readings(y_true, y_pred, sample_weight)
    return digit_accuracy(readings)


@validate_score_params()
def length_accuracy_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Share of readings that have as many characters as the true number.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    sequence_accuracy_score : Share of numbers read right as a whole.

    Examples
    --------
    >>> from sksvhn.metrics import length_accuracy_score
    >>> length_accuracy_score(["19", "2165", "7"], ["1", "3165", "8"])
    0.666...
    """
    readings = check_readings(y_true, y_pred, sample_weight)
    return length_accuracy(readings)


@validate_score_params()
def position_accuracy_scores(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Share of true characters that were read right, for each position from the left.

    Position i is judged over the numbers longer than i. A character missing from the reading is
    wrong.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row)
        counts as wrong.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, not negative. Numbers of weight zero are left out.

    Returns
    -------
    ndarray of shape (longest,), dtype float64
        Values in [0, 1]. `longest` is the number of characters of the longest true number of
        positive weight, regardless of the width of padded rows and the length of readings. Every
        position has at least one number, so no value is NaN.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    digit_accuracy_score : The same over all positions together.

    Examples
    --------
    >>> from sksvhn.metrics import position_accuracy_scores
    >>> position_accuracy_scores(["19", "2165", "7"], ["1", "3165", "77"])
    array([0.666..., 0.5       , 1.        , 1.        ])
    """
    readings = check_readings(y_true, y_pred, sample_weight)
    return position_accuracies(readings)[0]


@validate_score_params()
def character_error_rate(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Edits that turn readings into true numbers, per true character (CER); the lower the better.

    Edits insert, delete or replace characters: the Levenshtein distance [1]_. A missed digit costs
    one edit, but `digit_accuracy_score` counts all digits after it as misplaced.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, max_length)
        True numbers, in any form that :func:`as_number_strings` takes.
    y_pred : array-like of shape (n_samples,) or (n_samples, max_length)
        Readings, in any of these forms. A rejected reading (``""``, ``-1`` or an all-blank row) has
        no character: all true characters count as errors.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each number, and so of each of its characters, not negative. Numbers of weight
        zero are left out.

    Returns
    -------
    float
        0 or more; above 1 if readings have many more characters than the true numbers.

    Raises
    ------
    ValueError
        If the inputs differ in length, are empty or hold missing values, or if a true number has
        no character.

    See Also
    --------
    digit_accuracy_score : Compares character by character at the same place.

    Notes
    -----
    It is the sum of all distances divided by the number of all true characters, as is usual for
    text and speech, and not the mean of one rate per number. RapidFuzz computes the distances.

    References
    ----------
    .. [1] V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions and
       reversals", Soviet Physics Doklady 10 (8), 1966, pages 707-710.

    Examples
    --------
    Three characters to change, seven true ones:

    >>> from sksvhn.metrics import character_error_rate
    >>> character_error_rate(["19", "2165", "7"], ["19", "165", "12"])
    0.428...
    """
    readings = check_readings(y_true, y_pred, sample_weight)
    distances = list(map(Levenshtein.distance, readings.true, readings.read))
    errors = readings.weight @ np.array(distances)
    return float(errors / (readings.weight @ readings.true_length))


def sequence_accuracy(readings: Readings) -> float:
    """Compute `sequence_accuracy_score` of checked readings."""
    return readings.mean(readings.is_right)


def length_accuracy(readings: Readings) -> float:
    """Compute `length_accuracy_score` of checked readings."""
    return readings.mean(readings.true_length == readings.read_length)


def digit_accuracy(readings: Readings) -> float:
    """Compute `digit_accuracy_score` of checked readings."""
    hits = readings.digit_hits().sum(axis=1)
    return float(readings.weight @ hits / (readings.weight @ readings.true_length))


def position_accuracies(readings: Readings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute `position_accuracy_scores` of checked readings, and each position's support."""
    hits = readings.digit_hits()
    has_position = np.arange(hits.shape[1]) < readings.true_length[:, None]
    support = readings.weight @ has_position
    return readings.weight @ hits / support, support
