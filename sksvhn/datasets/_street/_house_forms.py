"""Forms of digits that many house numbers have and few fonts, made from a font's own glyphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from ._choice import draw_index
from ._fonts import FontFace, Glyph, draw_glyph, has_characters

# Share of the height of a 3 with a flat top that is taken from a 7.
_FLAT_TOP = 0.47
# Height of the hook of a 7 over that of the digit, and its width over the thickness of the bar.
_HOOK_HEIGHT, _HOOK_WIDTH = 0.27, 0.7
# By how much the foot of a steep 7 moves to the right, over its width.
_STEEP = 0.3
# Most width of an I that serves as a 1, over its height.
_WIDEST_BAR = 0.5
# Least coverage, 0 to 255, that counts as ink.
_INK = 100


class _Form(NamedTuple):
    #: Makes the form of the glyphs of `parts`.
    draw: Callable[..., Glyph]
    parts: str
    #: Share of numbers whose digits have this form.
    share: float


def _bar(one: Glyph, capital: Glyph) -> Glyph:
    """Return the font's I, a bar with or without serifs, unless it is broad."""
    width, height = capital.mask.size
    return capital if width <= _WIDEST_BAR * height else one


def _flat_topped(three: Glyph, seven: Glyph) -> Glyph:
    """Give a 3 the straight top and the angle of a 7."""
    width, height = three.mask.size
    mask = seven.mask.resize((width, height))
    half = (0, round(_FLAT_TOP * height))
    mask.paste(three.mask.crop((*half, width, height)), half)
    return three._replace(mask=mask)


def _hooked(seven: Glyph) -> Glyph:
    """Bend the bar of a 7 downwards at its left end."""
    height = seven.mask.height
    ink = np.asarray(seven.mask)[: height // 2] > _INK
    left, top = int(ink[: height // 6].any(axis=0).argmax()), int(ink.any(axis=1).argmax())
    thickness = int(ink[:, left + 1 : left + 3].any(axis=1).sum())
    mask = seven.mask.copy()
    right, bottom = left + max(round(_HOOK_WIDTH * thickness), 2), round(_HOOK_HEIGHT * height)
    ImageDraw.Draw(mask).rectangle((left, top, right, max(bottom, top)), fill=255)
    return seven._replace(mask=mask)


def _steep(seven: Glyph) -> Glyph:
    """Bend the stem of a 7 until it is nearly upright."""
    pixels = np.asarray(seven.mask)
    height, width = pixels.shape
    bent = np.zeros_like(pixels)
    for y, row in enumerate(pixels):
        shift = round(_STEEP * width * (max(y / height - 0.3, 0) / 0.7) ** 1.3)
        bent[y, shift:] = row[: width - shift]
    return seven._replace(mask=Image.fromarray(bent))


_FORMS = {
    "1": (_Form(_bar, "1I", 0.35),),
    "3": (
        _Form(_flat_topped, "37", 0.2),
        _Form(lambda three, seven: _flat_topped(three, _hooked(seven)), "37", 0.2),
    ),
    "7": (
        _Form(_hooked, "7", 0.12),
        _Form(_steep, "7", 0.2),
        _Form(lambda seven: _hooked(_steep(seven)), "7", 0.18),
    ),
}


def choose_house_forms(rng: np.random.Generator, *, bars: bool) -> dict[str, int]:
    """Choose at random the digits that have a form of house numbers, and which.

    A 1 is never a bar unless `bars`.
    """
    chosen = {}
    for digit, forms in _FORMS.items():
        shares = [form.share for form in forms]
        form = draw_index(rng, (*shares, 1 - sum(shares)))
        if form < len(forms) and (bars or digit != "1"):
            chosen[digit] = form
    return chosen


@lru_cache(maxsize=8192)
def draw_house_form(face: FontFace, digit: str, form: int, boldness: int, swelling: int) -> Glyph:
    """Draw a digit in a form that `choose_house_forms` chose, if the face has the parts."""
    draw, parts, _ = _FORMS[digit][form]
    if not has_characters(face, parts):
        return draw_glyph(face, digit, boldness, swelling)
    return draw(*(draw_glyph(face, part, boldness, swelling) for part in parts))
