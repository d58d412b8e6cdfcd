"""Write digits with a pen: strokes along control points, no two alike."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ._fonts import GLYPH_HEIGHT, Glyph

Stroke = tuple[tuple[float, float], ...]

# Ways to write each digit: strokes of points (x, y) in heights of a digit, y downwards. A curve
# passes through the points; a point that is there twice is a corner.
_WAYS: dict[str, tuple[tuple[Stroke, ...], ...]] = {
    "0": (
        (((0.3, 0.02), (0.06, 0.25), (0.05, 0.7), (0.28, 1), (0.52, 0.7), (0.5, 0.2), (0.28, 0)),),
        (((0.4, 0.08), (0.1, 0.15), (0.04, 0.65), (0.3, 1), (0.54, 0.5), (0.35, 0.02)),),
        (
            (
                (0.26, 0),
                (0.06, 0.16),
                (0.04, 0.84),
                (0.26, 1),
                (0.48, 0.84),
                (0.48, 0.16),
                (0.26, 0),
            ),
        ),
    ),
    "1": (
        (((0.1, 0), (0.1, 1)),),
        (((0.02, 0.3), (0.24, 0), (0.24, 0), (0.22, 1)),),
        (((0.02, 0.22), (0.2, 0), (0.2, 0), (0.2, 1)), ((0.02, 1), (0.38, 1))),
        (((0, 0.5), (0.32, 0), (0.32, 0), (0.32, 1)),),
    ),
    "2": (
        (((0.05, 0.25), (0.25, 0), (0.48, 0.22), (0.3, 0.6), (0, 1), (0, 1), (0.55, 0.97)),),
        (
            (
                (0.04, 0.2),
                (0.28, 0),
                (0.46, 0.25),
                (0.15, 0.85),
                (0.03, 0.95),
                (0.14, 0.82),
                (0.55, 1),
            ),
        ),
    ),
    "3": (
        (((0.02, 0), (0.48, 0), (0.48, 0), (0.24, 0.38), (0.52, 0.68), (0.28, 1), (0, 0.84)),),
        (
            (
                (0.05, 0.08),
                (0.35, 0.02),
                (0.42, 0.25),
                (0.16, 0.45),
                (0.16, 0.45),
                (0.5, 0.65),
                (0.38, 0.95),
                (0, 0.95),
            ),
        ),
        (((0.04, 0), (0.5, 0), (0.5, 0), (0.2, 0.4), (0.2, 0.4), (0.54, 0.7), (0.3, 1), (0, 0.9)),),
    ),
    "4": (
        (((0.12, 0), (0.04, 0.5), (0.5, 0.48)), ((0.45, 0.05), (0.42, 1))),
        (((0.4, 1), (0.4, 0), (0.4, 0), (0, 0.68), (0, 0.68), (0.58, 0.68)),),
        (((0.06, 0.05), (0.1, 0.45), (0.4, 0.4), (0.46, 0.02), (0.46, 0.02), (0.44, 1)),),
    ),
    "5": (
        (
            ((0.1, 0.02), (0.06, 0.42), (0.06, 0.42), (0.45, 0.5), (0.4, 0.92), (0, 0.95)),
            ((0.08, 0.02), (0.5, 0)),
        ),
        (((0.5, 0), (0.1, 0.03), (0.1, 0.03), (0.08, 0.4), (0.46, 0.6), (0.3, 0.98), (0, 0.9)),),
    ),
    "6": (
        (((0.4, 0), (0.1, 0.4), (0.06, 0.8), (0.3, 1), (0.48, 0.75), (0.28, 0.55), (0.06, 0.75)),),
        (((0.3, 0), (0.06, 0.55), (0.16, 0.98), (0.46, 0.85), (0.4, 0.55), (0.1, 0.7)),),
        (
            (
                (0.42, 0.06),
                (0.1, 0.16),
                (0.05, 0.8),
                (0.28, 1),
                (0.5, 0.74),
                (0.3, 0.5),
                (0.07, 0.7),
            ),
        ),
    ),
    "7": (
        (((0, 0.03), (0.5, 0), (0.5, 0), (0.2, 1)),),
        (((0, 0.03), (0.5, 0), (0.5, 0), (0.2, 1)), ((0.12, 0.52), (0.5, 0.46))),
        (((0.02, 0.15), (0.02, 0.02), (0.02, 0.02), (0.5, 0.02), (0.5, 0.02), (0.28, 1)),),
    ),
    "8": (
        (
            (
                (0.44, 0.12),
                (0.22, 0),
                (0.06, 0.22),
                (0.44, 0.66),
                (0.26, 1),
                (0.04, 0.76),
                (0.4, 0.3),
                (0.44, 0.12),
            ),
        ),
        (
            (
                (0.25, 0.47),
                (0.05, 0.22),
                (0.27, 0),
                (0.45, 0.22),
                (0.25, 0.47),
                (0.02, 0.75),
                (0.26, 1),
                (0.5, 0.75),
                (0.25, 0.47),
            ),
        ),
    ),
    "9": (
        (
            (
                (0.48, 0.3),
                (0.25, 0.5),
                (0.04, 0.26),
                (0.25, 0),
                (0.49, 0.2),
                (0.44, 0.86),
                (0.1, 0.95),
            ),
        ),
        (
            (
                (0.46, 0.15),
                (0.24, 0),
                (0.04, 0.25),
                (0.22, 0.46),
                (0.46, 0.2),
                (0.46, 0.2),
                (0.44, 1),
            ),
        ),
        (
            (
                (0.44, 0.16),
                (0.22, 0),
                (0.04, 0.25),
                (0.24, 0.46),
                (0.46, 0.2),
                (0.44, 0.7),
                (0.12, 1),
            ),
        ),
    ),
}

# Of people: with the numbers of ways, 2, 3 and 4, each way is as frequent as another.
_N_HABITS = 12

#: Characters that can be written.
WRITTEN = "".join(_WAYS)

# Points of the curve between two control points, and discs per pixel of stroke.
_STEPS = 8


class Pen(NamedTuple):
    """How somebody writes. Lengths are shares of the height of a digit."""

    #: Chooses the way in which each digit is written.
    habit: int
    width: float
    #: Width of digits over that in `_WAYS`.
    breadth: float
    #: Standard deviation of control points.
    carelessness: float
    #: Standard deviation of the logarithm of the stroke's width along it.
    pressure: float


def draw_pen(rng: np.random.Generator) -> Pen:
    """Choose at random somebody who writes, or who bends digits from rods."""
    bends = rng.random() < 0.5
    return Pen(
        habit=int(rng.integers(_N_HABITS)),
        width=rng.uniform(0.06, 0.2) if bends else 0.04 + rng.gamma(1.5, 0.03),
        breadth=math.exp(rng.normal(0.05, 0.2)),
        carelessness=rng.uniform(0.0, 0.02) if bends else rng.uniform(0.01, 0.06),
        pressure=0.0 if bends else rng.uniform(0.0, 0.3),
    )


def write_digit(rng: np.random.Generator, digit: str, pen: Pen) -> Glyph:
    """Write a digit once."""
    ways = _WAYS[digit]
    edge = math.ceil(2 * pen.width * GLYPH_HEIGHT) + 2
    scale = np.array((GLYPH_HEIGHT * pen.breadth, GLYPH_HEIGHT))
    strokes = []
    for points in ways[pen.habit % len(ways)]:
        # A corner stays one: its two points move together.
        places = np.array(points) + rng.normal(0, pen.carelessness, (len(points), 2))
        for i in range(1, len(points)):
            if points[i] == points[i - 1]:
                places[i] = places[i - 1]
        strokes.append(_curve(places) * scale)
    corner = np.min([stroke.min(axis=0) for stroke in strokes], axis=0) - edge
    extent = np.max([stroke.max(axis=0) for stroke in strokes], axis=0) + edge - corner
    mask = Image.new("L", (math.ceil(extent[0]), math.ceil(extent[1])))
    draw = ImageDraw.Draw(mask)
    for stroke in strokes:
        pressed = np.exp(
            pen.pressure
            * np.interp(np.linspace(0, 3, len(stroke)), range(4), rng.standard_normal(4))
        )
        radii = np.minimum(0.5 * pen.width * GLYPH_HEIGHT * pressed, edge - 1)
        ends = (stroke - corner).tolist()
        for (x, y), (x1, y1), radius in zip(ends, [*ends[1:], ends[-1]], radii, strict=True):
            draw.line((x, y, x1, y1), 255, max(round(2 * radius), 1))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    left, top = round(float(corner[0])), round(float(corner[1])) - GLYPH_HEIGHT
    return Glyph(mask, left, top, mask.width + left - edge + 0.15 * GLYPH_HEIGHT)


def _curve(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull-Rom spline through points, which is straight next to a corner."""
    before = np.concatenate([points[:1], points[:-1]])
    after = np.concatenate([points[1:], points[-1:]])
    tangents = (after - before) / 2
    corner = (points == before).all(axis=1) | (points == after).all(axis=1)
    tangents[corner] = 0
    t = np.linspace(0, 1, _STEPS, endpoint=False)[:, None, None]
    start, end = points[:-1], points[1:]
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * tangents[:-1]
        + (3 * t**2 - 2 * t**3) * end
        + (t**3 - t**2) * tangents[1:]
    )
    return np.concatenate([curve.transpose(1, 0, 2).reshape(-1, 2), points[-1:]])
