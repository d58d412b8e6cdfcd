"""The exact joint argmax, against enumeration of every number there can be."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksvhn.estimators._decoding import (
    SequenceFactors,
    best_readings,
    integer_patterns,
    log_marginals,
    log_probability_of,
    log_probability_of_pairs,
    string_patterns,
)

N_CHARACTERS, MAX_LENGTH = 3, 3
NUMBERS = [
    codes for n in range(1, MAX_LENGTH + 1) for codes in product(range(N_CHARACTERS), repeat=n)
]


STRINGS = string_patterns("abc", MAX_LENGTH)


def random_factors(seed: int, n: int = 4, sharpness: float = 2.0) -> SequenceFactors:
    rng = np.random.default_rng(seed)
    return SequenceFactors(
        log_softmax(sharpness * rng.standard_normal((n, MAX_LENGTH)), axis=1),
        log_softmax(sharpness * rng.standard_normal((n, MAX_LENGTH, N_CHARACTERS)), axis=2),
    )


def enumerated(factors: SequenceFactors) -> np.ndarray:
    """log P of every number, one picture a row, straight from the formula."""
    return np.array(
        [
            [
                length[len(codes) - 1] + sum(row[i, code] for i, code in enumerate(codes))
                for codes in NUMBERS
            ]
            for length, row in zip(*factors, strict=True)
        ]
    )


@given(st.integers(0, 10_000), st.floats(0.1, 5))
@settings(deadline=None)
def test_best_reading_is_best_of_all_numbers(seed: int, sharpness: float) -> None:
    factors = random_factors(seed, sharpness=sharpness)
    joint = enumerated(factors)
    codes, lengths, log_probability = best_readings(factors, STRINGS)
    expected = [NUMBERS[i] for i in joint.argmax(axis=1)]
    assert [tuple(row[0, : n[0]]) for row, n in zip(codes, lengths, strict=True)] == expected
    np.testing.assert_allclose(log_probability[:, 0], joint.max(axis=1))
    np.testing.assert_allclose(np.exp(joint).sum(axis=1), 1)


def test_length_is_not_chosen_first() -> None:
    # Of the lengths, 3 is the likelier, but its last character is anyone's guess.
    length = np.log([[0.02, 0.46, 0.52]])
    positions = np.log([[[0.98, 0.01, 0.01], [0.98, 0.01, 0.01], [0.34, 0.33, 0.33]]])
    codes, lengths, log_probability = best_readings(SequenceFactors(length, positions), STRINGS)
    assert codes[0, 0, : lengths[0, 0]].tolist() == [0, 0]
    np.testing.assert_allclose(np.exp(log_probability), 0.46 * 0.98**2)


@pytest.mark.parametrize("alphabet", ["abc", "012", "-01", "-12", "1-0", "9-3"])
@given(seed=st.integers(0, 10_000), sharpness=st.floats(0.1, 5), k=st.integers(1, 50))
@settings(deadline=None, max_examples=30)
def test_best_readings_are_the_best_of_all_numbers(
    alphabet: str, seed: int, sharpness: float, k: int
) -> None:
    factors = random_factors(seed, sharpness=sharpness)
    strings = ["".join(alphabet[code] for code in codes) for codes in NUMBERS]
    integers = alphabet != "abc"
    there_can_be = [i for i, s in enumerate(strings) if not integers or is_integer(s)]
    patterns = (integer_patterns if integers else string_patterns)(alphabet, MAX_LENGTH)
    assert sum(pattern.n_numbers() for pattern in patterns) == len(there_can_be)
    k = min(k, len(there_can_be))
    joint = enumerated(factors)[:, there_can_be]
    order = np.argsort(-joint, axis=1)[:, :k]
    codes, lengths, log_probability = best_readings(factors, patterns, k)
    for row in range(len(joint)):
        read = [
            "".join(alphabet[code] for code in number[:n])
            for number, n in zip(codes[row], lengths[row], strict=True)
        ]
        assert read == [strings[there_can_be[i]] for i in order[row]]
    np.testing.assert_allclose(log_probability, np.take_along_axis(joint, order, axis=1))
    first = best_readings(factors, patterns)
    for one, several in zip(first, (codes, lengths, log_probability), strict=True):
        np.testing.assert_array_equal(one, several[:, :1])  # to the bit


def test_ties_go_to_the_shorter_and_then_to_the_alphabet() -> None:
    even = SequenceFactors(np.log([[0.1, 0.9]]), np.log(np.full((1, 2, 3), 1 / 3)))
    codes, lengths, log_probability = best_readings(even, string_patterns("abc", 2), 12)
    numbers = [tuple(row[:n]) for row, n in zip(codes[0], lengths[0], strict=True)]
    # 0.9 / 9 is a little more than 0.1 / 3: nine pairs, then three single characters.
    assert numbers == [*product(range(3), repeat=2), (0,), (1,), (2,)]
    assert (np.diff(log_probability[0]) <= 0).all()
    same = SequenceFactors(np.zeros((1, 2)), np.zeros((1, 2, 1)))
    assert best_readings(same, string_patterns("a", 2), 2)[1].tolist() == [[1, 2]]


def is_integer(string: str) -> bool:
    try:
        return str(int(string)) == string
    except ValueError:
        return False


@given(st.integers(0, 10_000))
@settings(deadline=None)
def test_probability_of_given_numbers(seed: int) -> None:
    factors = random_factors(seed)
    codes = np.array([[*number, *[-1] * (MAX_LENGTH - len(number))] for number in NUMBERS])
    lengths = np.array(list(map(len, NUMBERS)))
    joint = log_probability_of(factors, codes, lengths)
    np.testing.assert_allclose(joint, enumerated(factors))
    rows = np.random.default_rng(seed).integers(len(joint), size=len(codes))
    pairs = log_probability_of_pairs(factors, rows, codes, lengths)
    np.testing.assert_array_equal(pairs, joint[rows, np.arange(len(codes))])


@given(st.integers(0, 10_000))
@settings(deadline=None)
def test_marginals_add_up_the_joint(seed: int) -> None:
    factors = random_factors(seed)
    joint = np.exp(enumerated(factors))
    marginals = np.exp(log_marginals(factors))
    for position in range(MAX_LENGTH):
        for code in range(N_CHARACTERS + 1):
            holds = [
                (number[position] if position < len(number) else N_CHARACTERS) == code
                for number in NUMBERS
            ]
            np.testing.assert_allclose(
                marginals[:, position, code], joint[:, holds].sum(axis=1), atol=1e-12
            )


def test_marginals_of_lengths_all_but_impossible() -> None:
    # exp(-800) is 0 as a float.
    length = np.array([[0.0, -800.0, -900.0], [-900.0, -800.0, 0.0]])
    positions = np.full((2, 3, 2), np.log(0.5))
    marginals = log_marginals(SequenceFactors(length, positions))
    np.testing.assert_allclose(
        marginals[:, :, 0] - np.log(0.5), [[0, -800, -900], [0, 0, 0]], atol=1e-12
    )
    np.testing.assert_allclose(marginals[:, 1:, 2], [[0, 0], [-900, -800]], atol=1e-12)
    assert (marginals[:, 0, 2] == -np.inf).all()
