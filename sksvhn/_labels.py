"""Labels of whole numbers: the three forms people hold them in, and the codes networks learn.

A number is held as a string (``"0210"``), as an integer (``210``) or as a row of integer codes
padded at its end with a blank (``[0, 2, 1, 0, 10]``). Everything inside the package speaks strings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

DIGITS = "0123456789"
MINUS = "-"
BLANK = 10
# Positions times characters, of numbers that a file may speak of: memory that a reading takes.
MAX_FACTORS = 2**20

Form = Literal["str", "int", "padded"]

_DESCRIPTIONS: dict[Form, str] = {
    "str": "strings",
    "int": "integers",
    "padded": "padded rows of {} columns",
}


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
    signed: bool = False,
    name: str = "y",
) -> NDArray[np.object_]:
    """Turn number labels in any of the three forms into a 1-D object array of ``str``.

    A rejected reading (``""``, ``-1`` or an all-blank row) becomes ``""``.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, max_length)
        Strings, integers, or integer codes padded with `blank`.
    blank : int, default=10
        The code that fills a padded row behind the number's last character.
    alphabet : str, default="0123456789"
        The characters that the codes of a padded row stand for, by position.
    signed : bool, default=False
        Whether -1 among integers is a label like any other instead of a rejected reading.
    name : str, default="y"
        What error messages call the array.

    Returns
    -------
    ndarray of shape (n_samples,), dtype object
        One ``str`` a number.

    Raises
    ------
    ValueError
        If a label is missing, is no number or string, or a padded row holds a code outside the
        alphabet or a blank before its last character.

    Examples
    --------
    >>> from sksvhn._labels import numbers_to_strings
    >>> numbers_to_strings([19, 210, -1]).tolist()
    ['19', '210', '']
    >>> numbers_to_strings([[1, 9, 10, 10], [0, 2, 1, 0]]).tolist()
    ['19', '0210']
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
    _check_whole(array, name)
    form = label_form(array)
    if form == "padded":
        return _padded_to_strings(array, blank, alphabet, name)
    if form == "int":
        rejected = None if signed else -1
        return np.array(
            ["" if value == rejected else str(int(value)) for value in array.tolist()], dtype=object
        )
    strings = np.empty(len(array), dtype=object)
    for i, value in enumerate(array.tolist()):
        if not isinstance(value, str):
            raise ValueError(
                f"{name} must hold strings or integers; element {i} is {value!r} "
                f"({type(value).__name__}). Drop it or write it as a string."
            )
        strings[i] = value
    return strings


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
    try:
        return np.asarray(y)
    except ValueError:
        raise ValueError(
            f"{name} has rows of different lengths; pad them with the blank to one length, or pass "
            "the numbers as strings."
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
    if not np.isfinite(array).all():
        raise ValueError(
            f"Input {name} contains NaN or infinity; drop what has no label, and mark a rejected "
            'reading by "", -1 or an all-blank row.'
        )
    if not np.array_equal(array, np.trunc(array)):
        bad = array[array != np.trunc(array)][0]
        raise ValueError(
            f"{name} must hold whole numbers; found {bad}. Unknown label type: continuous."
        )


def _padded_to_strings(
    codes: NDArray[Any], blank: int, alphabet: str, name: str
) -> NDArray[np.object_]:
    is_blank = codes == blank
    lengths = np.count_nonzero(~is_blank, axis=1)
    in_number = np.arange(codes.shape[1]) < lengths[:, None]
    if not np.array_equal(in_number, ~is_blank):
        row = int(np.flatnonzero((in_number == is_blank).any(axis=1))[0])
        raise ValueError(
            f"{name} has a blank ({blank}) before the end of row {row}: {codes[row].tolist()}; "
            "blanks may stand only behind a number's last character."
        )
    outside = in_number & ((codes < 0) | (codes >= len(alphabet)))
    if outside.any():
        row = int(np.flatnonzero(outside.any(axis=1))[0])
        raise ValueError(
            f"{name} row {row} is {codes[row].tolist()}; each code must be in "
            f"[0, {len(alphabet) - 1}] (the alphabet {alphabet!r}) or the blank {blank}."
        )
    table = np.array(list(alphabet), dtype=object)
    characters = np.where(in_number, table[np.where(in_number, codes, 0).astype(np.int64)], "")
    return np.array(["".join(row) for row in characters.tolist()], dtype=object)


@dataclass(frozen=True)
class NumberCodec:
    """Turns number labels into codes and lengths, and readings back into the labels' own form."""

    form: Form
    dtype: np.dtype[Any]
    alphabet: str
    max_length: int
    blank: int
    #: Columns of a padded label array, which may exceed the longest number seen.
    width: int

    @classmethod
    def from_labels(
        cls,
        y: NDArray[Any],
        strings: NDArray[np.object_],
        *,
        alphabet: str | None,
        max_length: int | None,
        blank: int,
    ) -> NumberCodec:
        """Settle form, alphabet and maximum length from training labels; given values win."""
        form = label_form(y)
        width = y.shape[1] if form == "padded" else 0
        if alphabet is not None and (not alphabet or len(set(alphabet)) < len(alphabet)):
            raise ValueError(
                f"alphabet={alphabet!r} must name at least one character, and each only once."
            )
        foreign = "".join(sorted(set(alphabet or "") - set(MINUS + DIGITS)))
        if form == "int" and foreign:
            raise ValueError(
                f"alphabet={alphabet!r} holds {foreign!r}, but y holds integers, which have only "
                "digits and a minus sign; pass the numbers as strings or leave these characters "
                "out of alphabet."
            )
        if form == "padded" and 0 <= blank < len(alphabet or DIGITS):
            raise ValueError(
                f"blank={blank} is also the code of the character {(alphabet or DIGITS)[blank]!r}; "
                "choose a blank outside the alphabet's codes."
            )
        if alphabet is None:
            seen = set().union(*map(set, strings.tolist()))
            # A stream of numbers may show its last digit late: digits are learned as all ten.
            alphabet = DIGITS if seen <= set(DIGITS) else "".join(sorted(seen))
        if max_length is None:
            max_length = max(width, max(map(len, strings.tolist())))
        return cls(form, y.dtype, alphabet, max_length, blank, width)

    def to_dict(self) -> dict[str, Any]:
        """Everything as numbers and strings."""
        # NumPy's own strings of any length go by their letter alone.
        dtype = "T" if self.dtype.kind == "T" else self.dtype.str
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"dtype": dtype}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NumberCodec:
        """Reverse `to_dict`.

        Raises
        ------
        ValueError
            If no labels can have led to these values.
        """
        codec = cls(**values)
        numbers = (codec.max_length, codec.blank, codec.width)
        kinds = {"str": "UOT", "int": "biufO", "padded": "biuf"}.get(codec.form)
        if (
            not isinstance(codec.alphabet, str)
            or not 0 < len(set(codec.alphabet)) == len(codec.alphabet)
            or (codec.form == "int" and not set(codec.alphabet) <= set(MINUS + DIGITS))
            or not all(type(number) is int for number in numbers)
            or not 0 < codec.max_length <= MAX_FACTORS // len(codec.alphabet)
            or codec.width < 0
            or (codec.width > 0) != (codec.form == "padded")
            or (codec.form == "padded" and 0 <= codec.blank < len(codec.alphabet))
            or kinds is None
            or re.fullmatch(f"[<>|=]?[{kinds}][0-9]{{0,4}}", str(codec.dtype)) is None
        ):
            raise ValueError("what is said of labels is none that labels can have led to.")
        return replace(codec, dtype=np.dtype(codec.dtype))

    @property
    def n_columns(self) -> int:
        """Columns of a padded reading."""
        return max(self.width, self.max_length)

    def for_labels(self, y: NDArray[Any], name: str = "y") -> NumberCodec:
        """Return the codec for later labels, which must have the same form."""
        if label_form(y) != self.form or (self.form == "padded" and y.shape[1] != self.width):
            raise ValueError(
                f"{name} has shape {y.shape} and dtype {y.dtype}, but the first labels were "
                f"{_DESCRIPTIONS[self.form].format(self.width)}; pass all labels in one form."
            )
        return replace(self, dtype=np.result_type(self.dtype, y.dtype))

    def check_form(self, y: NDArray[Any], name: str) -> None:
        """Object to numbers that are written otherwise than the training labels."""
        form = label_form(y)
        if form != self.form:
            raise ValueError(
                f"{name} holds {_DESCRIPTIONS[form].format(y.shape[-1])}, but the training labels "
                f"were {_DESCRIPTIONS[self.form].format(self.width)}; pass them in that form."
            )

    def encode(
        self, strings: NDArray[np.object_], name: str = "y"
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return codes (n, max_length), -1 beyond each number's end, and lengths (n,)."""
        index = {character: code for code, character in enumerate(self.alphabet)}
        codes = np.full((len(strings), self.max_length), -1, dtype=np.int64)
        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        if len(lengths) and lengths.min() == 0:
            raise ValueError(
                f"{name} element {int(lengths.argmin())} is an empty number; every number needs at "
                "least one character. Drop the pictures that show none."
            )
        if len(lengths) and lengths.max() > self.max_length:
            worst = strings[int(lengths.argmax())]
            raise ValueError(
                f"{name} holds {worst!r} of length {len(worst)}, longer than "
                f"max_length={self.max_length}; raise max_length or drop it."
            )
        for i, string in enumerate(strings):
            try:
                codes[i, : len(string)] = [index[character] for character in string]
            except KeyError as error:
                raise ValueError(
                    f"{name} holds {string!r}, whose character {error.args[0]!r} is not in the "
                    f"alphabet {self.alphabet!r}; pass alphabet= with every character there is."
                ) from None
        return codes, lengths

    def readable(self, strings: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Tell which strings `encode` can turn into codes."""
        known = set(self.alphabet)
        return np.array(
            [0 < len(s) <= self.max_length and known.issuperset(s) for s in strings], dtype=bool
        )

    def check_candidates(self, strings: NDArray[np.object_]) -> None:
        """Object to candidates that no reading in the labels' form could stand for."""
        if self.form == "int" and MINUS not in self.alphabet and "-1" in strings:
            raise ValueError(
                "candidates hold -1, which stands for no match at all where labels are not "
                "negative; drop it, or pass numbers as strings to fit."
            )
        longest = max(map(len, strings), default=0)
        if self.form == "padded" and longest > self.n_columns:
            raise ValueError(
                f"candidates hold a number of {longest} characters, but readings have "
                f"{self.n_columns} columns; drop it, or pass a greater max_length to fit."
            )

    def check_rejection(self) -> None:
        """Object where a rejected reading could not be told from a label."""
        if self.form == "int" and MINUS in self.alphabet:
            raise ValueError(
                "-1 marks a reading that is rejected, or of an empty list of candidates, but these "
                "labels are integers of which some are negative; pass numbers as strings to fit."
            )

    def to_strings(
        self, codes: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> NDArray[np.object_]:
        """Return readings as strings, empty where the length is 0."""
        table = np.array(list(self.alphabet), dtype=object)
        readings = np.empty(len(codes), dtype=object)
        for i, (row, n) in enumerate(zip(codes, lengths, strict=True)):
            readings[i] = "".join(table[row[:n]])
        return readings

    def to_form(self, codes: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[Any]:
        """Return readings in the form of the training labels.

        A length of 0 stands for a rejected reading: "", -1 or an all-blank row.
        """
        return self.from_strings(self.to_strings(codes, lengths))

    def from_strings(self, readings: NDArray[np.object_]) -> NDArray[Any]:
        """Return strings in the form of the training labels; "" is a rejected reading."""
        if self.form == "padded":
            longest = max(map(len, readings), default=0)
            padded = np.full((len(readings), max(self.n_columns, longest)), self.blank)
            for row, reading in zip(padded, readings, strict=True):
                row[: len(reading)] = [self.alphabet.index(character) for character in reading]
            return _narrowed(padded, self.dtype)
        if self.form == "int":
            return _narrowed(np.array([int(reading or -1) for reading in readings]), self.dtype)
        if self.dtype.kind == "U":
            return readings.astype(str)
        return readings


def _narrowed(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values in the labels' dtype where it holds them all: a reading may exceed every label."""
    try:
        narrow = values.astype(dtype)
    except OverflowError:  # of Python's integers, which have no end
        return values
    return narrow if np.array_equal(narrow, values) else values
