"""Paint parts of a scene in colours and materials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from ._colors import draw_hue
from ._surfaces import Field, Material

#: Left, top, right and bottom in pixels.
Box = tuple[float, float, float, float]
#: Red, green and blue, 0 to 255.
Color = tuple[int, int, int]


class Site(NamedTuple):
    """What is painted on, and its scale."""

    picture: Image.Image
    draw: ImageDraw.ImageDraw
    #: Coverage by the characters of numbers.
    ink: Image.Image
    #: Pixels of a metre.
    metre: float
    #: Whether the camera sees the whole of a box.
    shows: Callable[[Box], bool]


def draw_color(rng: np.random.Generator, darkest: float = 0.05, lightest: float = 0.9) -> Color:
    """Colour of paint."""
    return as_color(rng.uniform(darkest, lightest) * draw_hue(rng))


def draw_muted(rng: np.random.Generator, darkest: float, lightest: float) -> Color:
    """Colour of walls, seldom a strong one."""
    return as_color(rng.uniform(darkest, lightest) * (0.55 + 0.45 * draw_hue(rng)))


def near(rng: np.random.Generator, color: Sequence[float] | Field, spread: float) -> Color:
    """Colour like another one."""
    return as_color((np.array(color) + rng.normal(0, spread) + rng.normal(0, spread / 3, 3)) / 255)


def darker(color: Sequence[float], factor: float) -> Color:
    """Colour in the shade, or in the light if `factor` is above 1."""
    return as_color(np.array(color) * (factor / 255))


def as_color(rgb: Field) -> Color:
    """Turn shares of white into a colour."""
    red, green, blue = (min(max(round(255 * float(share)), 0), 255) for share in rgb)
    return red, green, blue


def clip(site: Site, box: Box) -> tuple[int, int, int, int] | None:
    """Part of a box on the picture, in whole pixels."""
    width, height = site.picture.size
    left, top = max(round(box[0]), 0), max(round(box[1]), 0)
    right, bottom = min(round(box[2]), width), min(round(box[3]), height)
    return (left, top, right, bottom) if right - left > 1 and bottom - top > 1 else None


def rectangle(site: Site, box: Box, color: Color) -> None:
    """Fill a rectangle."""
    left, top, right, bottom = box
    site.draw.rectangle((left, top, max(right, left), max(bottom, top)), color)


def disc(site: Site, x: float, y: float, radius: float, color: Color) -> None:
    """Fill a circle."""
    site.draw.ellipse((x - radius, y - radius, x + radius, y + radius), color)


def cover(
    rng: np.random.Generator,
    site: Site,
    box: Box,
    color: Color,
    material: Material,
    strength: float,
) -> None:
    """Fill a rectangle with a material."""
    seen = clip(site, box)
    if seen is None:
        return
    shape = (seen[3] - seen[1], seen[2] - seen[0])
    field = material(rng, shape, 0.2 * site.metre)
    levels = Image.fromarray(np.clip(128 + (128 * strength) * field, 0, 255).astype(np.uint8))
    bands = [levels.point(_multiples(value)) for value in color]
    site.picture.paste(Image.merge("RGB", bands), seen[:2])


@lru_cache(maxsize=256)
def _multiples(value: int) -> list[int]:
    """Products of a value and 0/128, 1/128, ..., as far as they are colours."""
    return [min(level * value // 128, 255) for level in range(256)]


def shade(site: Site, box: Box, factor: float) -> None:
    """Darken a rectangle."""
    seen = clip(site, box)
    if seen is not None:
        part = site.picture.crop(seen)
        site.picture.paste(Image.blend(Image.new("RGB", part.size), part, factor), seen[:2])


def paste(site: Site, seen: tuple[int, int, int, int], pixels: Field) -> None:
    """Put pixels where `clip` says."""
    site.picture.paste(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), seen[:2])
