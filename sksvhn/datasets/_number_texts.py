"""Draw what stands in generated pictures: numbers, and writing that is none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from ._street._choice import draw_index, pick

#: Most characters of a number, unless asked otherwise.
MAX_LENGTH = 5
# Numbers of 1, 2, ... digits among the 33,402 of SVHN's train set.
_SVHN_LENGTHS = (5137, 18130, 8691, 1434, 9, 1)

# Letters that look like no digit, and those that do, which only stand in words with others.
_CLEAR_LETTERS = "ABCDEFGHJKLMNPRTUVWXYacdefhkmnrtuvwxy"
_OTHER_LETTERS = "IOQSZbgijlopqsz"
# Of pictures without a number, shares without any writing and with a number that has a letter.
_WITHOUT_WRITING, _WITH_LETTER = 0.2, 0.25
# Of the other writing, share of single letters.
_LETTER = 0.5
_LONGEST_WORD = 8

# Share of numbers with several digits that start with 0: house numbers hardly ever do.
_LEADING_ZERO = 0.005
# The first of two digits is d with a probability that falls as d to the power of the first value,
# that of more digits as d to the power of the second: streets have more low numbers than high ones.
_FIRST_OF_TWO, _FIRST_OF_MORE = 0.8, 1.6


class Texts(NamedTuple):
    """What to write, at random."""

    #: Probabilities of the lengths 1, 2, ... of numbers.
    lengths: tuple[float, ...]
    alphabet: str
    #: Share of pictures without a number.
    without_number: float = 0.0
    #: Whether all writing is left out.
    empty: bool = False


def check_alphabet(alphabet: str) -> str:
    """Return the characters of numbers, or say what is wrong with them."""
    if not alphabet or len(set(alphabet)) < len(alphabet) or any(c.isspace() for c in alphabet):
        raise ValueError(
            "alphabet must hold one or more different characters that are not white space; got "
            f"{alphabet!r}."
        )
    return alphabet


def length_probabilities(
    distribution: Literal["svhn"] | Sequence[float], max_length: int
) -> tuple[float, ...]:
    """Probabilities of the lengths 1, 2, ..., max_length."""
    if isinstance(distribution, str):
        weights = np.array(_SVHN_LENGTHS[:max_length], dtype=np.float64)
    else:
        weights = np.asarray(distribution, dtype=np.float64)
        if weights.ndim != 1 or not 1 <= len(weights) <= max_length:
            raise ValueError(
                f"length_distribution must be 'svhn' or 1 to max_length={max_length} "
                f"probabilities; got an array of shape {weights.shape}."
            )
        if (
            not np.isfinite(weights).all()
            or (weights < 0).any()
            or not np.isclose(weights.sum(), 1)
        ):
            raise ValueError(
                "length_distribution must hold probabilities that sum to 1; got "
                f"{weights.tolist()}."
            )
    return tuple((weights / weights.sum()).tolist())


def draw_number(rng: np.random.Generator, lengths: tuple[float, ...], alphabet: str) -> str:
    """Draw a number whose length has the probabilities told."""
    length = 1 + draw_index(rng, lengths)
    first = draw_index(rng, _first_weights(alphabet, length))
    rest = rng.integers(len(alphabet), size=length - 1)
    return alphabet[first] + "".join(alphabet[i] for i in rest)


def draw_text(rng: np.random.Generator, texts: Texts) -> tuple[str, str, bool]:
    """Draw what stands in the scene, the number to read, and whether writing is left out."""
    number = draw_number(rng, texts.lengths, texts.alphabet)
    if texts.empty:
        return number, "", True
    if not texts.without_number or rng.random() >= texts.without_number:
        return number, number, False
    kind = rng.random()
    known = {*texts.alphabet.lower(), *texts.alphabet.upper()}
    clear = "".join(letter for letter in _CLEAR_LETTERS if letter not in known)
    if kind < _WITHOUT_WRITING or not clear:
        return number, "", True
    if kind < _WITHOUT_WRITING + _WITH_LETTER:
        # Behind numbers, A and B are the most frequent.
        letter = clear[min(int(rng.exponential(3.0)), len(clear) - 1)]
        letter = letter.lower() if rng.random() < 0.3 and letter.lower() in clear else letter
        return (number + letter if rng.random() < 0.8 else letter + number), "", False
    length = 1 if rng.random() < _LETTER else int(rng.integers(2, _LONGEST_WORD + 1))
    every = clear + "".join(letter for letter in _OTHER_LETTERS if letter not in known)
    word = [every[i] for i in rng.integers(len(every), size=length)]
    word[int(rng.integers(length))] = pick(rng, clear)
    return "".join(word), "", False


@lru_cache(maxsize=64)
def _first_weights(alphabet: str, length: int) -> tuple[float, ...]:
    if length == 1 or not alphabet.strip("0"):
        return (1.0,) * len(alphabet)
    power = _FIRST_OF_TWO if length == 2 else _FIRST_OF_MORE
    weights = [int(c) ** -power if c in "123456789" else 0.3 for c in alphabet]
    if "0" in alphabet:
        zero = alphabet.index("0")
        weights[zero] = 0.0
        weights[zero] = _LEADING_ZERO / (1 - _LEADING_ZERO) * sum(weights)
    return tuple(weights)
