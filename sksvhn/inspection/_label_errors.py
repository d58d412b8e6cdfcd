"""Find labels that a reader contradicts without having seen them."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import _safe_indexing, check_consistent_length
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from .._labels import DIGITS, as_labels, check_not_empty, codes_of, numbers_to_strings
from .._parameters import validate_params
from ..model_selection import NumberKFold

_COLUMNS = ("index", "label", "reading", "label_probability", "reading_probability")


@validate_params(
    {
        "estimator": [HasMethods(["predict", "rank_candidates"])],
        "X": "no_validation",
        "y": ["array-like"],
        "cv": [
            Interval(Integral, 2, None, closed="left"),
            HasMethods(["split"]),
            StrOptions({"prefit"}),
        ],
    },
    prefer_skip_nested_validation=False,  # the estimator's own parameters are checked, too
)
def find_label_errors(estimator: Any, X: Any, y: ArrayLike, *, cv: Any = 5) -> pd.DataFrame:
    """List the labels that are likely to be wrong, the likeliest first.

    A label S is suspicious if a reader finds it improbable (small P(S|X)) and is sure of another
    number. Readers memorise wrong labels, so a label must be judged by a reader that was not
    trained on it. Cross-validation provides one, as in [1]_, whose ranking by margin is used.

    Parameters
    ----------
    estimator : reader of numbers
        Such as :class:`~sksvhn.SVHNSequenceClassifier`. It is cloned and fitted in each fold,
        unless `cv` is ``"prefit"``.
    X : array-like of shape (n_samples, height, width[, channels]) or (n_samples, n_features)
        Pictures, as for its `fit`.
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        Their labels, in any form that it takes.
    cv : int, cross-validation splitter or "prefit", default=5
        Number of folds of :class:`~sksvhn.model_selection.NumberKFold`; a splitter that puts each
        picture into one test set; or ``"prefit"`` if `estimator` is already fitted, on other
        pictures.

    Returns
    -------
    DataFrame of shape (n_contradicted, 5)
        Pictures whose reading differs from their label, sorted by decreasing difference of the two
        probabilities:

        - `index`: row of `X` and `y`;
        - `label`, `reading`: as ``str``;
        - `label_probability`, `reading_probability`: P(label|X) and P(reading|X), in [0, 1]. The
          reading is the most probable number.

        Pictures whose reading is rejected (`min_confidence`) are left out.

    Raises
    ------
    ValueError
        If `X` and `y` differ in length, a label is missing, or `cv` does not put each picture into
        one test set.

    See Also
    --------
    find_near_duplicates : Another check of collected data.

    Notes
    -----
    Look at each picture in the list: a confident reader can be wrong, too, and the last rows are
    hardly suspicious.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident Learning: Estimating Uncertainty in
       Dataset Labels", Journal of Artificial Intelligence Research 70, 2021, section 3,
       arXiv:1911.00068.

    Examples
    --------
    >>> from sksvhn import SVHNSequenceClassifier
    >>> from sksvhn.datasets import make_street_numbers
    >>> from sksvhn.inspection import find_label_errors
    >>> X, y = make_street_numbers(60, color=False, random_state=0, return_X_y=True)
    >>> clf = SVHNSequenceClassifier(max_epochs=1, random_state=0)
    >>> find_label_errors(clf, X, y, cv=2).columns.tolist()
    ['index', 'label', 'reading', 'label_probability', 'reading_probability']
    """
    if isinstance(cv, str) and cv != "prefit":  # strings have a method split, too
        raise ValueError(f"cv must be a number of folds, a splitter or 'prefit'; got {cv!r}.")
    # Clones will learn these; a fitted reader may have been given others since.
    codes = {"blank": estimator.blank, "alphabet": estimator.alphabet or DIGITS}
    # Before y becomes an array, which would write a missing label among strings as "nan".
    strings = numbers_to_strings(y, **(codes_of(estimator) if isinstance(cv, str) else codes))
    check_not_empty(strings, "y")
    labels = as_labels(y)
    check_consistent_length(X, labels)
    parts = []
    for rows, reader in _readers(estimator, X, labels, strings, cv):
        pictures = _safe_indexing(X, rows)
        read, confidence = reader.predict(pictures, return_confidence=True)
        ranked = reader.rank_candidates(pictures, [[label] for label in labels[rows]])
        readings = numbers_to_strings(read, **codes_of(reader), name="predictions")
        columns = [rows, strings[rows], readings, ranked.in_list, confidence]
        parts.append(pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True))))
    table = pd.concat(parts)
    table = table[(table["label"] != table["reading"]) & (table["reading"] != "")]
    margin = table["reading_probability"] - table["label_probability"]
    order = np.lexsort((table["index"], -margin))
    return table.iloc[order].reset_index(drop=True)


def _readers(
    estimator: Any, X: Any, y: NDArray[Any], strings: NDArray[np.object_], cv: Any
) -> Iterator[tuple[NDArray[np.int64], Any]]:
    """Rows, and a reader that was not fitted on them."""
    if isinstance(cv, str):
        yield np.arange(len(y)), estimator
        return
    splitter = NumberKFold(int(cv)) if isinstance(cv, Integral) else cv
    splits = list(splitter.split(X, strings))
    tested = np.concatenate([test for _, test in splits])
    if not np.array_equal(np.sort(tested), np.arange(len(y))):
        raise ValueError(
            "cv must put each picture into one test set, as NumberKFold does; it tests "
            f"{len(np.unique(tested))} of {len(y)} pictures, {len(tested)} times in all."
        )
    for train, test in splits:
        yield test, clone(estimator).fit(_safe_indexing(X, train), y[train])
