"""Turn labels of numbers into the codes that networks learn, and readings back into labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ._labels import (
    DIGITS,
    MINUS,
    Form,
    check_not_empty,
    check_not_missing,
    label_form,
    numbers_to_strings,
)

# Positions times characters, of numbers that a file may speak of: memory that a reading takes.
MAX_FACTORS = 2**20

# How programs write figures, and signs of houses don't: 12.0, 1e3, 1E+05, 1,234.
_AS_FIGURE = re.compile(
    r"[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+|E[+-][0-9]+)|[+-]?[0-9]+\.[0-9]*|[0-9]{1,3}(,[0-9]{3})+"
)

_DESCRIPTIONS: dict[Form, str] = {
    "str": "strings",
    "int": "integers",
    "padded": "padded rows of {} columns",
}


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
                f"alphabet must hold at least one character, each once; got {alphabet!r}."
            )
        foreign = "".join(sorted(set(alphabet or "") - set(MINUS + DIGITS)))
        if form == "int" and foreign:
            raise ValueError(
                "alphabet must hold only digits and a minus sign if y holds integers; got "
                f"{foreign!r} in {alphabet!r}; pass the numbers as strings, or remove these "
                "characters."
            )
        if form == "padded" and 0 <= blank < len(alphabet or DIGITS):
            raise ValueError(
                f"blank must differ from all codes of the alphabet; got {blank}, the code of "
                f"{(alphabet or DIGITS)[blank]!r}; choose another number."
            )
        if alphabet is None:
            alphabet = _inferred_alphabet(strings)
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
        """Reverse `to_dict`; raise ValueError if no labels can lead to these values."""
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
            raise ValueError(
                "the stored description of labels is not one that training labels can give"
            )
        return replace(codec, dtype=np.dtype(codec.dtype))

    @property
    def signed(self) -> bool:
        """Whether integers may be negative: -1 is then not a rejected reading."""
        return MINUS in self.alphabet

    @property
    def n_columns(self) -> int:
        """Columns of a padded reading."""
        return max(self.width, self.max_length)

    def for_labels(self, y: NDArray[Any], name: str = "y") -> NumberCodec:
        """Return the codec for later labels, which must have the same form."""
        check_not_missing(y, name)
        if label_form(y) != self.form or (self.form == "padded" and y.shape[1] != self.width):
            raise ValueError(
                f"{name} must be {_DESCRIPTIONS[self.form].format(self.width)}, like the first "
                f"labels; got shape {y.shape} and dtype {y.dtype}; pass all labels in one form."
            )
        return replace(self, dtype=np.result_type(self.dtype, y.dtype))

    def strings_of(self, y: ArrayLike, name: str = "y") -> NDArray[np.object_]:
        """Return later labels as strings; rows of codes have the learned alphabet and blank."""
        return numbers_to_strings(
            y, blank=self.blank, alphabet=self.alphabet, signed=self.signed, name=name
        )

    def check_form(self, y: NDArray[Any], name: str) -> None:
        """Raise if numbers are written otherwise than the training labels."""
        form = label_form(y)
        if form != self.form:
            raise ValueError(
                f"{name} must be {_DESCRIPTIONS[self.form].format(self.width)}, like the training "
                f"labels; got {_DESCRIPTIONS[form].format(y.shape[-1])}; convert them."
            )

    def encode(
        self, strings: NDArray[np.object_], name: str = "y", *, empty: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return codes (n, max_length), -1 beyond each number's end, and lengths (n,).

        `empty` says whether a string may be empty, as where a picture shows no number.
        """
        index = {character: code for code, character in enumerate(self.alphabet)}
        codes = np.full((len(strings), self.max_length), -1, dtype=np.int64)
        lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
        if not empty:
            check_not_empty(strings, name)
        if len(lengths) and lengths.max() > self.max_length:
            worst = strings[int(lengths.argmax())]
            raise ValueError(
                f"{name} must hold at most max_length={self.max_length} characters per number; got "
                f"{worst!r} of length {len(worst)}; raise max_length or drop it."
            )
        for i, string in enumerate(strings):
            try:
                codes[i, : len(string)] = [index[character] for character in string]
            except KeyError as error:
                raise ValueError(
                    f"{name} must hold characters of the alphabet {self.alphabet!r}; got "
                    f"{error.args[0]!r} in {string!r}; pass alphabet= with all characters."
                ) from None
        return codes, lengths

    def readable(self, strings: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Tell which strings `encode` can turn into codes."""
        known = set(self.alphabet)
        return np.array(
            [0 < len(s) <= self.max_length and known.issuperset(s) for s in strings], dtype=bool
        )

    def check_candidates(self, strings: NDArray[np.object_]) -> None:
        """Raise if no reading in the labels' form could stand for a candidate."""
        if self.form == "int" and not self.signed and ("" in strings or "-1" in strings):
            raise ValueError(
                "candidates must not hold -1, which marks a reading without a match if labels are "
                "not negative; drop it, or pass numbers as strings to fit."
            )
        longest = max(map(len, strings), default=0)
        if self.form == "padded" and longest > self.n_columns:
            raise ValueError(
                f"candidates must have at most {self.n_columns} characters, the columns of a "
                f"reading; got one of {longest}; drop it, or fit with a greater max_length."
            )

    def check_rejection(self) -> None:
        """Raise if a rejected reading could not be told from a label."""
        if self.form == "int" and self.signed:
            raise ValueError(
                "-1 marks rejected readings and empty lists of candidates, but some labels are "
                "negative integers; pass numbers as strings to fit."
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


def _inferred_alphabet(strings: NDArray[np.object_]) -> str:
    """Characters that occur, and all ten digits if one of them does: others may come later."""
    for string in pd.unique(strings):
        odd = [c for c in string if c == " " or (c.isdigit() and c not in DIGITS)]
        if odd or _AS_FIGURE.fullmatch(string):
            which = f", with {odd[0]!r}" if odd else ""
            raise ValueError(
                f"y must hold what pictures show; got {string!r}{which}; write numbers with "
                f"{DIGITS} and letters, or pass alphabet= with all characters."
            )
    seen = set().union(*map(set, strings.tolist()))
    others = "".join(sorted(seen - set(DIGITS)))
    return DIGITS + others if seen & set(DIGITS) else others


def _narrowed(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values in the labels' dtype where it holds them all: a reading may exceed every label."""
    try:
        narrow = values.astype(dtype)
    except OverflowError:  # of Python's integers, which have no end
        return values
    return narrow if np.array_equal(narrow, values) else values
