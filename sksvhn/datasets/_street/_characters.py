"""Mount signs on a wall, and paint, mount or carve the characters of a number."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from . import _surfaces as surfaces
from ._colors import Colors
from ._lettering import Lettering
from ._surfaces import Field

# Share of numbers of polished metal.
_POLISHED = 0.15


def blend(scene: Field, mask: Field, value: float | Field) -> Field:
    """Lay a value over the scene where the mask is 1."""
    return scene + mask * (value - scene)


def mount_sign(
    rng: np.random.Generator, scene: Field, lettering: Lettering, digit: float, colors: Colors
) -> tuple[Field, Field]:
    """Put a plate, or one tile per character, between wall and number; the scene, and the mask."""
    shape = lettering.mask.shape
    in_row = np.ptp(lettering.boxes[:, 1]) < digit
    if len(lettering.boxes) > 1 and in_row and rng.random() < 0.15:
        face, rim = surfaces.tiles(shape, lettering.boxes, digit)
    else:
        face, rim = surfaces.plate(rng, shape, lettering.boxes, digit)
    if rng.random() < 0.4:
        drop = max(round(digit * rng.uniform(0.02, 0.1)), 1)
        shadow = surfaces.shifted(
            surfaces.blur(face, 0.05 * digit), int(rng.integers(-1, 2)) * drop, drop
        )
        scene = scene * (1 - rng.uniform(0.2, 0.6) * shadow)
    material = rng.gamma(1.2, 0.02) * surfaces.wall(rng, shape, digit)
    scene = blend(scene, face, colors.ground + material)
    return blend(scene, rim, colors.ink if rng.random() < 0.6 else rng.random()), face


def paint_number(
    rng: np.random.Generator, scene: Field, lettering: Lettering, digit: float, colors: Colors
) -> Field:
    """Paint, mount or carve the characters."""
    mask = lettering.mask
    kind = rng.random()
    if rng.random() < 0.03:
        return _carved(rng, scene, mask, digit, colors)
    if rng.random() < 0.12:
        mask = _worn(rng, mask, digit)
    if rng.random() < 0.04:
        mask = _stenciled(rng, mask, lettering.boxes, digit)
    if rng.random() < 0.05:
        mask = _hollow(mask, digit * rng.uniform(0.03, 0.06))
    if rng.random() < 0.25:
        scene = _drop_shadow(rng, scene, mask, digit)
    if rng.random() < 0.04:
        scene = scene + rng.uniform(0.3, 1.2) * surfaces.blur(mask, digit * rng.uniform(0.05, 0.4))
    if rng.random() < 0.12:
        scene = _extruded(rng, scene, mask, digit, colors)
    if rng.random() < 0.12:
        value = colors.towards_ground(rng.uniform(0.4, 2.0))
        scene = _outlined(scene, mask, digit * rng.uniform(0.02, 0.09), value)
    ink: float | Field = colors.ink
    if kind < 0.4:
        ink = colors.ink + rng.gamma(1.2, 0.04) * surfaces.smooth_noise(rng, mask.shape, digit)
    elif kind > 1 - _POLISHED:
        ink = _polished(rng, mask.shape, digit, colors)
    scene = blend(scene, mask, ink)
    if rng.random() < 0.25:
        scene = scene + _beveled(rng, mask, digit)
    return scene


def _polished(
    rng: np.random.Generator, shape: surfaces.Shape, digit: float, colors: Colors
) -> Field:
    """Metal that mirrors its surroundings: parts of it are as bright as what it stands on."""
    cell = digit * rng.uniform(0.35, 1.2)
    # Often in bands, sky above and street below.
    mirrored = surfaces.smooth_noise(rng, shape, cell, cell * math.exp(rng.uniform(0, 2)))
    share = np.clip(rng.uniform(0.1, 0.5) + rng.uniform(0.2, 0.6) * mirrored, -0.3, 1)
    return colors.towards_ground(share).astype(np.float32)


def _worn(rng: np.random.Generator, mask: Field, digit: float) -> Field:
    """Paint with places where it has come off."""
    holes = surfaces.smooth_noise(rng, mask.shape, digit * rng.uniform(0.06, 0.3))
    return (mask * np.clip(1.6 + 1.5 * holes, rng.uniform(0, 0.6), 1)).astype(np.float32)


def _stenciled(
    rng: np.random.Generator, mask: Field, boxes: NDArray[np.float64], digit: float
) -> Field:
    """Cut a bridge through the middle of every character, as stencils need."""
    cut = mask.copy()
    breadth = max(round(digit * rng.uniform(0.05, 0.09)), 1)
    for left, top, right, bottom in boxes.astype(int):
        middle = (left + right - breadth) // 2
        cut[max(top, 0) : bottom, max(middle, 0) : middle + breadth] = 0
    return cut


def _hollow(mask: Field, thickness: float) -> Field:
    """Outline of the characters, without their inside."""
    inside = np.clip(2 * surfaces.blur(mask, thickness) - 1, 0, 1)
    return np.clip(mask - 1.6 * inside, 0, 1)


def _drop_shadow(rng: np.random.Generator, scene: Field, mask: Field, digit: float) -> Field:
    """Shadow on the wall of characters in front of it."""
    reach = 0.06 if rng.random() < 0.8 else 0.16  # of characters on pins
    dx, dy = (digit * rng.normal(0, reach, 2)).round().astype(int)
    shadow = surfaces.shifted(surfaces.blur(mask, digit * rng.uniform(0.01, 0.08)), dx, abs(dy))
    return scene * (1 - rng.uniform(0.2, 0.7) * shadow)


def _extruded(
    rng: np.random.Generator, scene: Field, mask: Field, digit: float, colors: Colors
) -> Field:
    """Sides of characters cut from thick material."""
    side = colors.towards_ground(rng.uniform(0.3, 1.3))
    dx, dy = int(rng.integers(-1, 2)), int(rng.integers(-1, 2))
    depth = max(round(digit * rng.uniform(0.02, 0.1)), 1)
    body = mask
    for step in range(1, depth + 1):
        body = np.maximum(body, surfaces.shifted(mask, step * dx, step * dy))
    return blend(scene, body, side)


def _outlined(scene: Field, mask: Field, thickness: float, value: float) -> Field:
    """Draw a line of another shade round the characters."""
    return blend(scene, np.clip(3 * surfaces.blur(mask, thickness), 0, 1), value)


def _beveled(rng: np.random.Generator, mask: Field, digit: float) -> Field:
    """Bright and dark edges of embossed or engraved characters, to be added."""
    height = surfaces.blur(mask, digit * rng.uniform(0.02, 0.06))
    dx, dy = (1, 1) if rng.random() < 0.5 else (int(rng.integers(-1, 2)), 1)
    relief = height - surfaces.shifted(height, dx, dy)
    return rng.normal(0, 0.9) * relief


def _carved(
    rng: np.random.Generator, scene: Field, mask: Field, digit: float, colors: Colors
) -> Field:
    """Characters in the wall's own colour, which only light and shadow on their edges show."""
    depth = rng.uniform(0.02, 0.07) * digit
    height = surfaces.blur(mask, rng.uniform(0.2, 0.6) * depth)
    dx, dy = rng.choice((-1, 1)) * max(round(depth), 1), max(round(depth), 1)
    relief = height - surfaces.shifted(height, dx, dy)
    scene = blend(scene, mask, scene + rng.normal(0, 0.05))
    strength = rng.choice((-1, 1)) * rng.uniform(0.4, 1.0)
    return scene + strength * min(colors.ground + 0.2, 0.7) * relief
