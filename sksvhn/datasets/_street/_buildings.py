"""Paint generated house fronts and whole buildings, and what is written on them."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from . import _nature as nature
from . import _objects as objects
from . import _paint as paint
from . import _surfaces as surfaces
from . import _writing as writing
from ._choice import pick
from ._lettering import Hand, Lettering
from ._paint import Box, Site

#: A close-up, a part of a front, a whole building, or a board or paper that fills the picture.
Kind = Literal["near", "middle", "wide", "sheet"]

# Share of numbers on a sign, and of those alone in a picture that share a sign with words.
_ON_SIGN: dict[Kind, float] = {"near": 0.45, "middle": 0.5, "wide": 0.5, "sheet": 0.0}
_DIRECTORY = 0.22


class FrontSettings(NamedTuple):
    """Settings of all scenes of a set."""

    families: writing.Families
    image_size: tuple[int, int]
    alphabet: str


class Number(NamedTuple):
    """A number and its place on the canvas, before it is painted."""

    text: str
    hand: Hand
    lettering: Lettering
    #: Left and top of the lettering's canvas.
    corner: tuple[int, int]
    #: Height of a digit.
    digit: float

    @property
    def box(self) -> Box:
        """Place of the ink."""
        return self.lettering.box_at(self.corner)


def paint_front(
    rng: np.random.Generator,
    site: Site,
    kind: Kind,
    numbers: list[Number],
    settings: FrontSettings,
    *,
    at_night: bool,
) -> bool:
    """Paint everything there is; whether no number came to lie on another one."""
    if kind == "sheet":
        _paint_sheet(rng, site)
    elif kind == "wide":
        _paint_building(rng, site, numbers, settings)
    else:
        _paint_facade(rng, site, kind, numbers, settings)
    if at_night:
        paint.shade(site, (0, 0, *site.picture.size), rng.uniform(0.1, 0.4))
    for number in numbers:
        may_be_directory = kind != "sheet" and len(numbers) == 1
        if (
            may_be_directory
            and rng.random() < _DIRECTORY
            and _paint_directory(rng, site, number, settings)
        ):
            continue
        on_sign = rng.random() < _ON_SIGN[kind]
        if not writing.stamp(
            rng,
            site,
            number.lettering,
            number.corner,
            number.digit,
            on_sign=on_sign,
            at_night=at_night,
        ):
            return False
        site.ink.paste(255, number.corner, writing.as_mask(number.lettering))
    if kind != "sheet":
        _write_around(rng, site, kind, numbers, settings)
        _grow(rng, site, numbers)
    return True


def _paint_directory(
    rng: np.random.Generator, site: Site, number: Number, settings: FrontSettings
) -> bool:
    """Paint a number and words on a sign of panels, if there are words."""
    texts = [writing.draw_words(rng) for _ in range(int(rng.integers(1, 3)))]
    if number.hand.direction != "row" or not all(_is_foreign(text, settings) for text in texts):
        return False
    writing.directory(rng, site, number.lettering, number.corner, settings.families, texts)
    site.ink.paste(255, number.corner, writing.as_mask(number.lettering))
    return True


def _is_foreign(text: str, settings: FrontSettings) -> bool:
    return writing.is_no_number(text, settings.alphabet)


def _paint_sheet(rng: np.random.Generator, site: Site) -> None:
    """Paint paper, a board or a wall that fills the picture."""
    width, height = site.picture.size
    whole = (0.0, 0.0, float(width), float(height))
    kind = rng.random()
    paper = paint.near(rng, (228, 224, 214), 18)
    if kind < 0.65:
        paint.cover(rng, site, whole, paper, surfaces.plain, rng.uniform(0.02, 0.2))
        if rng.random() < 0.4:  # ruled
            pitch, line = height * rng.uniform(0.04, 0.12), paint.darker(paper, 0.8)
            n = math.ceil(max(width, height) / pitch)
            squared = rng.random() < 0.4
            for i in range(n):
                site.draw.line((0, i * pitch, width, i * pitch), line, 1)
                if squared:
                    site.draw.line((i * pitch, 0, i * pitch, height), line, 1)
    elif kind < 0.85:
        color = paint.draw_color(rng, 0.2, 0.8)
        paint.cover(rng, site, whole, color, surfaces.wood, rng.uniform(0.1, 0.35))
    else:
        paint.cover(rng, site, whole, *objects.draw_wall(rng))


def _paint_facade(
    rng: np.random.Generator,
    site: Site,
    kind: Kind,
    numbers: list[Number],
    settings: FrontSettings,
) -> None:
    """Paint a wall, what its numbers are on, and what is beside them."""
    width, height = site.picture.size
    paint.cover(rng, site, (0, 0, width, height), *objects.draw_wall(rng))
    focuses = [number.box for number in numbers]
    if rng.random() < 0.25:  # the neighbour's house, a pillar, a plinth
        wall = objects.draw_wall(rng)
        x, y = rng.uniform(0, width), rng.uniform(0.3 * height, height)
        box = (x, 0.0, width + 1.0, height + 1.0) if rng.random() < 0.6 else (0, y, width, height)
        paint.cover(rng, site, box, *wall)
    for number in numbers:
        _support(rng, site, number)
    metre = site.metre
    area = width * height / metre**2
    n = int(rng.poisson(min((0.6 if kind == "near" else 1.5) + 0.35 * area, 9.0)))
    for _ in range(n):
        what = rng.random()
        x, y = rng.uniform(-0.35, 1.35, 2) * (width, height)
        if what < 0.3:
            half_x, half_y = metre * rng.uniform((0.25, 0.4), (0.9, 0.9))
            box = (x - half_x, y - half_y, x + half_x, y + half_y)
            if not _covers(box, focuses, metre):
                objects.window(rng, site, box)
        elif what < 0.45:
            box = (x - 0.45 * metre, y - 1.05 * metre, x + 0.45 * metre, y + 1.05 * metre)
            if not _covers(box, focuses, metre):
                objects.door(rng, site, box)
        elif what < 0.6:
            if not _covers((x, 0, x + 0.2 * metre, height), focuses, metre):
                objects.pipe(rng, site, x)
        elif what < 0.67:
            if not _covers((x, y - 0.3 * metre, x, y + 0.3 * metre), focuses, 2 * metre):
                objects.lamp(rng, site, x, y)
        elif what < 0.82:
            half_x, half_y = metre * rng.uniform(0.05, 0.25, 2)
            box = (x - half_x, y - half_y, x + half_x, y + half_y)
            if not _covers(box, focuses, metre):
                objects.small_box(rng, site, box)
        elif what < 0.88:
            box = (0.0, y, float(width), y + metre * rng.uniform(0.03, 0.4))
            if not _covers(box, focuses, 0.5 * metre):
                paint.cover(rng, site, box, paint.draw_color(rng), surfaces.plain, 0.1)
                paint.shade(site, (0, box[3], width, box[3] + 0.06 * metre), 0.6)
        elif what < 0.93:
            if not _covers((0, y, width, y + 0.9 * metre), focuses, metre):
                objects.fence(rng, site, y, y + metre * rng.uniform(0.5, 1.2))
        else:
            box = (x - 0.7 * metre, y, x + 0.7 * metre, y + 0.7 * metre)
            if not _covers(box, focuses, metre):
                objects.steps(rng, site, box)
    if kind == "middle" and rng.random() < 0.04:
        x, y = rng.uniform(0, 1, 2) * (width, height)
        radius = 0.5 * metre
        dial = (x - radius, y - radius, x + radius, y + radius)
        if site.shows(dial) and not _covers(dial, focuses, metre):
            writing.clock(rng, site, x, y, settings.families)


def _covers(box: Box, focuses: list[Box], metre: float) -> bool:
    """Whether an object would come too close to a number."""
    return any(overlap(box, focus, 0.06 * metre) for focus in focuses)


def _support(rng: np.random.Generator, site: Site, number: Number) -> None:
    """Paint what a number is on, unless it is the wall."""
    left, top, right, bottom = number.box
    x, digit, metre = (left + right) / 2, number.digit, site.metre
    kind = rng.random()
    half = max(0.45 * metre, 0.62 * (right - left))
    if kind < 0.2:
        above = max(metre * rng.uniform(0.15, 1.0), 0.5 * digit)
        shift = rng.uniform(-0.5, 0.5) * (half - (right - left) / 2)
        box = (x - half + shift, top - above, x + half + shift, top - above + 2.1 * metre)
        objects.door(rng, site, box)
    elif kind < 0.28:  # a pillar or a post
        half = (right - left) / 2 + digit * rng.uniform(0.1, 1.2)
        start = -1.0 if rng.random() < 0.5 else top - digit * rng.uniform(0.3, 1.5)
        box = (x - half, start, x + half, site.picture.height + 1.0)
        paint.cover(rng, site, box, *objects.draw_wall(rng))
        paint.shade(site, (x + half, start, x + half + 0.1 * metre, box[3]), 0.7)
    elif kind < 0.36:  # a letter box, a bin
        grown = digit * rng.uniform(0.4, 2.0, 4)
        box = (left - grown[0], top - grown[1], right + grown[2], bottom + grown[3])
        objects.small_box(rng, site, box)
    elif kind < 0.44:  # a lintel, a fascia, a board of a gate
        box = (
            -1.0,
            top - digit * rng.uniform(0.15, 1.0),
            site.picture.width + 1.0,
            bottom + digit * rng.uniform(0.15, 1.0),
        )
        paint.cover(rng, site, box, *objects.draw_wall(rng))
        paint.shade(site, (box[0], box[3], box[2], box[3] + 0.4 * digit), 0.6)
    elif kind < 0.5:
        grown = digit * rng.uniform(0.6, 2.5, 4)
        box = (left - grown[0], top - grown[1], right + grown[2], bottom + grown[3])
        objects.window(rng, site, box)
        glass = paint.as_color(rng.uniform(0.05, 0.4) * np.array([0.9, 1.0, 1.1]))
        paint.cover(rng, site, box, glass, surfaces.glass, 0.3)
        if rng.random() < 0.6:
            objects.reflections(rng, site, box, digit)
    if rng.random() < 0.15:
        _courses(rng, site, number)


def _courses(rng: np.random.Generator, site: Site, number: Number) -> None:
    """Paint courses of another colour, or a film on glass, of which a number hides a part."""
    left, top, right, bottom = number.box
    digit = number.digit
    color, material, strength = objects.draw_wall(rng)
    start = -1.0 if rng.random() < 0.7 else left - digit * rng.uniform(0.1, 1.5)
    end = site.picture.width + 1.0 if rng.random() < 0.7 else right + digit * rng.uniform(0.1, 1.5)
    y = top - digit * rng.uniform(-0.5, 1.5)
    for _ in range(int(rng.integers(1, 6))):
        breadth, gap = digit * np.array((0.06, 0.1)) * np.array((20, 10)) ** rng.random(2)
        band = (start, y, end, y + breadth)
        paint.cover(rng, site, band, paint.near(rng, color, 10), material, strength)
        y += breadth + gap
        if y > bottom + digit:
            break


def _paint_building(
    rng: np.random.Generator, site: Site, numbers: list[Number], settings: FrontSettings
) -> None:
    """Paint sky, ground, buildings and trees."""
    width, height = site.picture.size
    metre = site.metre
    focuses = [number.box for number in numbers]
    horizon = height * rng.uniform(0.55, 0.95)
    nature.sky(rng, site, horizon + 1)
    _pave(rng, site, horizon)
    for _ in range(int(rng.integers(0, 4))):
        x, size = rng.uniform(0, width), metre * rng.uniform(1, 4)
        crown = (x - size, horizon - 1.5 * size, x + size, horizon + 0.2 * size)
        nature.foliage(rng, site, crown, metre * rng.uniform(0.1, 0.3))
    for _ in range(int(rng.integers(1, 4))):
        box = (
            width * rng.uniform(-0.4, 0.6),
            height * rng.uniform(-0.2, 0.55),
            width * rng.uniform(0.5, 1.4),
            horizon + rng.uniform(0, 0.05) * height,
        )
        if box[2] - box[0] > 0.25 * width and box[3] - box[1] > 0.1 * height:
            _building(rng, site, box, focuses)
    for _ in range(int(rng.integers(0, 3))):
        x = rng.uniform(0, width)
        if not _covers((x - metre, 0, x + metre, horizon), focuses, metre):
            nature.tree(rng, site, x, horizon + rng.uniform(0, 0.1) * height)
    if rng.random() < 0.3:
        x = rng.uniform(0, width)
        if not _covers((x, 0, x + 0.2 * metre, height), focuses, metre):
            objects.pipe(rng, site, x)
    if rng.random() < 0.25:
        x, ground = rng.uniform(0, width), horizon + rng.uniform(0.02, 0.2) * height
        box = (x - 0.9 * metre, ground - 1.5 * metre, x + 0.9 * metre, ground)
        if not _covers(box, focuses, metre):
            plate = objects.car(rng, site, x, ground)
            if site.shows(plate):
                writing.number_plate(rng, site, plate, settings.families)
    if rng.random() < 0.2 and not _covers((0, horizon, width, height), focuses, metre):
        objects.fence(rng, site, horizon - metre * rng.uniform(0.2, 1.2), horizon + 0.2 * metre)
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0, width), rng.uniform(0.3 * height, height)
        half_x, half_y = metre * rng.uniform(0.1, 0.5, 2)
        box = (x - half_x, y - half_y, x + half_x, y + half_y)
        if not _covers(box, focuses, metre):
            objects.small_box(rng, site, box)
    for number in numbers:
        _mount(rng, site, number, horizon)


def _pave(rng: np.random.Generator, site: Site, horizon: float) -> None:
    """Paint grass, asphalt or paving below the horizon."""
    width, height = site.picture.size
    kind = rng.random()
    box = (0.0, horizon, float(width), float(height))
    if kind < 0.4:
        green = paint.near(rng, (95, 125, 60), 18)
        paint.cover(rng, site, box, green, surfaces.stucco, 0.2)
    elif kind < 0.7:
        paint.cover(rng, site, box, paint.near(rng, (130, 128, 125), 25), surfaces.stucco, 0.12)
    else:
        paint.cover(rng, site, box, paint.near(rng, (160, 110, 90), 20), surfaces.brick, 0.2)


def _building(rng: np.random.Generator, site: Site, box: Box, focuses: list[Box]) -> None:
    """Paint a house or a block with rows of windows."""
    left, top, right, bottom = box
    metre = site.metre
    paint.cover(rng, site, box, *objects.draw_wall(rng))
    if rng.random() < 0.4:
        ridge = top - (right - left) * rng.uniform(0.08, 0.3)
        objects.roof(rng, site, (left, ridge, right, top))
    elif rng.random() < 0.6:
        fascia = metre * rng.uniform(0.3, 1.2)
        paint.rectangle(
            site, (left - fascia, top, right + fascia, top + fascia), paint.draw_color(rng)
        )
        paint.shade(site, (left, top + fascia, right, top + 1.6 * fascia), 0.6)
    storey, bay = metre * rng.uniform(2.6, 3.6), metre * rng.uniform(1.2, 4.0)
    window = (bay * rng.uniform(0.3, 0.8), storey * rng.uniform(0.3, 0.6))
    n_rows, n_columns = int((bottom - top) / storey), int((right - left) / bay)
    copy: Image.Image | None = None  # all windows are alike
    rim = 0.25 * min(bay - window[0], storey - window[1])
    for row in range(min(n_rows, 6)):
        for column in range(min(n_columns, 8)):
            x, y = left + (column + 0.5) * bay, bottom - (row + 0.6) * storey
            place = (x - window[0] / 2, y - window[1] / 2, x + window[0] / 2, y + window[1] / 2)
            whole = (place[0] - rim, place[1] - rim, place[2] + rim, place[3] + rim)
            seen = paint.clip(site, whole)
            if _covers(place, focuses, metre) or seen is None:
                continue
            if row == 0 and rng.random() < 0.2:
                entrance = (x - 0.5 * metre, bottom - 2.1 * metre, x + 0.5 * metre, bottom)
                if not _covers(entrance, focuses, metre):
                    objects.door(rng, site, entrance)
            elif copy is None:
                objects.window(rng, site, place)
                if seen == tuple(map(round, whole)):
                    copy = site.picture.crop(seen)
            else:
                site.picture.paste(copy, (round(whole[0]), round(whole[1])))


def _mount(rng: np.random.Generator, site: Site, number: Number, horizon: float) -> None:
    """Paint what a number of a wide view is on: a wall, a canopy, or a sign on posts."""
    left, top, right, bottom = number.box
    width, digit = site.picture.width, number.digit
    kind = rng.random()
    color = paint.draw_color(rng)
    if kind < 0.25:  # a parapet or a canopy
        box = (
            -1.0 if rng.random() < 0.5 else left - digit * rng.uniform(0.5, 6),
            top - digit * rng.uniform(0.3, 1.2),
            width + 1.0 if rng.random() < 0.5 else right + digit * rng.uniform(0.5, 6),
            bottom + digit * rng.uniform(0.3, 1.2),
        )
        paint.cover(rng, site, box, color, surfaces.stucco, 0.08)
        paint.shade(site, (box[0], box[3], box[2], box[3] + digit), 0.55)
    elif kind < 0.45 or bottom > horizon:
        grown = digit * rng.uniform(0.4, 2.0, 4)
        box = (left - grown[0], top - grown[1], right + grown[2], bottom + grown[3])
        post = max(0.1 * digit, 1.0)
        for x in (box[0] + 0.2 * digit, box[2] - 0.2 * digit):
            end = max(box[3], horizon) + rng.uniform(0, 2) * digit
            paint.rectangle(site, (x - post, box[1], x + post, end), paint.darker(color, 0.5))
        paint.cover(rng, site, box, color, surfaces.plain, 0.06)
    elif kind < 0.75 or top < 0.3 * site.picture.height:
        grown = digit * rng.uniform(2, 12, 4)
        box = (left - grown[0], top - grown[1], right + grown[2], max(bottom + grown[3], horizon))
        paint.cover(rng, site, box, *objects.draw_wall(rng))
    if rng.random() < 0.2:
        _courses(rng, site, number)


def _write_around(
    rng: np.random.Generator,
    site: Site,
    kind: Kind,
    numbers: list[Number],
    settings: FrontSettings,
) -> None:
    """Write what is no house number: words, telephone numbers, hours, plates."""
    n = int(rng.poisson((0.5 if kind == "near" else 0.9) if numbers else 1.6))
    width, height = site.picture.size
    taken = [number.box for number in numbers]
    for _ in range(n):
        text = writing.draw_words(rng) if rng.random() < 0.55 else writing.draw_code(rng)
        if not _is_foreign(text, settings):
            continue
        low, high = (0.03, 0.1) if kind == "wide" else (0.03, 0.3)
        size = height * math.exp(rng.uniform(math.log(low), math.log(high)))
        x, y = rng.uniform(-0.1, 0.9, 2) * (width, height)
        if numbers and rng.random() < 0.5:  # near a number
            number = pick(rng, numbers)
            left, top, right, bottom = number.box
            size = number.digit * rng.uniform(0.25, 1.2)
            places = (
                (left, bottom + 0.6 * size),
                (left, top - 1.7 * size),
                (right + rng.uniform(0.6, 2) * size, top),
            )
            x, y = pick(rng, places)
        size = max(min(size, 0.9 * width / (0.6 * len(text))), 5.0)
        box = (x, y, x + 0.65 * size * len(text), y + size)
        if any(overlap(box, other, 0.35 * size) for other in taken):
            continue
        taken.append(box)
        writing.write(rng, site, text, settings.families, (x, y, size))


def _grow(rng: np.random.Generator, site: Site, numbers: list[Number]) -> None:
    """Let plants grow in front, beside the numbers."""
    width, height = site.picture.size
    focuses = [number.box for number in numbers]
    for _ in range(int(rng.poisson(0.5))):
        size = rng.uniform(0.15, 0.6) * np.array((width, height))
        x, y = rng.uniform(-0.1, 1.1) * width, height * rng.choice((0.0, 0.5, 1.0, 1.0, 1.0))
        are_blades = rng.random() < 0.3
        y = height - size[1] / 2 if are_blades else y
        box = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
        if _covers(box, focuses, 0.0):
            continue
        if not are_blades:
            nature.foliage(rng, site, box, site.metre * rng.uniform(0.03, 0.12))
        else:
            nature.blades(rng, site, box)


def overlap(one: Box, other: Box, gap: float) -> bool:
    return (
        one[0] < other[2] + gap
        and other[0] < one[2] + gap
        and one[1] < other[3] + gap
        and other[1] < one[3] + gap
    )
