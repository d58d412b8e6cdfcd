from __future__ import annotations

import numpy as np
import pytest

from sksvhn.datasets._street._fonts import GLYPH_HEIGHT, draw_glyph, find_fonts
from sksvhn.datasets._street._house_forms import (
    _FORMS,
    choose_house_forms,
    draw_house_form,
)
from sksvhn.datasets._street._lettering import draw_hand, may_be_bars

FACES = [face for faces in find_fonts("0123456789") for face in faces]
DEJAVU = next(face for face in FACES if face.name == "DejaVuSans")


def ink(glyph):
    return np.asarray(glyph.mask) > 100


FORMS = [(digit, form) for digit, forms in _FORMS.items() for form in range(len(forms))]


@pytest.mark.parametrize(("digit", "form"), FORMS)
def test_forms_stand_where_the_fonts_digits_do(digit, form):
    for face in FACES:
        own, other = draw_glyph(face, digit, 1, 0), draw_house_form(face, digit, form, 1, 0)
        assert other.mask.height == pytest.approx(own.mask.height, abs=0.3 * GLYPH_HEIGHT)
        assert other.top == pytest.approx(own.top, abs=0.3 * GLYPH_HEIGHT)


@pytest.mark.parametrize("form", range(2))
def test_a_three_has_a_flat_top_and_its_own_bowl(form):
    three, flat = draw_glyph(DEJAVU, "3", 0, 0), draw_house_form(DEJAVU, "3", form, 0, 0)
    half = GLYPH_HEIGHT // 2
    assert (ink(three)[half:] == ink(flat)[half:]).all()
    # The bar reaches from one side to the other.
    assert ink(flat)[2].mean() > 1.2 * ink(three)[2].mean()


def test_a_seven_has_a_hook_at_its_left_end():
    seven, hooked = draw_glyph(DEJAVU, "7", 0, 0), draw_house_form(DEJAVU, "7", 0, 0, 0)
    assert (ink(hooked) | ~ink(seven)).all()
    rows, columns = np.nonzero(ink(hooked) & ~ink(seven))
    assert rows.max() < seven.mask.height / 3
    assert columns.max() < seven.mask.width / 3


def test_a_seven_has_a_steep_stem_under_its_bar():
    seven, steep = draw_glyph(DEJAVU, "7", 0, 0), draw_house_form(DEJAVU, "7", 1, 0, 0)
    top = seven.mask.height // 4
    assert (ink(steep)[:top] == ink(seven)[:top]).all()
    feet = [np.flatnonzero(ink(glyph)[-3]).mean() / glyph.mask.width for glyph in (seven, steep)]
    assert feet[1] > feet[0] + 0.2


def test_a_one_is_a_bar():
    bar, one = ink(draw_house_form(DEJAVU, "1", 0, 0, 0)), ink(draw_glyph(DEJAVU, "1", 0, 0))
    columns = bar.any(axis=0)
    assert bar[:, columns].mean() > 0.9
    assert columns.sum() < 0.5 * one.any(axis=0).sum()


def test_every_form_is_chosen_and_a_bar_only_where_it_can_only_be_a_one():
    rng = np.random.default_rng(0)
    chosen = [choose_house_forms(rng, bars=True) for _ in range(200)]
    assert {pair for forms in chosen for pair in forms.items()} == {*FORMS}
    assert not any("1" in choose_house_forms(rng, bars=False) for _ in range(50))
    assert may_be_bars("0123456789A")
    for letter in "Il|":
        assert not may_be_bars("01" + letter)
        hands = [draw_hand(rng, (DEJAVU,), bars=False) for _ in range(100)]
        assert not any(hand.pen or "1" in hand.house_forms for hand in hands)


def test_a_font_without_an_i_keeps_its_ones_alone(monkeypatch):
    monkeypatch.setattr(
        "sksvhn.datasets._street._house_forms.has_characters",
        lambda face, characters: "I" not in characters,
    )
    draw = draw_house_form.__wrapped__  # not from the cache
    assert draw(DEJAVU, "1", 0, 0, 0) == draw_glyph(DEJAVU, "1", 0, 0)
    assert draw(DEJAVU, "3", 0, 0, 0) != draw_glyph(DEJAVU, "3", 0, 0)
