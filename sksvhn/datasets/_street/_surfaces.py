"""Surfaces of generated scenes: walls of several materials, plates, and light."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from ._choice import draw_index

#: One value a pixel; float32 wherever that is faster.
Field = NDArray[np.floating[Any]]
Shape = tuple[int, int]


def smooth_noise(rng: np.random.Generator, shape: Shape, cell: float, cell_x: float = 0) -> Field:
    """Noise of standard deviation about 1 that varies over `cell` pixels (`cell_x` in x)."""
    height, width = shape
    rows = int(height / cell) + 3
    columns = int(width / (cell_x or cell)) + 3
    coarse = Image.fromarray(rng.standard_normal((rows, columns), dtype=np.float32))
    # Over cells of a few pixels the cheaper filter looks the same.
    filter_ = Image.Resampling.BICUBIC if cell > 4 else Image.Resampling.BILINEAR
    return np.asarray(coarse.resize((width, height), filter_))


def blur(field: Field, radius: float) -> Field:
    """Gaussian blur of a field in [0, 1], with 8 bits of precision."""
    picture = Image.fromarray((field * 255).astype(np.uint8))
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / 255


def shifted(field: Field, dx: int, dy: int) -> Field:
    """Move a field by whole pixels, and fill with 0."""
    height, width = field.shape
    dx, dy = min(max(dx, -width), width), min(max(dy, -height), height)
    moved = np.zeros_like(field)
    moved[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)] = field[
        max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)
    ]
    return moved


# Materials: a field about 0, roughly within [-1, 1], given the digits' height in pixels.


def plain(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Paint: nearly even."""
    return 0.15 * smooth_noise(rng, shape, digit)


def stucco(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Rough plaster: fine grain and large stains."""
    grain = smooth_noise(rng, shape, rng.uniform(1.0, 3.0))
    return 0.4 * grain + 0.3 * smooth_noise(rng, shape, digit)


def stone(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Natural stone: blotches of several sizes."""
    return (
        0.45 * smooth_noise(rng, shape, 0.5 * digit)
        + 0.35 * smooth_noise(rng, shape, 0.2 * digit)
        + 0.2 * smooth_noise(rng, shape, 1.5)
    )


def brick(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Courses of bricks of uneven colour, and mortar."""
    height, width = shape
    course = max(digit * rng.uniform(0.25, 0.9), 5.0)
    length = course * rng.uniform(2.0, 3.5)
    y = np.arange(height) / course + rng.random()
    x = np.arange(width) / length + rng.random()
    row = y.astype(int)
    across = x + 0.5 * (row % 2)[:, None]
    column = across.astype(int)
    shade = rng.normal(0, 0.35, (row[-1] + 1, column.max() + 1)).astype(np.float32)
    joint = rng.uniform(0.06, 0.14)
    mortar = ((y - row) < joint)[:, None] | ((across - column) < joint * course / length)
    wall = np.where(mortar, rng.choice((-0.9, 0.9)), shade[row[:, None], column])
    return (wall + 0.15 * smooth_noise(rng, shape, 2.0)).astype(np.float32)


def siding(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Overlapping boards, each with a shadow under its edge; upright boards now and then."""
    upright = rng.random() < 0.3
    extent = shape[1] if upright else shape[0]
    board = max(digit * rng.uniform(0.4, 1.6), 5.0)
    position = (np.arange(extent) / board + rng.random()) % 1.0
    profile = 0.5 * (position - 0.5) - 1.2 * (position < rng.uniform(0.05, 0.15))
    lines = profile.astype(np.float32)
    along = wood(rng, shape, digit) * 0.25
    return along + (lines[None, :] if upright else lines[:, None])


def wood(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Grain along x or, less often, along y."""
    fine, coarse = rng.uniform(1.0, 3.0), digit * rng.uniform(0.8, 2.5)
    cells = (coarse, fine) if rng.random() < 0.35 else (fine, coarse)
    return 0.5 * smooth_noise(rng, shape, *cells) + 0.2 * smooth_noise(rng, shape, digit)


def glass(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Pane of glass: reflections with soft slanted edges."""
    height, width = shape
    slope = rng.uniform(-1.5, 1.5)
    position = np.arange(width)[None, :] + slope * np.arange(height)[:, None]
    edge = rng.uniform(position.min(), position.max())
    softness = digit * rng.uniform(0.03, 0.3)
    reflection = np.tanh((position - edge) / softness).astype(np.float32)
    return 0.5 * reflection + 0.4 * smooth_noise(rng, shape, digit)


def lattice(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Wire mesh, corrugated iron, ribs: a fine periodic pattern."""
    angle = rng.choice((0.0, np.pi / 2, rng.uniform(0, np.pi)))
    period = digit * rng.uniform(0.12, 0.4)
    y, x = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    phase = (x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / period)
    return (0.7 * np.sin(phase + rng.uniform(0, 6))).astype(np.float32)


Material = Callable[[np.random.Generator, Shape, float], Field]
MATERIALS: tuple[tuple[Material, float], ...] = (
    (plain, 0.34),
    (stucco, 0.16),
    (stone, 0.12),
    (brick, 0.08),
    (siding, 0.08),
    (wood, 0.08),
    (glass, 0.09),
    (lattice, 0.05),
)
_SHARES = [share for _, share in MATERIALS]


def wall(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Wall of random material, as deviations of luminance about 0."""
    material, _ = MATERIALS[draw_index(rng, _SHARES)]
    return material(rng, shape, digit)


def plate(
    rng: np.random.Generator, shape: Shape, boxes: NDArray[np.float64], digit: float
) -> tuple[Field, Field]:
    """Sign round the boxes: the masks of its face and of its rim."""
    left, top = boxes[:, :2].min(axis=0) - digit * rng.uniform(0.05, 0.5, 2)
    right, bottom = boxes[:, 2:].max(axis=0) + digit * rng.uniform(0.05, 0.5, 2)
    thickness = digit * rng.uniform(0.02, 0.14)
    outer = _outline(rng, shape, (left, top, right, bottom), digit)
    face = outer(0.0)
    if rng.random() < 0.4:
        return face, np.zeros(shape, np.float32)
    inset = digit * rng.uniform(0.0, 0.1)
    return face, outer(inset) - outer(inset + thickness)


def tiles(shape: Shape, boxes: NDArray[np.float64], digit: float) -> tuple[Field, Field]:
    """One plate per character, side by side: the masks of their faces and of the seams."""
    face = Image.new("L", shape[::-1])
    draw = ImageDraw.Draw(face)
    gap = max(0.03 * digit, 1)
    centers = (boxes[:-1, 2] + boxes[1:, 0]) / 2
    edges = [boxes[0, 0] - 0.15 * digit, *centers, boxes[-1, 2] + 0.15 * digit]
    for i, (_, top, _, bottom) in enumerate(boxes):
        box = (edges[i] + gap, top - 0.15 * digit, edges[i + 1] - gap, bottom + 0.15 * digit)
        draw.rectangle((box[0], box[1], max(box[2], box[0] + 1), box[3]), fill=255)
    faces = np.asarray(face, dtype=np.float32) / 255
    return faces, np.zeros(shape, np.float32)


def screws(
    rng: np.random.Generator, shape: Shape, boxes: NDArray[np.float64], digit: float
) -> Field:
    """Mask of two or four screws beside the number."""
    mask = Image.new("L", shape[::-1])
    draw = ImageDraw.Draw(mask)
    gap = digit * rng.uniform(0.1, 0.3)
    radius = digit * rng.uniform(0.02, 0.06)
    left, top = boxes[:, :2].min(axis=0) - gap
    right, bottom = boxes[:, 2:].max(axis=0) + gap
    middle = (top + bottom) / 2
    heights = (top, bottom) if rng.random() < 0.5 else (middle,)
    for y in heights:
        for x in (left, right):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(mask, dtype=np.float32) / 255


def uneven_light(rng: np.random.Generator, shape: Shape) -> Field:
    """Factor of luminance that changes steadily across the picture."""
    height, width = shape
    slope = rng.normal(0, 0.15, 2)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return np.exp(slope[0] * y + slope[1] * x).astype(np.float32)


def cast_shadow(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Factor of luminance under the shadow of an eave, a pole, a branch or leaves."""
    depth = rng.uniform(0.25, 0.65)
    softness = digit * rng.uniform(0.02, 0.25)
    height, width = shape
    kind = rng.random()
    if kind < 0.3:
        shade = 0.5 + 0.5 * np.tanh(2.5 * smooth_noise(rng, shape, 0.5 * digit))
        return (1 - depth * shade).astype(np.float32)
    if kind < 0.5:
        return 1 - np.float32(depth) * blur(branches(rng, shape, digit), softness)
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.arange(height)[:, None] - height / 2, np.arange(width)[None, :] - width / 2
    position = x * np.cos(angle) + y * np.sin(angle) - rng.normal(0, 0.5) * digit
    shade = 0.5 + 0.5 * np.tanh(position / softness)
    if rng.random() < 0.4:
        breadth = digit * rng.uniform(0.15, 0.8)
        shade = shade * (0.5 - 0.5 * np.tanh((position - breadth) / softness))
    return (1 - depth * shade).astype(np.float32)


def branches(rng: np.random.Generator, shape: Shape, digit: float) -> Field:
    """Mask of twigs, wires or bars that cross the picture."""
    height, width = shape
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    straight = rng.random() < 0.3
    bend = 0.0 if straight else digit * rng.uniform(0.1, 0.5)
    for _ in range(int(rng.integers(1, 6))):
        start, end = rng.random((2, 2)) * shape[::-1]
        way = (end - start) * 1.5
        xy = start - 0.25 * way + np.linspace(0, 1, 6)[:, None] * way
        xy = xy + rng.normal(0, 1, xy.shape).cumsum(axis=0) * bend * 0.5
        breadth = max(round(digit * rng.uniform(0.02, 0.1)), 1)
        draw.line([tuple(place) for place in xy.tolist()], 255, breadth)
    return np.asarray(mask, dtype=np.float32) / 255


def side_band(
    rng: np.random.Generator, shape: Shape, boxes: NDArray[np.float64], digit: float
) -> Field:
    """Mask of a door frame, gutter or ledge close to one side of the number."""
    mask = np.zeros(shape, np.float32)
    gap = digit * rng.uniform(0.04, 0.4)
    breadth = max(digit * 0.04 * 40 ** rng.random(), 1.0)
    side = rng.integers(4)
    if side < 2:
        edge = boxes[:, 0].min() - gap - breadth if side else boxes[:, 2].max() + gap
        mask[:, max(int(edge), 0) : max(int(edge + breadth), 0)] = 1
    else:
        edge = boxes[:, 1].min() - gap - breadth if side == 2 else boxes[:, 3].max() + gap
        mask[max(int(edge), 0) : max(int(edge + breadth), 0)] = 1
    return mask


def courses(
    rng: np.random.Generator, shape: Shape, boxes: NDArray[np.float64], digit: float
) -> Field:
    """Mask of courses of brick, boards or films on glass that run behind the number."""
    mask = np.zeros(shape, np.float32)
    top, bottom = boxes[:, 1].min(), boxes[:, 3].max()
    y = top - digit * rng.uniform(0, 1)
    while y < bottom + digit:
        gap, breadth = digit * 0.08 * np.exp(rng.uniform(0, 2.5, 2))
        mask[max(int(y), 0) : max(int(y + breadth), 0)] = 1
        y += gap + breadth
    return mask


def _outline(
    rng: np.random.Generator,
    shape: Shape,
    bounds: tuple[float, float, float, float],
    digit: float,
) -> Callable[[float], Field]:
    """Rectangle, rounded or not, or ellipse about `bounds`, by how far it is inset."""
    left, top, right, bottom = bounds
    kind = rng.random()
    corner = digit * rng.uniform(0.05, 0.4)
    grow_x, grow_y = ((right - left) * 0.2, (bottom - top) * 0.2) if kind > 0.7 else (0.0, 0.0)

    def mask(inset: float) -> Field:
        picture = Image.new("L", shape[::-1])
        draw = ImageDraw.Draw(picture)
        x0, y0 = left - grow_x + inset, top - grow_y + inset
        box = (x0, y0, max(right + grow_x - inset, x0 + 1), max(bottom + grow_y - inset, y0 + 1))
        if kind > 0.7:
            draw.ellipse(box, fill=255)
        elif kind > 0.4:
            draw.rounded_rectangle(box, corner, fill=255)
        else:
            draw.rectangle(box, fill=255)
        return np.asarray(picture, dtype=np.float32) / 255

    return mask
