"""Reading a number from its factors: P(length) and, for each position, P(character).

Goodfellow et al. 2014 (arXiv 1312.6082), section 4: a number S of length l has
log P(S|X) = log P(L=l|X) + sum over its positions i of log P(S_i|X).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._labels import MINUS


class SequenceFactors(NamedTuple):
    """The probabilities a reading is made of, for each picture.

    Attributes
    ----------
    length : ndarray of shape (n_samples, max_length)
        Column k holds P(length = k + 1).
    positions : ndarray of shape (n_samples, max_length, n_characters)
        P(character at that position), given that the number reaches it.
    """

    length: NDArray[np.floating[Any]]
    positions: NDArray[np.floating[Any]]


def best_readings(
    log_factors: SequenceFactors,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.floating[Any]]]:
    """Find the most probable number of each picture, over all lengths at once.

    Taking the best length first and then the best characters is not the same: a longer number
    whose characters are sure can beat a likelier length whose characters are not.

    Returns
    -------
    codes : ndarray of shape (n_samples, max_length)
        Best character at every position; only those before the length count.
    lengths : ndarray of shape (n_samples,)
    log_probability : ndarray of shape (n_samples,)
        log P(best number | picture).
    """
    codes = log_factors.positions.argmax(axis=2)
    best = np.take_along_axis(log_factors.positions, codes[:, :, None], axis=2)[:, :, 0]
    joint = log_factors.length + best.cumsum(axis=1)
    index = joint.argmax(axis=1)
    return codes, index + 1, np.take_along_axis(joint, index[:, None], axis=1)[:, 0]


def best_integers(
    log_factors: SequenceFactors, alphabet: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.floating[Any]]]:
    """Find the most probable number of each picture among those that are integers written out.

    "07", "-" and "1-" are none: such strings take part of the probability, but no label could be
    one of them, so they are no answers. `alphabet` holds digits and perhaps a minus sign.

    Returns
    -------
    codes, lengths, log_probability
        As of `best_readings`.
    """
    characters = np.array(list(alphabet))
    digit = characters != MINUS
    leading = digit & (characters != "0")
    max_length = log_factors.length.shape[1]
    several = np.arange(max_length) > 0
    found = [
        best_readings(_restricted(log_factors, lengths, [*start, *[digit] * max_length]))
        for lengths, start in (
            (~several, []),
            (several, [leading]),
            (several, [characters == MINUS, leading]),
        )
    ]
    codes, lengths, log_probability = map(np.stack, zip(*found, strict=True))
    rows = np.arange(log_probability.shape[1])
    best = log_probability.argmax(axis=0)
    return codes[best, rows], lengths[best, rows], log_probability[best, rows]


def _restricted(
    log_factors: SequenceFactors, lengths: NDArray[np.bool_], positions: list[NDArray[np.bool_]]
) -> SequenceFactors:
    """Rule lengths, and characters at positions, out."""
    allowed = np.array(positions[: len(lengths)])
    return SequenceFactors(
        np.where(lengths, log_factors.length, -np.inf),
        np.where(allowed, log_factors.positions, -np.inf),
    )


def log_probability_of(
    log_factors: SequenceFactors, codes: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """Log P(number | picture) of each given number for each picture, (n_samples, n_numbers)."""
    joint = log_factors.length[:, lengths - 1]
    for position in range(codes.shape[1]):
        reaching = np.flatnonzero(lengths > position)
        joint[:, reaching] += log_factors.positions[:, position, codes[reaching, position]]
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
