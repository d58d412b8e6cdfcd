"""Convert numbers in any form to strings."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._labels import BLANK, DIGITS, numbers_to_strings
from .._parameters import validate_params


@validate_params(
    {"y": ["array-like"], "blank": [Integral], "alphabet": [str]},
    prefer_skip_nested_validation=True,
)
def as_number_strings(
    y: ArrayLike, *, blank: int = BLANK, alphabet: str = DIGITS
) -> NDArray[np.object_]:
    """Convert true or read numbers in any form to strings.

    Scores, splits and plots take numbers in all of these forms. Convert rows of codes with another
    blank or another alphabet first.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        Strings (``"0210"``); integers, which have no leading zeros: 210 is the number "210", never
        "0210"; or rows of integer codes padded at their end with `blank` (``[0, 2, 1, 0, 10]``).
        A reading that is rejected is ``""``, ``-1`` or a row of blanks. -1 is an ordinary number if
        other integers are below it, or if all integers are -1 and 1.
    blank : int, default=10
        The code behind a row's last character.
    alphabet : str, default="0123456789"
        The characters that the codes of rows stand for, by position.

    Returns
    -------
    ndarray of shape (n_samples,), dtype object
        One ``str`` per number, empty for rejected readings.

    Raises
    ------
    ValueError
        If a label is missing (None, NaN, ``"nan"``), has white space around it, or is neither a
        string nor an integer; or if rows are one-hot, hold a code outside the alphabet, or a blank
        before their last character.

    See Also
    --------
    sequence_accuracy_score : Share of numbers read right as a whole.

    Examples
    --------
    >>> from sksvhn.metrics import as_number_strings
    >>> as_number_strings([19, 210, -1]).tolist()
    ['19', '210', '']
    >>> as_number_strings([[1, 9, 10, 10], [0, 2, 1, 0]]).tolist()
    ['19', '0210']
    >>> as_number_strings([[1, 11], [12, -1]], alphabet="0123456789ABC", blank=-1).tolist()
    ['1B', 'C']
    """
    return numbers_to_strings(y, blank=blank, alphabet=alphabet)
