from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.datasets._street._fonts import GLYPH_HEIGHT
from sksvhn.datasets._street._handwriting import WRITTEN, draw_pen, write_digit


@given(digit=st.sampled_from(WRITTEN), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_digits_are_as_high_as_those_of_fonts_and_stand_on_the_line(digit, seed):
    rng = np.random.default_rng(seed)
    glyph = write_digit(rng, digit, draw_pen(rng))
    left, top, right, bottom = glyph.mask.getbbox()
    # No stroke is cut off.
    assert left > 0
    assert top > 0
    assert right < glyph.mask.width
    assert bottom < glyph.mask.height
    assert glyph.top + bottom == pytest.approx(0, abs=0.5 * GLYPH_HEIGHT)
    assert 0.6 * GLYPH_HEIGHT < bottom - top < 1.8 * GLYPH_HEIGHT
    assert glyph.advance > 0


def test_no_two_digits_of_a_pen_are_alike_and_pens_differ():
    rng = np.random.default_rng(0)
    pen = draw_pen(rng)
    first, second = (write_digit(rng, "8", pen).mask for _ in range(2))
    assert first.tobytes() != second.tobytes()
    assert draw_pen(rng) != pen
