"""Forms of digits that many house numbers have and few fonts, made from a font's own glyphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from ._fonts import FontFace, Glyph, draw_glyph, has_characters

# Upper part of a 3 with a flat top that looks like a 7.
_FLAT_TOP = 0.47
# Height of the hook of a 7 over that of the digit, and its width over the thickness of the bar.
_HOOK_HEIGHT, _HOOK_WIDTH = 0.27, 0.7
# By how much the foot of a steep 7 moves to the right, over its width.
_STEEP = 0.3
# Most width of a 1 that is a bar, over its height.
_WIDEST_BAR = 0.5
# Least coverage, 0 to 255, that counts as ink.
_IS_INK = 100

_Draw = Callable[[str], Glyph]


def choose_house_forms(rng: np.random.Generator, alphabet: str) -> dict[str, int]:
    """Choose at random the digits of an alphabet that have a form of house numbers, and which."""
    chosen = {}
    for digit, forms in _FORMS.items():
        form = int(np.searchsorted(np.cumsum([share for _, share in forms]), rng.random()))
        # A bar may be an I.
        if form < len(forms) and not (digit == "1" and "I" in alphabet):
            chosen[digit] = form
    return chosen


@lru_cache(maxsize=8192)
def draw_house_form(face: FontFace, digit: str, form: int, boldness: int, swelling: int) -> Glyph:
    """Draw a digit in a form that `choose_house_forms` chose, if the face has the parts."""

    def draw(character: str) -> Glyph:
        return draw_glyph(face, character, boldness, swelling)

    return _FORMS[digit][form][0](draw) if has_characters(face, "I7") else draw(digit)


def _bar(draw: _Draw) -> Glyph:
    """Draw a 1 that is an upright: the font's I, unless that is adorned."""
    bar = draw("I")
    return bar if bar.mask.width <= _WIDEST_BAR * bar.mask.height else draw("1")


def _flat_three(draw: _Draw) -> Glyph:
    """Draw a 3 with a straight top and an angle, as a 7 has them."""
    return _with_top(draw("3"), draw("7"))


def _flat_hooked_three(draw: _Draw) -> Glyph:
    return _with_top(draw("3"), _hooked_seven(draw))


def _hooked_seven(draw: _Draw) -> Glyph:
    """Draw a 7 whose bar bends downwards at its left end."""
    return _hooked(draw("7"))


def _steep_seven(draw: _Draw) -> Glyph:
    """Draw a 7 whose stem bends until it is nearly upright."""
    return _steep(draw("7"))


def _steep_hooked_seven(draw: _Draw) -> Glyph:
    return _hooked(_steep_seven(draw))


def _with_top(three: Glyph, seven: Glyph) -> Glyph:
    width, height = three.mask.size
    mask = seven.mask.resize((width, height))
    half = (0, round(_FLAT_TOP * height))
    mask.paste(three.mask.crop((*half, width, height)), half)
    return three._replace(mask=mask)


def _hooked(seven: Glyph) -> Glyph:
    height = seven.mask.height
    ink = np.asarray(seven.mask)[: height // 2] > _IS_INK
    if not ink.any():
        return seven
    left, top = int(ink[: height // 6].any(axis=0).argmax()), int(ink.any(axis=1).argmax())
    thickness = int(ink[:, left + 1 : left + 3].any(axis=1).sum())
    mask = seven.mask.copy()
    right, bottom = left + max(round(_HOOK_WIDTH * thickness), 2), round(_HOOK_HEIGHT * height)
    ImageDraw.Draw(mask).rectangle((left, top, right, max(bottom, top)), fill=255)
    return seven._replace(mask=mask)


def _steep(seven: Glyph) -> Glyph:
    pixels = np.asarray(seven.mask)
    height, width = pixels.shape
    bent = np.zeros_like(pixels)
    for y, row in enumerate(pixels):
        shift = round(_STEEP * width * (max(y / height - 0.3, 0) / 0.7) ** 1.3)
        bent[y, shift:] = row[: width - shift]
    return seven._replace(mask=Image.fromarray(bent))


# Forms of a digit, each with its share of numbers; the rest have the font's.
_FORMS: dict[str, tuple[tuple[Callable[[_Draw], Glyph], float], ...]] = {
    "1": ((_bar, 0.35),),
    "3": ((_flat_three, 0.2), (_flat_hooked_three, 0.2)),
    "7": ((_hooked_seven, 0.12), (_steep_seven, 0.2), (_steep_hooked_seven, 0.18)),
}
