"""Paint plants and the sky."""

from __future__ import annotations

import numpy as np
from PIL import Image

from . import _surfaces as surfaces
from ._paint import Box, Color, Site, clip, cover, near, paste


def foliage(rng: np.random.Generator, site: Site, box: Box, leaf: float) -> None:
    """Paint a bush or the crown of a tree in a box; `leaf` is the size of a leaf in pixels."""
    seen = clip(site, box)
    if seen is None:
        return
    shape = (seen[3] - seen[1], seen[2] - seen[0])
    y = (np.arange(seen[1], seen[3], dtype=np.float32) - box[1]) / (box[3] - box[1]) * 2 - 1
    x = (np.arange(seen[0], seen[2], dtype=np.float32) - box[0]) / (box[2] - box[0]) * 2 - 1
    leaf = max(leaf, 1.5)
    grain = surfaces.smooth_noise(rng, shape, leaf, leaf * rng.uniform(0.5, 2.0))
    mass = surfaces.smooth_noise(rng, shape, max(0.2 * (box[3] - box[1]), 2 * leaf))
    inside = 0.8 - (y**2)[:, None] - (x**2)[None, :] + 0.3 * mass + rng.uniform(0.1, 0.5) * grain
    green = np.array(rng.uniform((45, 60, 25), (110, 125, 75)), np.float32)
    if rng.random() < 0.12:
        green = np.array(rng.uniform((110, 50, 20), (200, 140, 90)), np.float32)
    light = grain + surfaces.smooth_noise(rng, shape, max(0.4 * leaf, 1.0))
    light = np.exp(0.35 * light + 0.35 * mass - 0.35 * y[:, None]) * rng.uniform(0.4, 0.9)
    light = 1.6 * np.tanh(light / 1.6)
    pixels = np.asarray(site.picture.crop(seen), dtype=np.float32)
    alpha = np.clip(4 * inside, 0, 1)[..., None]
    paste(site, seen, pixels + alpha * (light[..., None] * green - pixels))


def blades(rng: np.random.Generator, site: Site, box: Box) -> None:
    """Paint long leaves that grow from the lower edge of a box."""
    left, top, right, bottom = box
    length = bottom - top
    breadth = max(round(0.02 * site.metre), 1)
    green = rng.uniform((40, 70, 20), (130, 150, 80))
    for x, bend, reach in rng.uniform((left, -0.5, 0.4), (right, 0.5, 1.0), (60, 3)).tolist():
        y = bottom - reach * length
        xs = (x, x + 0.3 * bend * length, x + bend * length)
        ys = (bottom, bottom - 0.7 * reach * length, y)
        points = list(zip(xs, ys, strict=True))
        site.draw.line(points, near(rng, green, 25), breadth)


def tree(rng: np.random.Generator, site: Site, x: float, ground: float) -> None:
    """Paint a tree, its foot at (x, ground)."""
    height = site.metre * rng.uniform(3, 9)
    breadth = height * rng.uniform(0.03, 0.07)
    bark = near(rng, (90, 75, 60), 18)
    cover(rng, site, (x - breadth, ground - height, x + breadth, ground), bark, surfaces.wood, 0.5)
    start = ground - 0.55 * height
    for reach in rng.uniform(-0.35, 0.35, 5) * height:
        tip = (x + reach, start - height * rng.uniform(0.2, 0.5))
        site.draw.line((x, start, *tip), bark, max(round(0.4 * breadth), 1))
    if rng.random() < 0.85:
        spread = height * rng.uniform(0.25, 0.5)
        crown = (x - spread, ground - 1.25 * height, x + spread, ground - 0.4 * height)
        foliage(rng, site, crown, site.metre * rng.uniform(0.08, 0.3))


def sky_color(rng: np.random.Generator) -> Color:
    """Colour of the sky, blue or overcast."""
    blue, grey = np.array((60, 115, 190)), np.array((200, 207, 216))
    return near(rng, blue + rng.random() * (grey - blue), 12)


def sky(rng: np.random.Generator, site: Site, horizon: float) -> None:
    """Paint the sky down to the horizon, blue or overcast."""
    seen = clip(site, (0, 0, site.picture.width, horizon))
    if seen is None:
        return
    shape = (seen[3] // 4 + 2, seen[2] // 4 + 2)
    gradient = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None, None]
    high = np.array(sky_color(rng), np.float32)
    low = high + rng.uniform(0.2, 0.8) * (240 - high)
    cloud = surfaces.smooth_noise(rng, shape, max(shape[0] / 3, 2.0), max(shape[1] / 2, 2.0))
    cloud = cloud + 0.3 * surfaces.smooth_noise(rng, shape, 3.0, 6.0)
    veil = np.clip(cloud * rng.uniform(0.2, 0.8) + rng.uniform(-0.6, 0.5), 0, 1)[..., None]
    pixels = high + gradient * (low - high)
    pixels = pixels + veil * (rng.uniform(190, 250) - pixels)
    coarse = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    site.picture.paste(coarse.resize((seen[2], seen[3]), Image.Resampling.BILINEAR), (0, 0))
