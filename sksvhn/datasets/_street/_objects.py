"""Paint what stands at a street: walls, doors, windows, fences, cars."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from . import _surfaces as surfaces
from ._choice import pick
from ._paint import (
    Box,
    Color,
    Site,
    as_color,
    clip,
    cover,
    darker,
    disc,
    draw_color,
    draw_muted,
    near,
    rectangle,
    shade,
)
from ._surfaces import Field, Material, Shape


def blocks(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Courses of large stones, or slabs of concrete, and their joints."""
    height, width = shape
    course = max(digit * rng.uniform(1.2, 4.0), 8.0)
    length = course * rng.uniform(1.0, 2.5)
    y, x = np.arange(height) / course + rng.random(), np.arange(width) / length + rng.random()
    row = y.astype(int)
    across = x + rng.choice((0.0, 0.5)) * (row % 2)[:, None]
    column = across.astype(int)
    tone = rng.normal(0, 0.25, (row[-1] + 1, column.max() + 1)).astype(np.float32)
    joint = max(rng.uniform(0.02, 0.06), 1.2 / course)
    seam = ((y - row) < joint)[:, None] | ((across - column) < joint * course / length)
    stain = 0.25 * surfaces.smooth_noise(rng, shape, max(0.4 * digit, 1.5))
    field: Field = np.where(seam, rng.choice((-0.9, 0.6)), tone[row[:, None], column] + stain)
    return field.astype(np.float32)


def draw_wall(rng: np.random.Generator) -> tuple[Color, Material, float]:
    """Colour, material and roughness of a wall."""
    kind = rng.random()
    if kind < 0.27:
        tones = ((150, 82, 62), (176, 104, 78), (120, 84, 66), (190, 160, 120), (110, 100, 95))
        color = near(rng, pick(rng, tones), 16)
        return color, surfaces.brick, rng.uniform(0.12, 0.4)
    if kind < 0.42:
        return draw_muted(rng, 0.3, 0.95), surfaces.siding, rng.uniform(0.08, 0.25)
    if kind < 0.67:
        return draw_muted(rng, 0.3, 0.95), surfaces.stucco, rng.uniform(0.03, 0.15)
    if kind < 0.8:
        return near(rng, (165, 160, 150), 30), blocks, rng.uniform(0.08, 0.3)
    if kind < 0.88:
        return draw_muted(rng, 0.15, 0.7), surfaces.wood, rng.uniform(0.1, 0.3)
    if kind < 0.94:
        return near(rng, (150, 148, 142), 30), surfaces.lattice, rng.uniform(0.05, 0.3)
    return draw_muted(rng, 0.1, 0.95), surfaces.plain, rng.uniform(0.05, 0.2)


def window(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint a window with frame, panes and what is seen in them."""
    left, top, right, bottom = box
    frame = draw_color(rng, 0.05, 1.0)
    rim = site.metre * rng.uniform(0.03, 0.1)
    rectangle(site, (left - rim, top - rim, right + rim, bottom + rim), frame)
    if rng.random() < 0.5:
        sill = site.metre * rng.uniform(0.04, 0.1)
        ledge = (left - 2 * rim, bottom + rim, right + 2 * rim, bottom + rim + sill)
        rectangle(site, ledge, near(rng, frame, 25))
        shade(site, (left, ledge[3], right, ledge[3] + 0.5 * sill), 0.6)
    glass = as_color(rng.uniform(0.05, 0.55) * np.array([0.85, 1.0, 1.12]))
    cover(rng, site, box, glass, surfaces.glass, rng.uniform(0.1, 0.6))
    kind = rng.random()
    if kind < 0.2:
        blind(rng, site, box)
    elif kind < 0.35:  # curtains
        curtain = draw_color(rng, 0.5, 0.95)
        share = rng.uniform(0.15, 0.45) * (right - left)
        folds = surfaces.lattice
        cover(rng, site, (left, top, left + share, bottom), curtain, folds, 0.15)
        cover(rng, site, (right - share, top, right, bottom), curtain, folds, 0.15)
    thickness = max(site.metre * rng.uniform(0.015, 0.05), 1.0)
    n_columns, n_rows = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    bars(site, box, n_columns, n_rows, thickness, frame)
    if rng.random() < 0.12:
        grille(rng, site, box)
    shade(site, (left, top, right, top + 1.2 * rim), 0.55)


def reflections(rng: np.random.Generator, site: Site, box: Box, digit: float) -> None:
    """Paint what glass shows and reflects, out of focus by a share of a digit's height."""
    seen = clip(site, box)
    if seen is None:
        return
    glass = site.picture.crop(seen)
    things = glass.copy()
    draw = ImageDraw.Draw(things)
    for _ in range(int(rng.integers(2, 9))):
        color = draw_color(rng, 0.02, 0.8)
        x, y = rng.uniform(0, 1, 2) * glass.size
        half_x, half_y = rng.uniform(0.05, 0.5, 2) * glass.size
        lean = rng.normal(0, 0.15) * glass.height
        left = [(x - half_x, y + half_y), (x - half_x, y - half_y)]
        right = [(x + half_x, y - half_y + lean), (x + half_x, y + half_y + lean)]
        draw.polygon(left + right, color)
    things = things.filter(ImageFilter.GaussianBlur(digit * rng.uniform(0.01, 0.1)))
    site.picture.paste(Image.blend(glass, things, rng.uniform(0.2, 0.7)), seen[:2])


def bars(site: Site, box: Box, n_columns: int, n_rows: int, thickness: float, color: Color) -> None:
    """Divide a rectangle by bars."""
    left, top, right, bottom = box
    for i in range(1, n_columns):
        x = left + (right - left) * i / n_columns - thickness / 2
        rectangle(site, (x, top, x + thickness, bottom), color)
    for i in range(1, n_rows):
        y = top + (bottom - top) * i / n_rows - thickness / 2
        rectangle(site, (left, y, right, y + thickness), color)


def blind(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint slats, of a blind, a shutter or a vent."""
    left, top, right, bottom = box
    color = draw_color(rng, 0.2, 0.9)
    pitch = max(site.metre * rng.uniform(0.03, 0.09), 3.0)
    for i in range(math.ceil((bottom - top) * rng.uniform(0.5, 1.0) / pitch)):
        slat = (left, top + i * pitch, right, min(top + (i + 0.65) * pitch, bottom))
        rectangle(site, slat, color)


def grille(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint iron bars, upright or in diamonds."""
    left, top, right, bottom = box
    color = draw_color(rng, 0.02, 0.3)
    breadth = max(round(site.metre * rng.uniform(0.012, 0.03)), 1)
    pitch = max(site.metre * rng.uniform(0.08, 0.16), 4.0)
    lean = rng.choice((0.0, 0.0, 0.5)) * (bottom - top)
    for i in range(math.ceil((right - left) / pitch)):
        x = left + i * pitch
        site.draw.line((x, top, min(x + lean, right), bottom), color, breadth)
        if lean:
            site.draw.line((x, bottom, min(x + lean, right), top), color, breadth)


def door(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint a door with its frame, panels, glass and furniture."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    frame, rim = draw_color(rng, 0.1, 1.0), site.metre * rng.uniform(0.05, 0.14)
    rectangle(site, (left - rim, top - rim, right + rim, bottom), frame)
    color = draw_color(rng, 0.04, 0.85)
    material = surfaces.wood if rng.random() < 0.4 else surfaces.plain
    cover(rng, site, box, color, material, rng.uniform(0.04, 0.2))
    n_columns, n_rows = int(rng.integers(1, 3)), int(rng.integers(1, 5))
    gap = site.metre * rng.uniform(0.06, 0.14)
    light, dark = darker(color, 1.25), darker(color, 0.6)
    glazed = rng.random() < 0.35
    for row in range(n_rows):
        for column in range(n_columns):
            x0 = left + gap + (width - gap) * column / n_columns
            y0 = top + gap + (height - gap) * row / n_rows
            x1 = left + (width - gap) * (column + 1) / n_columns
            y1 = top + (height - gap) * (row + 1) / n_rows
            if x1 - x0 < 3 or y1 - y0 < 3:
                continue
            if glazed and row == 0:
                glass = as_color(rng.uniform(0.08, 0.5) * np.array([0.9, 1.0, 1.1]))
                cover(rng, site, (x0, y0, x1, y1), glass, surfaces.glass, 0.3)
            else:
                site.draw.line((x0, y1, x0, y0, x1, y0), dark, 1)
                site.draw.line((x0, y1, x1, y1, x1, y0), light, 1)
    metal = draw_color(rng, 0.05, 0.9)
    side = left + width * rng.choice((0.1, 0.9))
    middle = top + 0.52 * height
    if rng.random() < 0.5:
        disc(site, side, middle, 0.035 * site.metre, metal)
    else:
        reach = site.metre * rng.uniform(0.05, 0.25)
        handle = (side - 0.015 * site.metre, middle - reach, side + 0.015 * site.metre, middle)
        rectangle(site, handle, metal)
    if rng.random() < 0.5:
        x, y = left + width / 2, top + height * rng.uniform(0.45, 0.62)
        slot = (x - 0.13 * site.metre, y, x + 0.13 * site.metre, y + 0.05 * site.metre)
        rectangle(site, slot, metal)
    if rng.random() < 0.3:  # knocker
        x, y, radius = left + width / 2, top + 0.35 * height, 0.06 * site.metre
        ring = (x - radius, y - radius, x + radius, y + radius)
        site.draw.ellipse(ring, outline=metal, width=max(round(radius / 3), 1))


def fence(rng: np.random.Generator, site: Site, top: float, bottom: float) -> None:
    """Paint a railing, pickets, or boards over the whole breadth."""
    width = site.picture.width
    color = draw_color(rng, 0.02, 0.95)
    pitch = max(site.metre * rng.uniform(0.1, 0.22), 3.0)
    breadth = pitch * rng.choice((0.15, 0.2, 0.6, 0.92))
    for i in range(min(math.ceil(width / pitch), 200)):
        x = i * pitch
        rectangle(site, (x, top, x + breadth, bottom), near(rng, color, 5))
    rail = max(0.04 * site.metre, 1.0)
    for y in (top + 0.12 * (bottom - top), bottom - 0.15 * (bottom - top)):
        rectangle(site, (0, y, width, y + rail), color)


def roof(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint a pitched roof with courses of tiles."""
    left, top, right, bottom = box
    inset = rng.uniform(0.0, 0.3) * (right - left)
    color = near(rng, pick(rng, ((150, 80, 55), (90, 85, 85), (120, 100, 85))), 18)
    eave = 0.3 * site.metre
    corners = ((left - eave, bottom), (left + inset, top), (right - inset, top))
    site.draw.polygon([*corners, (right + eave, bottom)], color)
    course = max(site.metre * rng.uniform(0.2, 0.35), 3.0)
    line, n = darker(color, 0.75), math.floor((bottom - top) / course)
    for i in range(1, n + 1):
        y = bottom - i * course
        share = (bottom - y) / (bottom - top)
        x0, x1 = left - eave + (inset + eave) * share, right + eave - (inset + eave) * share
        site.draw.line((x0, y, x1, y), line, 1)
        if course > 5:
            for x in np.arange(x0 + (i % 2) * course / 2, x1, course).tolist():
                site.draw.line((x, y, x, y + course), line, 1)
    gutter = max(0.12 * site.metre, 2.0)
    rectangle(site, (left - eave, bottom, right + eave, bottom + gutter), draw_color(rng, 0.1, 1))
    shade(site, (left, bottom + gutter, right, bottom + 4 * gutter), 0.6)


def steps(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint stairs that go up from the lower edge of a box."""
    left, top, right, bottom = box
    color = near(rng, (160, 155, 145), 30)
    n = max(round((bottom - top) / (0.17 * site.metre)), 2)
    rise = (bottom - top) / n
    for i in range(n):
        y = top + i * rise
        rectangle(site, (left, y, right, y + 0.35 * rise), darker(color, 1.15))
        rectangle(site, (left, y + 0.35 * rise, right, y + rise), darker(color, 0.7))


def pipe(rng: np.random.Generator, site: Site, x: float) -> None:
    """Paint a down-pipe, a pole or a cable over the whole height."""
    height, breadth = site.picture.height, max(site.metre * rng.uniform(0.02, 0.14), 1.0)
    color = draw_color(rng, 0.03, 0.95)
    shade(site, (x + breadth, 0, x + 1.6 * breadth, height), 0.7)
    rectangle(site, (x, 0, x + breadth, height), color)
    rectangle(site, (x + 0.2 * breadth, 0, x + 0.4 * breadth, height), darker(color, 1.3))
    for y in rng.uniform(0, height, int(rng.integers(0, 3))):
        bracket = (x - 0.3 * breadth, y, x + 1.3 * breadth, y + 0.6 * breadth)
        rectangle(site, bracket, darker(color, 0.8))


def lamp(rng: np.random.Generator, site: Site, x: float, y: float) -> None:
    """Paint a round or square lamp on its bracket."""
    size = site.metre * rng.uniform(0.06, 0.18)
    metal, light = draw_color(rng, 0.02, 0.4), near(rng, (240, 230, 205), 12)
    rectangle(site, (x - 0.2 * size, y - 2 * size, x + 0.2 * size, y), metal)
    if rng.random() < 0.6:
        disc(site, x, y, size, metal if rng.random() < 0.4 else light)
        disc(site, x, y, 0.8 * size, light)
    else:
        rectangle(site, (x - size, y - 1.3 * size, x + size, y + 1.3 * size), metal)
        bars(site, (x - size, y - size, x + size, y + size), 3, 1, 0.5 * size, light)


def small_box(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint a letter box, a meter, a bell board, a vent, a keypad or a pictogram."""
    left, top, right, bottom = box
    color = draw_color(rng, 0.05, 0.95)
    shade(site, (left + 0.05 * (right - left), bottom, right, bottom + 0.1 * (bottom - top)), 0.6)
    cover(rng, site, box, color, surfaces.plain, 0.1)
    kind = rng.random()
    if kind < 0.25:
        slot = (bottom - top) * 0.08
        inner = (left + 0.15 * (right - left), top + 2 * slot, right - 0.15 * (right - left))
        rectangle(site, (*inner, top + 3 * slot), darker(color, 0.35))
    elif kind < 0.42:
        n = int(rng.integers(1, 5))
        for i in range(n):
            y = top + (bottom - top) * (i + 0.5) / n
            disc(site, right - 0.25 * (right - left), y, 0.09 * (bottom - top) / n**0.5, (20,) * 3)
    elif kind < 0.55:
        blind(rng, site, box)
    elif kind < 0.65:
        site.draw.rectangle(box, outline=darker(color, 0.6), width=1)
    elif kind < 0.82:
        _keypad(rng, site, box)
    else:
        _pictogram(rng, site, box)


def _keypad(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint rows of keys, or a single light, on a dark panel."""
    left, top, right, bottom = box
    rectangle(site, box, draw_color(rng, 0.02, 0.25))
    light = draw_color(rng, 0.5, 1.0)
    n_rows, n_columns = rng.integers(1, 6, 2).tolist()
    above = rng.uniform(0, 0.5) * (bottom - top)
    width, height = (right - left) / n_columns, (bottom - top - above) / n_rows
    radius = rng.uniform(0.12, 0.35) * min(width, height)
    for row in range(n_rows):
        for column in range(n_columns):
            x, y = left + (column + 0.5) * width, top + above + (row + 0.5) * height
            disc(site, x, y, radius, light)


def _pictogram(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint a figure of a few strokes on a plate of a strong colour."""
    left, top, right, bottom = box
    strong, light = draw_color(rng, 0.2, 0.9), draw_color(rng, 0.8, 1.0)
    ground, figure = (strong, light) if rng.random() < 0.7 else (light, strong)
    rectangle(site, box, ground)
    corner, size = np.array([left, top]), np.array([right - left, bottom - top])
    thickness = max(round(rng.uniform(0.06, 0.16) * float(size.min())), 1)
    for _ in range(int(rng.integers(2, 5))):
        ends = corner + size * rng.uniform(0.2, 0.8, (2, 2))
        site.draw.line(ends.ravel().tolist(), figure, thickness)
    x, y = (corner + size * rng.uniform(0.3, 0.7, 2)).tolist()
    disc(site, x, y, rng.uniform(0.08, 0.2) * float(size.min()), figure)


def car(rng: np.random.Generator, site: Site, x: float, ground: float) -> Box:
    """Paint a parked car from behind; the place of its plate."""
    width, height = 1.7 * site.metre, 1.4 * site.metre
    color = draw_color(rng, 0.03, 0.9)
    left, right, top = x - width / 2, x + width / 2, ground - height
    rectangle(site, (left, ground - 0.25 * height, left + 0.15 * width, ground), (20, 20, 22))
    rectangle(site, (right - 0.15 * width, ground - 0.25 * height, right, ground), (20, 20, 22))
    cabin = (left + 0.1 * width, top, right - 0.1 * width, ground - 0.3 * height)
    site.draw.rounded_rectangle(cabin, 0.15 * width, color)
    body = (left, ground - 0.68 * height, right, ground - 0.12 * height)
    site.draw.rounded_rectangle(body, 0.1 * width, color)
    glass = (left + 0.18 * width, top + 0.08 * height, right - 0.18 * width, top + 0.38 * height)
    rectangle(site, glass, (40, 48, 55))
    for side in (left + 0.03 * width, right - 0.13 * width):
        light = (side, ground - 0.6 * height, side + 0.1 * width, ground - 0.45 * height)
        rectangle(site, light, (170, 30, 25))
    middle = ground - 0.35 * height
    return x - 0.26 * site.metre, middle - 0.06 * site.metre, x + 0.26 * site.metre, middle
