"""Draw luminances and hues of walls, signs and characters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._surfaces import Field

# ITU-R BT.601, as Pillow converts to grey.
LUMINANCE = (0.299, 0.587, 0.114)


class Colors(NamedTuple):
    """Luminances of wall, sign and ink."""

    #: Of the wall round a sign.
    wall: float
    #: Of what the number stands on: the sign, or the wall where there is none.
    ground: float
    ink: float

    def towards_ground(self, share: Any) -> Any:
        """Luminance between ink and ground, or beyond them where the share is not in [0, 1]."""
        return self.ink + (self.ground - self.ink) * share


def draw_colors(rng: np.random.Generator, *, least: float) -> Colors:
    """Luminances of wall, sign and ink, which differs from the sign's by `least` or more."""
    if rng.random() < 0.04:  # a lamp in the night
        wall, ground = rng.uniform(0.01, 0.1, 2)
        return Colors(wall=wall, ground=ground, ink=rng.uniform(0.4, 1.0))
    ground = 0.05 + 0.9 * rng.beta(1.7, 1.9)
    ink = draw_ink(rng, ground, least=least)
    return Colors(wall=min(max(ground + rng.normal(0, 0.25), 0.03), 0.97), ground=ground, ink=ink)


def draw_ink(rng: np.random.Generator, ground: float, *, least: float) -> float:
    """Luminance of what stands on a ground, and differs from it by `least` or more."""
    contrast = least + rng.gamma(1.7, 0.15)
    ink = ground + contrast if rng.random() < 0.85 - ground else ground - contrast
    return ink if 0 <= ink <= 1 else min(max(2 * ground - ink, 0.02), 0.98)


def draw_hue(rng: np.random.Generator) -> Field:
    """Red, green and blue of luminance 1: greys, browns and blues, seldom green."""
    strong = rng.random() < 0.25
    warmth = rng.normal(-0.02, 0.35 if strong else 0.09)
    greenness = rng.normal(0.0, 0.07 if strong else 0.02)
    rgb: Field = np.exp([0.75 * warmth - greenness, greenness, -1.1 * warmth - greenness])
    return (rgb / np.dot(rgb, LUMINANCE)).astype(np.float32)
