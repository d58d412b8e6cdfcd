"""Labels of whole numbers in their three forms.

A number is held as a string (``"0210"``), as an integer (``210``) or as a row of integer codes
padded at its end with a blank (``[0, 2, 1, 0, 10]``). Everything inside the package speaks strings.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y

from ._parameters import check_not_masked

DIGITS = "0123456789"
MINUS = "-"
BLANK = 10
# Of fewer padded labels, columns can hold all of 0 to k - 1 by chance.
_LEAST_ENCODED = 100

Form = Literal["str", "int", "padded"]

# How NumPy, pandas, JSON and spreadsheets write a value that is missing or beyond floats.
_MISSING = {"nan", "NaN", "None", "<NA>", "NaT", "N/A", "#N/A", "null", "inf", "-inf"}
_WHOLE_FLOAT = re.compile(r"[0-9]+\.0")


def label_form(y: NDArray[Any]) -> Form:
    """Tell which of the three forms an array of labels has."""
    if y.ndim == 2 and y.dtype.kind in "iufb":
        return "padded"
    return "str" if y.dtype.kind in "UTO" and not _all_integers(y) else "int"


def numbers_to_strings(
    y: ArrayLike,
    *,
    blank: int = BLANK,
    alphabet: str = DIGITS,
    signed: bool | None = None,
    name: str = "y",
) -> NDArray[np.object_]:
    """Convert number labels in any form to a 1-D object array of str; a rejected one is "".

    `signed` says whether -1 is an ordinary number; None decides by the other integers in y.
    """
    array = _as_array(y, name)
    if array.ndim == 2 and array.shape[1] == 1 and array.dtype.kind in "UO":
        array = array[:, 0]
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} must hold strings or integers.")
    if array.ndim not in (1, 2) or array.dtype.kind not in (
        "iufb" if array.ndim == 2 else "iufbUO"
    ):
        raise ValueError(
            f"{name} must be a 1-D array of strings or integers, or a 2-D integer array padded "
            f"with {blank}; got an array of shape {array.shape} and dtype {array.dtype}."
        )
    check_not_missing(array, name)
    _check_whole(array, name)
    form = label_form(array)
    if form == "padded":
        return _padded_to_strings(array, blank, alphabet, name)
    if form == "int":
        return _integers_to_strings(array, signed)
    strings = np.empty(len(array), dtype=object)
    for i, value in enumerate(array.tolist()):
        if not isinstance(value, str):
            raise ValueError(
                f"{name} must hold strings or integers; element {i} is {value!r} "
                f"({type(value).__name__}); drop it or write it as a string."
            )
        strings[i] = value
    check_text(strings, name)
    return strings


def single_labels(y: ArrayLike, name: str, estimator: Any) -> NDArray[Any]:
    """Labels of pictures with one label each, as a checked 1-D array."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires {name} to be passed, but the target {name} is "
            "None."
        )
    array = _as_array(y, name)
    check_not_missing(array, name)
    check_text(array, name)
    if _all_integers(array):
        array = np.array(array.tolist())
    elif array.dtype.kind == "O" and len(types := set(map(type, array.ravel().tolist()))) > 1:
        names = " and ".join(sorted(t.__name__ for t in types))
        raise ValueError(
            f"{name} must hold labels of one type; got {names}; convert all to strings or integers."
        )
    else:
        array = np.asarray(y)
    labels: NDArray[Any] = _check_y(array, estimator=estimator)
    check_classification_targets(labels)
    return labels


def check_not_missing(labels: NDArray[Any], name: str) -> None:
    """Raise if a label is NaN, None, pandas' NA or infinite."""
    if labels.dtype.kind == "f":
        missing = ~np.isfinite(labels)
    elif labels.dtype.kind == "O":
        missing = np.asarray(pd.isna(labels))
    else:
        return
    if missing.any():
        where = tuple(np.argwhere(missing)[0].tolist())
        mark = "" if name == "y" else '; mark a rejected reading by "", -1 or a row of blanks'
        raise ValueError(
            f"Input {name} contains NaN, None or infinity: element {', '.join(map(str, where))} is "
            f"{labels[where]}. Drop pictures without a label{mark}."
        )


def check_text(labels: ArrayLike, name: str) -> None:
    """Raise if a string is a missing value's name, or holds what no picture shows."""
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "UTO":
        return
    for label in pd.unique(array.astype(object)):
        if not isinstance(label, str):
            continue
        if label in _MISSING:
            raise ValueError(
                f"{name} must not hold missing values; got {label!r}, a missing value written as a "
                "string; drop pictures without a label."
            )
        if label != label.strip() or not label.isprintable():
            raise ValueError(
                "labels must not start or end with white space, nor hold invisible characters; "
                f"{name} holds {label!r}; strip it, as with label.strip()."
            )


def check_not_empty(strings: NDArray[np.object_], name: str) -> None:
    """Raise if a true number has no character."""
    for i, string in enumerate(strings):
        if not string:
            raise ValueError(
                f"every number must have at least one character; {name} element {i} is an empty "
                'number ("", -1 or a row of blanks); drop pictures without a number.'
            )


def check_same_writing(true: NDArray[np.object_], read: NDArray[np.object_]) -> None:
    """Raise if one of them has figures that the other has nowhere: "12.0", or digits but 0 to 9."""
    for these, others, name in ((true, read, "y_true"), (read, true, "y_pred")):
        foreign = next((string for string in these if _has_other_digits(string)), None)
        if foreign is not None and not any(map(_has_other_digits, others)):
            raise ValueError(
                f"{name} holds {foreign!r}, whose digits are not those of {DIGITS}; write both "
                "sides with the same digits, such as by unicodedata.normalize('NFKC', label)."
            )
        if all(map(_WHOLE_FLOAT.fullmatch, these)) and not any("." in other for other in others):
            raise ValueError(
                f"{name} must hold strings of integers; got strings of floats such as "
                f"{these[0]!r}; convert them with astype(int).astype(str)."
            )


def _has_other_digits(string: str) -> bool:
    return not string.isascii() and any(c.isdigit() and c not in DIGITS for c in string)


def columns_are_encoded(codes: NDArray[Any], alphabet: str) -> bool:
    """Whether each column of padded labels holds all of 0 to k - 1, and one lacks greater digits.

    scikit-learn writes columns so where it encodes labels.
    """
    columns = [np.unique(column) for column in codes.T]
    return (
        len(codes) >= _LEAST_ENCODED
        and all(np.array_equal(column, np.arange(len(column))) for column in columns)
        and any(1 < len(column) < len(alphabet) for column in columns)
    )


def _all_integers(y: NDArray[Any]) -> bool:
    """Whether an object array holds plain integers only."""
    return (
        y.dtype.kind == "O"
        and y.size > 0
        and all(isinstance(v, (int, np.integer)) for v in y.ravel().tolist())
    )


def as_labels(y: ArrayLike, name: str = "y") -> NDArray[Any]:
    """Labels as an array of at least one dimension, in the form they have."""
    labels = _stacked(y, name)
    if labels.ndim == 0:
        raise ValueError(f"{name} should be a 1d array of numbers, got {y!r} instead.")
    return labels


def _stacked(y: ArrayLike, name: str) -> NDArray[Any]:
    check_not_masked(y, name)
    try:
        return np.asarray(y)
    except ValueError:
        raise ValueError(
            f"{name} must have rows of one length; got rows of different lengths; pad them with "
            "the blank, or pass the numbers as strings."
        ) from None


def _as_array(y: ArrayLike, name: str) -> NDArray[Any]:
    array = _stacked(y, name)
    if array.dtype.kind == "T" or (array.dtype.kind == "U" and not isinstance(y, np.ndarray)):
        # NumPy writes a missing value that stands among strings as the text "nan" or "None".
        return np.asarray(y, dtype=object)
    return array


def _check_whole(array: NDArray[Any], name: str) -> None:
    if array.dtype.kind != "f":
        return
    if not np.array_equal(array, np.trunc(array)):
        bad = array[array != np.trunc(array)][0]
        raise ValueError(f"{name} must hold integers; got {bad}. Unknown label type: continuous.")


def _integers_to_strings(values: NDArray[Any], signed: bool | None) -> NDArray[np.object_]:
    integers = [int(value) for value in values.tolist()]
    if signed is None:
        # Alone, -1 marks what has no number; -1 and 1 are scikit-learn's own two classes.
        signed = min(integers, default=0) < -1 or set(integers) == {-1, 1}
    rejected = None if signed else -1
    return np.array(["" if value == rejected else str(value) for value in integers], dtype=object)


def _padded_to_strings(
    codes: NDArray[Any], blank: int, alphabet: str, name: str
) -> NDArray[np.object_]:
    _check_one_code_per_column(codes, blank, alphabet, name)
    is_blank = codes == blank
    lengths = np.count_nonzero(~is_blank, axis=1)
    in_number = np.arange(codes.shape[1]) < lengths[:, None]
    if not np.array_equal(in_number, ~is_blank):
        row = int(np.flatnonzero((in_number == is_blank).any(axis=1))[0])
        hint = (
            " Each column holds 0 to k - 1, as cross_val_predict writes them for "
            "method='predict_proba': it encodes each column; pass strings, or use method='predict'."
            if columns_are_encoded(codes, alphabet)
            else ""
        )
        raise ValueError(
            f"blanks must come after the last character of a number; row {row} of {name} has one "
            f"({blank}) before it: {codes[row].tolist()}.{hint}"
        )
    outside = in_number & ((codes < 0) | (codes >= len(alphabet)))
    if outside.any():
        row = int(np.flatnonzero(outside.any(axis=1))[0])
        raise ValueError(
            f"each code of {name} must be in [0, {len(alphabet) - 1}] (alphabet {alphabet!r}) or "
            f"the blank {blank}; row {row} is {codes[row].tolist()}. Estimators have the "
            "parameters alphabet and blank; for scores and splits, convert the rows with "
            "as_number_strings."
        )
    table = np.array(list(alphabet), dtype=object)
    characters = np.where(in_number, table[np.where(in_number, codes, 0).astype(np.int64)], "")
    return np.array(["".join(row) for row in characters.tolist()], dtype=object)


def _check_one_code_per_column(codes: NDArray[Any], blank: int, alphabet: str, name: str) -> None:
    """Raise if rows are one-hot, or integers in a column, instead of codes padded with a blank."""
    n, width = codes.shape
    if width == 1:
        integers = codes[(codes != blank) & ((codes < 0) | (codes >= len(alphabet)))]
        if integers.size:
            raise ValueError(
                f"rows of {name} must hold codes in [0, {len(alphabet) - 1}] or the blank; got "
                f"{integers[0]} in an array of shape {codes.shape}. Pass whole numbers as a 1-D "
                f"array, such as {name}.ravel()."
            )
    # Rows of codes that look so are "100", "010" and "001" together, or have ten digits.
    elif n > 1 and width > 2 and ((codes == 0) | (codes == 1)).all():
        n_hot = len(np.unique(codes.argmax(axis=1)))
        if (np.count_nonzero(codes, axis=1) == 1).all() and n_hot >= (2 if width >= 10 else 3):
            raise ValueError(
                f"{name} must hold one label per picture; got one-hot rows of shape {codes.shape}; "
                f"pass {name}.argmax(axis=1)."
            )


def codes_of(reader: Any) -> dict[str, Any]:
    """Say how a fitted reader writes numbers, as arguments of `numbers_to_strings`."""
    alphabet = getattr(reader, "alphabet_", None)
    if alphabet is None:  # a classifier of single labels
        return {}
    return {"blank": reader.blank_, "alphabet": alphabet, "signed": MINUS in alphabet}
