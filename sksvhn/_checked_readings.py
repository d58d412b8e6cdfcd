"""Check the input of scores: truth and readings as strings, and weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array, check_consistent_length

from ._labels import check_not_empty, check_same_writing, numbers_to_strings
from ._parameters import check_not_masked, check_weights, validate_params

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums of weights such as 0.1 carry rounding errors far below this, and differences between two
# accuracies that matter lie above it up to ten million numbers.
ROUNDING = 1e-10

_NEGATIVE = re.compile(r"-[0-9]+")
_CONSTRAINTS: dict[str, list[Any]] = {
    "y_true": ["array-like"],
    "y_pred": ["array-like"],
    "sample_weight": ["array-like", None],
}


def validate_score_params(**more: list[Any]) -> Callable[[Function], Function]:
    """Check the parameters that all scores share, and those given here."""
    decorator: Callable[[Function], Function] = validate_params(
        {**_CONSTRAINTS, **more}, prefer_skip_nested_validation=True
    )
    return decorator


@dataclass(frozen=True)
class Readings:
    """True numbers, what was read for them, and how much each weighs; weights are positive."""

    true: NDArray[np.object_]
    read: NDArray[np.object_]
    weight: NDArray[np.float64]
    confidence: NDArray[np.float64] | None

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """Whether each number was read right as a whole."""
        right: NDArray[np.bool_] = self.true == self.read
        return right

    @property
    def is_read(self) -> NDArray[np.bool_]:
        """Whether a number was there and was read right as a whole."""
        read: NDArray[np.bool_] = self.is_right & (self.true != "")
        return read

    @property
    def true_length(self) -> NDArray[np.int64]:
        """Number of characters of each true number."""
        return _lengths(self.true)

    @property
    def read_length(self) -> NDArray[np.int64]:
        """Number of characters of each reading."""
        return _lengths(self.read)

    def check_probabilities(self) -> NDArray[np.float64]:
        """Return the confidences, or raise ValueError if one lies outside [0, 1]."""
        assert self.confidence is not None
        outside = (self.confidence < 0) | (self.confidence > 1)
        if outside.any():
            raise ValueError(
                f"confidence must hold probabilities in [0, 1]; got {self.confidence[outside][0]}; "
                "pass the probabilities of whole readings, such as an estimator's confidence(X)."
            )
        return self.confidence

    def subset(self, mask: NDArray[np.bool_]) -> Readings:
        """Return the numbers selected by a boolean mask."""
        confidence = None if self.confidence is None else self.confidence[mask]
        return Readings(self.true[mask], self.read[mask], self.weight[mask], confidence)

    def code_points(self, width: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return truth and readings as (n, width) arrays, cut at `width`, 0 beyond their ends."""
        return _code_points(self.true, width), _code_points(self.read, width)

    def digit_hits(self) -> NDArray[np.bool_]:
        """Return an (n, longest true number) array: was this character read, at its place."""
        true, read = self.code_points(int(self.true_length.max()))
        hits: NDArray[np.bool_] = (true == read) & (true != 0)
        return hits

    def confidence_steps(
        self,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the distinct confidences, falling, and the weight taken and right down to each."""
        assert self.confidence is not None
        order = np.argsort(-self.confidence, kind="stable")
        confidence, weight = self.confidence[order], self.weight[order]
        is_threshold = np.append(confidence[1:] != confidence[:-1], True)
        taken = np.cumsum(weight)[is_threshold]
        right = np.cumsum(weight * self.is_read[order])[is_threshold]
        return confidence[is_threshold], taken, right

    def confidence_bins(
        self, n_bins: int, strategy: Literal["uniform", "quantile"]
    ) -> NDArray[np.intp]:
        """Return the bin of each probability: of equal width, or by the share of weight below."""
        if strategy == "uniform":
            # Divided, not stepped: 9 / 15 is then the same float as a confidence of 0.6.
            return np.searchsorted(
                np.arange(1, n_bins) / n_bins, self.check_probabilities(), side="left"
            )
        _, place = np.unique(self.check_probabilities(), return_inverse=True)
        mass = np.bincount(place, weights=self.weight)
        below = (np.cumsum(mass) - mass) / mass.sum()
        bins: NDArray[np.intp] = np.floor(n_bins * below + ROUNDING).astype(np.intp)[place]
        return bins

    def mean(self, values: NDArray[Any]) -> float:
        """Return the weighted mean of one value per number."""
        return float(np.average(values, weights=self.weight))


def check_readings(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: ArrayLike | None = None,
    confidence: ArrayLike | None = None,
    *,
    empty: bool = False,
) -> Readings:
    """Check and align what a score was given; numbers of weight zero are dropped.

    `empty` says whether a true number may be empty, as where a picture shows none.
    """
    check_consistent_length(y_true, y_pred, sample_weight, confidence)
    true = numbers_to_strings(y_true, name="y_true")
    # What is -1 among readings is settled by the labels.
    signed = any(map(_NEGATIVE.fullmatch, true)) or None
    read = numbers_to_strings(y_pred, signed=signed, name="y_pred")
    if not len(true):
        raise ValueError("y_true must hold at least one number; got none.")
    if not empty:
        check_not_empty(true, "y_true")
    check_same_writing(true, read)
    weight = check_weights(sample_weight, true, ensure_non_negative=True)
    counts = weight > 0
    if not counts.any():
        raise ValueError("sample_weight must be positive for at least one number; got only zeros.")
    checked_confidence = None if confidence is None else _check_confidence(confidence)
    return Readings(true, read, weight, checked_confidence).subset(counts)


def _check_confidence(confidence: ArrayLike) -> NDArray[np.float64]:
    check_not_masked(confidence, "confidence")
    values = check_array(
        confidence, ensure_2d=False, dtype=np.float64, input_name="confidence", allow_nd=True
    )
    if values.ndim != 1:
        raise ValueError(
            "confidence must be 1-D, with one value per number; got an array of shape "
            f"{values.shape}."
        )
    checked: NDArray[np.float64] = values
    return checked


def _lengths(strings: NDArray[np.object_]) -> NDArray[np.int64]:
    return np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))


def _code_points(strings: NDArray[np.object_], width: int) -> NDArray[np.uint32]:
    return strings.astype(f"U{width}").view(np.uint32).reshape(len(strings), width)
