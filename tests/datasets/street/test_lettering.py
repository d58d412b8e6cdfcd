"""Characters of a generated number, and what is written beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sksvhn.datasets._street._fonts import find_fonts
from sksvhn.datasets._street._lettering import (
    Hand,
    Lettering,
    Surroundings,
    draw_announced,
    draw_hand,
    letter,
)

HEIGHT, PADDING = 40.0, 90


def drawn(hand: Hand, *, announced: bool, seed: int = 0) -> Lettering:
    surroundings = Surroundings("0123456789", "", 0.0, announced)
    return letter(np.random.default_rng(seed), "70", hand, HEIGHT, PADDING, surroundings)


@pytest.fixture(scope="module")
def hand() -> Hand:
    # Nothing is left to chance but what stands beside the number.
    hand = draw_hand(np.random.default_rng(0), find_fonts("0123456789", None)[0])
    changes: dict[str, Any] = dict.fromkeys(
        ("baseline_jitter", "size_jitter", "rotation_jitter", "waist", "wobble", "slant"), 0.0
    )
    return hand._replace(direction="row", pen=None, house_forms={}, **changes)


@pytest.mark.parametrize("seed", range(8))
def test_no_stands_before_a_number_and_has_no_box(hand: Hand, seed: int) -> None:
    plain = drawn(hand, announced=False)
    number = drawn(hand, announced=True, seed=seed)
    np.testing.assert_array_equal(number.boxes, plain.boxes)
    left = int(number.boxes[0, 0])
    before, plain_before = (mask[:, : left - 1] for mask in (number.mask, plain.mask))
    assert before.max() == 1
    assert plain_before.max() == 0
    # The digits are as they were, and the gap before them is empty.
    np.testing.assert_array_equal(number.mask[:, left:], plain.mask[:, left:])
    assert before[:, -1].max() == 0


def test_no_stands_only_before_rows(hand: Hand) -> None:
    column = hand._replace(direction="column")
    number, plain = (drawn(column, announced=announced) for announced in (True, False))
    np.testing.assert_array_equal(number.mask > 0, plain.mask > 0)


def test_no_is_no_part_of_numbers() -> None:
    rng = np.random.default_rng(0)
    assert any(draw_announced(rng, "0123456789") for _ in range(300))
    assert not any(draw_announced(rng, "0123456789N") for _ in range(300))
