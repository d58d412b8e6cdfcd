"""Decode a number from its factors: P(length) and P(character) at each position.

Goodfellow et al. 2014 (arXiv 1312.6082), section 4: a number S of length l has
log P(S|X) = log P(L=l|X) + sum over its positions i of log P(S_i|X).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._labels import MINUS
from .._number_codec import NumberCodec


class SequenceFactors(NamedTuple):
    """Probabilities from which readings are made, for each picture.

    Attributes
    ----------
    length : ndarray of shape (n_samples, max_length)
        Column k holds P(length = k + 1).
    positions : ndarray of shape (n_samples, max_length, n_characters)
        P(character at that position), given that the number reaches it.
    """

    length: NDArray[np.floating[Any]]
    positions: NDArray[np.floating[Any]]


#: Codes, lengths and log-probabilities.
Readings = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.floating[Any]]]


class Pattern(NamedTuple):
    """Possible numbers: `lengths` (max_length,), `characters` (max_length, n_characters), bool.

    Entry k of `lengths` is length k + 1.
    """

    lengths: NDArray[np.bool_]
    characters: NDArray[np.bool_]

    def n_numbers(self) -> int:
        """Count the numbers."""
        by_length = accumulate(self.characters.sum(axis=1).tolist(), mul)
        return sum(count for count, there in zip(by_length, self.lengths, strict=True) if there)


@lru_cache(maxsize=32)
def string_patterns(alphabet: str, max_length: int) -> tuple[Pattern, ...]:
    """All strings of at most `max_length` characters."""
    return (Pattern(np.full(max_length, True), np.full((max_length, len(alphabet)), True)),)


@lru_cache(maxsize=32)
def integer_patterns(alphabet: str, max_length: int) -> tuple[Pattern, ...]:
    """Patterns of integers written out; `alphabet` holds digits and perhaps a minus sign.

    "07", "-" and "1-" are excluded: they have some probability, but no label could be one of them.
    """
    characters = np.array(list(alphabet))
    digit = characters != MINUS
    leading = digit & (characters != "0")
    several = np.arange(max_length) > 0
    patterns = [
        (~several, []),
        (several, [leading]),
        (several, [characters == MINUS, leading]),
    ]
    return tuple(
        Pattern(lengths, np.array([*start, *[digit] * max_length][:max_length]))
        for lengths, start in patterns
    )


def best_readings(
    log_factors: SequenceFactors, patterns: tuple[Pattern, ...], k: int = 1
) -> Readings:
    """Find the k most probable numbers of each picture, over all lengths at once; exact.

    Returns codes (n, k, max_length), lengths and log P(number | picture) (n, k), descending.
    """
    # The k best numbers of a length begin with one of the k best prefixes, as positions are
    # independent. Ties go to the earlier pattern, the shorter number, the earlier character.
    found = [_best_of_pattern(log_factors, pattern, k) for pattern in patterns]
    return found[0] if len(found) == 1 else _best(found, k)


def _best_of_pattern(log_factors: SequenceFactors, pattern: Pattern, k: int) -> Readings:
    length = np.where(pattern.lengths, log_factors.length, -np.inf)
    positions = np.where(pattern.characters, log_factors.positions, -np.inf)
    n_samples, max_length, n_characters = positions.shape
    if k == 1:  # every prefix of the best number is the best one of its length
        best = length + positions.max(axis=2).cumsum(axis=1)
        column = best.argmax(axis=1)[:, None]
        codes = np.where(np.arange(max_length) <= column, positions.argmax(axis=2), 0)
        return codes[:, None], column + 1, best[np.arange(n_samples)[:, None], column]
    prefixes = np.zeros((n_samples, 1))
    codes = np.zeros((n_samples, 1, max_length), dtype=np.int64)
    found: list[Readings] = []
    for position in range(max_length):
        longer = prefixes[:, :, None] + positions[:, None, position]
        order = _first_descending(longer.reshape(n_samples, -1), k)
        codes = np.take_along_axis(codes, order[:, :, None] // n_characters, axis=1)
        codes[:, :, position] = order % n_characters
        prefixes = np.take_along_axis(longer.reshape(n_samples, -1), order, axis=1)
        lengths = np.full_like(order, position + 1)
        found.append((codes, lengths, length[:, position, None] + prefixes))
    return _best(found, k)


def _best(found: list[Readings], k: int) -> Readings:
    """Best of some readings of each picture."""
    codes, lengths, log_probability = (
        np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)
    )
    order = _first_descending(log_probability, k)
    return (
        np.take_along_axis(codes, order[:, :, None], axis=1),
        np.take_along_axis(lengths, order, axis=1),
        np.take_along_axis(log_probability, order, axis=1),
    )


def _first_descending(values: NDArray[np.floating[Any]], k: int) -> NDArray[np.intp]:
    """Columns of each row's k greatest values, the greatest first and equal ones in order."""
    if k == 1:
        return values.argmax(axis=1)[:, None]
    return np.argsort(-values, axis=1, kind="stable")[:, :k]


def log_probability_of(
    log_factors: SequenceFactors, codes: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """Log P(number | picture) of each given number for each picture, (n_samples, n_numbers)."""
    joint = log_factors.length[:, lengths - 1]
    for position in range(codes.shape[1]):
        reaching = np.flatnonzero(lengths > position)
        joint[:, reaching] += log_factors.positions[:, position, codes[reaching, position]]
    return joint


def log_probability_of_pairs(
    log_factors: SequenceFactors,
    rows: NDArray[np.int64],
    codes: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> NDArray[np.floating[Any]]:
    """Log P(number | picture) of pairs of a picture, by its row, and a number, (n_pairs,)."""
    joint = log_factors.length[rows, lengths - 1]
    for position in range(codes.shape[1]):
        reaching = np.flatnonzero(lengths > position)
        joint[reaching] += log_factors.positions[
            rows[reaching], position, codes[reaching, position]
        ]
    return joint


def log_marginals(log_factors: SequenceFactors) -> NDArray[np.floating[Any]]:
    """Log P(column i of a padded label row), (n_samples, max_length, n_characters + 1).

    The last entry of each column is the blank: the number has ended before that position.
    """
    # Sums of logarithms, for probabilities too small for a float are still to be compared.
    reached = np.logaddexp.accumulate(log_factors.length[:, ::-1], axis=1)[:, ::-1]
    ended = np.full_like(log_factors.length, -np.inf)
    ended[:, 1:] = np.logaddexp.accumulate(log_factors.length[:, :-1], axis=1)
    return np.concatenate([log_factors.positions + reached[:, :, None], ended[:, :, None]], axis=2)


# Numbers compared at a time in the search for the best ones.
CHUNK = 2**20


class TopReadings(NamedTuple):
    """The most probable numbers of each picture.

    Attributes
    ----------
    numbers : ndarray of shape (n_samples, k) or (n_samples, k, max_length)
        In the form of the training labels.
    probability : ndarray of shape (n_samples, k)
        P(number | picture), descending, in [0, 1].
    """

    numbers: NDArray[Any]
    probability: NDArray[np.float64]

    def _repr_html_(self) -> str:
        cells = [
            [f"{number} ({share:.1%})" for number, share in zip(*row, strict=True)]
            for row in zip(self.numbers, self.probability, strict=True)
        ]
        return pd.DataFrame(cells).rename(columns=lambda k: k + 1).to_html(max_rows=20, border=0)


def top_readings(
    codec: NumberCodec, log_factors: SequenceFactors, patterns: tuple[Pattern, ...], k: int
) -> TopReadings:
    """Find the k most probable numbers of each picture, some pictures at a time."""
    k = min(k, sum(pattern.n_numbers() for pattern in patterns))
    _, max_length, n_characters = log_factors.positions.shape
    size = max(1, CHUNK // (k * n_characters))
    found = []
    for start in range(0, len(log_factors.length), size):
        chunk = SequenceFactors(*(factor[start : start + size] for factor in log_factors))
        codes, lengths, log_probability = best_readings(chunk, patterns, k)
        numbers = codec.to_form(codes.reshape(-1, max_length), lengths.ravel())
        found.append((numbers.reshape(-1, k, *numbers.shape[1:]), np.exp(log_probability)))
    return TopReadings(*map(np.concatenate, zip(*found, strict=True)))
