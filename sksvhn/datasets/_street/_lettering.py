"""Lay out the characters of a generated number: their shapes and places, without colours."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ._choice import pick
from ._fonts import GLYPH_HEIGHT, FontFace, Glyph, draw_glyph, least_boldness
from ._handwriting import WRITTEN, Pen, draw_pen, write_digit
from ._house_forms import choose_house_forms, draw_house_form
from ._surfaces import Field

Direction = Literal["row", "stairs", "column"]

_BOLDNESS = (0, 0, 0, 0, 1, 1, 2, 2, 3)
_SWELLING = (0, 0, 0, 0, 1, 2, 3, 5)

# Share of numbers with "No" before them.
_ANNOUNCED = 0.04

# Least coverage, 0 to 255, that counts as ink: less is an edge.
_IS_INK = [0] * 100 + [255] * 156


class Hand(NamedTuple):
    """Style in which a number is written. Lengths are shares of the height of a digit."""

    face: FontFace
    #: Pixels at `GLYPH_HEIGHT`.
    boldness: int
    swelling: int
    #: Width over the font's own width.
    condensation: float
    #: Tangent of the angle by which uprights lean to the right.
    slant: float
    #: Added to the distance between neighbours.
    spacing: float
    #: Standard deviations from character to character.
    baseline_jitter: float
    size_jitter: float
    rotation_jitter: float
    #: By which the middle of every character is lower than in the font.
    waist: float
    #: Amplitude of the outlines' deviation.
    wobble: float
    direction: Direction
    #: Of stairs, by how much they go down, as a share of the way to the right.
    descent: float
    #: Digits drawn as on houses rather than as in the font, and in which form.
    house_forms: dict[str, int]
    #: What digits are written with, instead of the face.
    pen: Pen | None

    @property
    def name(self) -> str:
        """Name of the face."""
        return self.face.name if self.pen is None else "handwriting"


class Surroundings(NamedTuple):
    """Characters and lines that may stand beside a number."""

    #: Characters of numbers, of which only parts are shown.
    alphabet: str
    #: Characters that do not occur in numbers.
    foreign: str
    #: Pixels that the picture shows beyond the number on either side.
    reach: float
    #: Whether "No" stands before the number.
    announced: bool


class Lettering(NamedTuple):
    """Characters on a canvas."""

    #: Coverage in [0, 1], float32.
    mask: Field
    #: Left, top, right and bottom of each character's ink, in pixels.
    boxes: NDArray[np.float64]

    def box_at(self, corner: tuple[int, int]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of all ink, the canvas's upper left corner at `corner`."""
        left, top = np.add(self.boxes[:, :2].min(axis=0), corner).tolist()
        right, bottom = np.add(self.boxes[:, 2:].max(axis=0), corner).tolist()
        return left, top, right, bottom


class _Tile(NamedTuple):
    """A character's coverage, and where its upper left corner is."""

    image: Image.Image
    x: int
    y: int


def may_be_bars(alphabet: str) -> bool:
    """Whether a bar can only be a 1."""
    return not {*"Il|"} & {*alphabet}


def draw_hand(rng: np.random.Generator, family: tuple[FontFace, ...], *, bars: bool = True) -> Hand:
    """Choose at random the style of a number in one of a family's faces.

    A 1 may be a bar unless `bars` is False.
    """
    direction: Direction = "row"
    if rng.random() < 0.07:
        direction = "stairs" if rng.random() < 0.65 else "column"
    careless, handmade, written = rng.random(3) < (0.3, 0.35, 0.1)
    face = draw_face(rng, family)
    return Hand(
        pen=draw_pen(rng) if written and bars else None,
        descent=rng.uniform(0.2, 0.7) * rng.choice((1, 1, -1)),
        face=face,
        boldness=max(pick(rng, _BOLDNESS), least_boldness(face)),
        swelling=pick(rng, _SWELLING),
        condensation=math.exp(rng.normal(-0.18, 0.16)),
        slant=rng.normal(0.0, 0.06) if rng.random() < 0.85 else rng.uniform(0.0, 0.4),
        spacing=rng.normal(-0.01, 0.05) if rng.random() < 0.85 else rng.uniform(0.0, 0.4),
        baseline_jitter=0.06 if careless else 0.012,
        size_jitter=0.08 if careless else 0.01,
        rotation_jitter=0.07 if careless else 0.01,
        waist=rng.normal(0, 0.05) if handmade else 0.0,
        wobble=rng.uniform(0.0, 0.07) if handmade else 0.0,
        direction=direction,
        house_forms=choose_house_forms(rng, bars=bars),
    )


def set_apart(rng: np.random.Generator, hand: Hand) -> Hand:
    """Make characters broad and put them far apart, as architects do."""
    broader = math.exp(rng.normal(0.1, 0.12))
    return hand._replace(spacing=rng.uniform(0.1, 0.8), condensation=broader * hand.condensation)


def draw_face(rng: np.random.Generator, family: tuple[FontFace, ...]) -> FontFace:
    """Choose one of a family's faces, seldom an italic."""
    upright = [face for face in family if not face.slanted]
    faces = upright if upright and rng.random() < 0.85 else family
    return pick(rng, faces)


def draw_announced(rng: np.random.Generator, alphabet: str) -> bool:
    """Draw whether "No" stands before a number, whose characters it is not made of."""
    return not {*"NnoO.-_"} & {*alphabet} and rng.random() < _ANNOUNCED


def letter(
    rng: np.random.Generator,
    text: str,
    hand: Hand,
    height: float,
    padding: int,
    surroundings: Surroundings,
) -> Lettering:
    """Draw `text` with digits `height` pixels high on a canvas with `padding` pixels round it.

    `hand` says how it is written; `surroundings` are drawn without boxes.
    """
    x = y = 0.0
    placed = []
    for character in text:
        tile, advance = _place(rng, character, hand, height, (x, y))
        placed.append(tile)
        dx, dy = _step(hand, advance, height)
        x, y = x + dx, y + dy
    boxes = np.array([_ink_box(tile) for tile in placed], dtype=np.float64)
    left, top = (int(edge) - padding for edge in boxes[:, :2].min(axis=0))
    right, bottom = (int(edge) + padding for edge in boxes[:, 2:].max(axis=0))
    canvas = Image.new("L", (right - left, bottom - top))
    if surroundings.announced and hand.direction == "row":
        placed += _announcement(rng, hand, height, boxes)
    else:
        placed += _clutter(rng, surroundings, hand, height, boxes)
    for tile in placed:
        # Where characters touch, neither takes ink from the other.
        canvas.paste(255, (tile.x - left, tile.y - top), tile.image)
    boxes -= (left, top, left, top)
    return Lettering(np.asarray(canvas, dtype=np.float32) / 255, boxes)


def _clutter(
    rng: np.random.Generator,
    surroundings: Surroundings,
    hand: Hand,
    height: float,
    boxes: NDArray[np.float64],
) -> list[_Tile]:
    """Draw, now and then, a part of another number, a letter, or a line of small print."""
    kind = rng.random()
    if kind < 0.1:
        return _intruder(rng, surroundings, hand, height, boxes)
    if kind > 0.31 or not surroundings.foreign:
        return []
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    gap = height * rng.uniform(0.08, 0.35)
    if kind < 0.15:
        # Smaller than the digits or farther off: one that is neither belongs to the number.
        size, count = height * rng.uniform(0.35, 0.7), 1
        at_left = rng.random() < 0.2
        x, y = left - gap - 0.6 * size if at_left else right + gap, bottom
    else:
        size, count = height * rng.uniform(0.2, 0.6), int(rng.integers(2, 9))
        above = rng.random() < 0.5
        x = rng.uniform(left - size, right)
        y = top - gap if above else bottom + gap + size
    characters = (pick(rng, surroundings.foreign) for _ in range(count))
    return _line(rng, characters, hand, size, (x, y))


def _line(
    rng: np.random.Generator,
    characters: Iterable[str],
    hand: Hand,
    size: float,
    pen: tuple[float, float],
) -> list[_Tile]:
    """Draw characters in a row from a pen position on."""
    x, y = pen
    placed = []
    for character in characters:
        tile, advance = _place(rng, character, hand, size, (x, y))
        placed.append(tile)
        x += advance
    return placed


def _announcement(
    rng: np.random.Generator, hand: Hand, height: float, boxes: NDArray[np.float64]
) -> list[_Tile]:
    """Draw "No" before a number, with a small o over a line, as a rule, or a full stop."""
    size = height * (1.0 if rng.random() < 0.5 else rng.uniform(0.5, 0.9))
    bottom = boxes[0, 3]
    first, advance = _place(rng, "N" if rng.random() < 0.7 else "n", hand, size, (0.0, bottom))
    placed = [first]
    if rng.random() < 0.75:
        small = size * rng.uniform(0.45, 0.75)
        line = bottom - size + rng.uniform(0.5, 0.8) * small
        tile, _ = _place(rng, "o", hand, small, (advance, line))
        placed.append(tile)
        if rng.random() < 0.6:
            bar = (max(round(0.6 * small), 1), max(round(0.12 * small), 1))
            under = round(line + 0.15 * small)
            placed.append(_Tile(Image.new("L", bar, 255), _ink_box(tile)[0], under))
    else:
        rest = "o." if rng.random() < 0.5 else "o"
        placed += _line(rng, rest, hand, size, (advance, bottom))
    gap = height * rng.uniform(0.05, 0.35)
    shift = round(boxes[0, 0] - gap - max(_ink_box(tile)[2] for tile in placed))
    return [tile._replace(x=tile.x + shift) for tile in placed]


def _intruder(
    rng: np.random.Generator,
    surroundings: Surroundings,
    hand: Hand,
    height: float,
    boxes: NDArray[np.float64],
) -> list[_Tile]:
    """Draw part of a character of another number, if the picture is wide enough to show some."""
    x0, x1, bottom = boxes[:, 0].min(), boxes[:, 2].max(), boxes[:, 3].max()
    tile, _ = _place(rng, pick(rng, surroundings.alphabet), hand, height, (0.0, bottom))
    left, _, right, _ = _ink_box(tile)
    seen = min((right - left) * rng.uniform(0.1, 0.4), surroundings.reach - 0.08 * height)
    if seen < 1:
        return []
    if rng.random() < 0.5:
        x = x1 + surroundings.reach - seen - left
    else:
        x = x0 - surroundings.reach + seen - right
    return [tile._replace(x=tile.x + round(x))]


def _step(hand: Hand, advance: float, height: float) -> tuple[float, float]:
    """Distance from one character's pen position to the next."""
    if hand.direction == "column":
        return 0.0, (1.15 + abs(hand.spacing)) * height
    along = max(advance + hand.spacing * height, 0.2 * height)
    return along, hand.descent * along if hand.direction == "stairs" else 0.0


def _place(
    rng: np.random.Generator,
    character: str,
    hand: Hand,
    height: float,
    pen: tuple[float, float],
) -> tuple[_Tile, float]:
    """Draw a character at a pen position; return its image and its advance."""
    if hand.pen is not None and character in WRITTEN:
        glyph = write_digit(rng, character, hand.pen)
    elif character in hand.house_forms:
        form = hand.house_forms[character]
        glyph = draw_house_form(hand.face, character, form, hand.boldness, hand.swelling)
    else:
        glyph = draw_glyph(hand.face, character, hand.boldness, hand.swelling)
    resized, turned, raised = rng.standard_normal(3).tolist()
    scale = height / GLYPH_HEIGHT * max(1 + hand.size_jitter * resized, 0.5)
    angle = hand.rotation_jitter * turned
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    image, left, top = _transform(
        glyph,
        (cos * hand.condensation, -cos * hand.slant - sin),
        (sin * hand.condensation, cos - sin * hand.slant),
    )
    if hand.wobble:
        image = _wobble(rng, image, hand.wobble * height, hand.waist * height)
    y = pen[1] + hand.baseline_jitter * height * raised
    advance = glyph.advance * scale * hand.condensation
    return _Tile(image, round(pen[0]) + left, round(y) + top), advance


def _transform(
    glyph: Glyph, to_x: tuple[float, float], to_y: tuple[float, float]
) -> tuple[Image.Image, int, int]:
    """Map a glyph linearly about its pen position; return the image and its corner from there.

    `to_x` and `to_y` are the rows of the matrix that maps x and y. Y points downwards.
    """
    (a, b), (c, d) = to_x, to_y
    xs = (glyph.left, glyph.left + glyph.mask.width)
    ys = (glyph.top, glyph.top + glyph.mask.height)
    mapped_xs = [a * x + b * y for x in xs for y in ys]
    mapped_ys = [c * x + d * y for x in xs for y in ys]
    left, top = math.floor(min(mapped_xs)) - 1, math.floor(min(mapped_ys)) - 1
    right, bottom = math.ceil(max(mapped_xs)) + 1, math.ceil(max(mapped_ys)) + 1
    determinant = a * d - b * c
    a, b, c, d = d / determinant, -b / determinant, -c / determinant, a / determinant
    image = glyph.mask.transform(
        (right - left, bottom - top),
        Image.Transform.AFFINE,
        (a, b, a * left + b * top - glyph.left, c, d, c * left + d * top - glyph.top),
        Image.Resampling.BILINEAR,
    )
    return image, left, top


def _wobble(
    rng: np.random.Generator, image: Image.Image, amplitude: float, waist: float
) -> Image.Image:
    """Move outlines smoothly, like a hand that paints, and the middle of the character down."""
    n = 3
    xs = [image.width * i / n for i in range(n + 1)]
    ys = [image.height * i / n for i in range(n + 1)]
    offsets = rng.normal(0, amplitude, (n + 1, n + 1, 2))
    offsets[1:-1, :, 1] -= waist
    moved = [
        [(x + dx, y + dy) for x, (dx, dy) in zip(xs, row, strict=True)]
        for y, row in zip(ys, offsets.tolist(), strict=True)
    ]
    mesh = [
        (
            (int(xs[j]), int(ys[i]), int(xs[j + 1]), int(ys[i + 1])),
            (*moved[i][j], *moved[i + 1][j], *moved[i + 1][j + 1], *moved[i][j + 1]),
        )
        for i in range(n)
        for j in range(n)
    ]
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _ink_box(tile: _Tile) -> tuple[int, int, int, int]:
    bounds = tile.image.point(_IS_INK).getbbox()
    left, top, right, bottom = bounds or (0, 0, *tile.image.size)
    return tile.x + left, tile.y + top, tile.x + right, tile.y + bottom
