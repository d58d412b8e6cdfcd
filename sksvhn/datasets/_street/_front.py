"""Draw one generated street scene: a front, its numbers, other writing, light and camera."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from . import _camera as camera
from . import _surfaces as surfaces
from . import _writing as writing
from ._buildings import FrontSettings, Kind, Number, overlap, paint_front
from ._choice import pick
from ._handwriting import draw_pen
from ._lettering import draw_announced, draw_hand, may_be_bars, set_apart
from ._nature import sky_color
from ._paint import Box, Site, darker, draw_color

# Shares of pictures without a number, and of others that are close-ups or show whole buildings.
_WITHOUT_NUMBER = 0.17
_NEAR, _WIDE = 0.35, 0.35
# Share of other pictures whose numbers are large.
_LARGE = 0.4
# Share of close-ups that show nothing else but what the number is written on.
_SHEET = 0.12
# Share of numbers with another one in the same picture.
_ANOTHER = 0.35
# Share of pictures that are taken from far to the side or below, how steep these are at most, and
# how much they show beyond the canvas on any side, as a share of it.
_OBLIQUE, _STEEPEST, _BEYOND = 0.45, 0.5, 0.4
# Share of numbers whose characters are far apart.
_FAR_APART = 0.35
# Share of scenes behind beams or poles, and how broad these are, in heights of a character.
_BEHIND_BEAMS, _BEAM = 0.06, (0.04, 0.22)
# Numbers are at least this high, as a share of the picture's height and in pixels.
_LEAST_HEIGHT, _LEAST_PIXELS = 12 / 384, 8.0
# What the camera sees of the smallest number and of its characters at least, in its own pixels:
# height and width.
_LEAST_SEEN, _LEAST_WIDTH = 9.0, 2.0
# Difference between characters and their ground in the final picture, of 255 in some channel.
_LEAST_CONTRAST = 32.0
# Scenes whose brightest value, of 255, is below it are exposed for longer.
_DARK = 120
# Most tries to draw a scene, to expose it, and to find a number's place.
_SCENES, _EXPOSURES, _PLACES = 6, 4, 8
# What must be seen of a number, and of each of its characters.
_VISIBLE, _CHARACTER_VISIBLE = 0.75, 0.5
# Canvas over what the camera sees of it: views are askew.
_BREADTH, _HEIGHT = 1.3, 1.12
# Least coverage by ink, of 255, within the box of a number.
_IS_INK = 90
# People draw boxes so far from the ink, in heights of a character: the mean of what `_scene` draws.
_SLACK = 0.06


class Front(NamedTuple):
    """Photograph of a house front, and the numbers on it."""

    pixels: NDArray[np.uint8]
    numbers: list[str]
    #: Left, top, width and height of each character in the picture, number by number.
    boxes: list[NDArray[np.float64]]
    fonts: list[str]


class _View(NamedTuple):
    """What the camera sees of a canvas."""

    homography: camera.Homography
    #: Width and height of the canvas.
    canvas: tuple[int, int]
    #: Width and height of the camera's picture, whose upper left corner is `origin`.
    size: tuple[int, int]
    origin: tuple[int, int]

    def places(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Boxes of the canvas in the camera's picture: left, top, right, bottom."""
        return camera.view_boxes(boxes, self.homography) - (*self.origin, *self.origin)

    def places_of(self, number: Number) -> NDArray[np.float64]:
        """Boxes of a number's characters in the camera's picture, whether it shows them or not."""
        return self.places(number.lettering.boxes + np.tile(number.corner, 2))

    def shows(self, box: Box) -> bool:
        """Whether the whole of a box is on the canvas and in the camera's picture."""
        seen = self.places(np.array([box], dtype=np.float64))[0]
        return self.has(box) and bool((seen >= 0).all() and (seen[2:] <= self.size).all())

    def has(self, box: Box) -> bool:
        """Whether the whole of a box is on the canvas, within its edge."""
        width, height = self.canvas
        return min(box) >= 1 and box[2] < width and box[3] < height


class _Plan(NamedTuple):
    """What kind of picture is taken."""

    #: Texts of the numbers, and their heights as shares of the picture's height.
    texts: tuple[str, ...]
    heights: tuple[float, ...]
    kind: Kind
    #: Pixels of the camera for a pixel of the picture.
    resolution: float
    #: Height in metres of a number that is as high as the first.
    digit_size: float
    is_sharp: bool
    at_night: bool


def draw_count(rng: np.random.Generator, most: int) -> int:
    """Draw how many numbers a picture is to show at most."""
    n = int(rng.random() >= _WITHOUT_NUMBER) if most else 0
    while 0 < n < most and rng.random() < _ANOTHER:
        n += 1
    return n


def photograph_front(
    rng: np.random.Generator, numbers: tuple[str, ...], settings: FrontSettings
) -> Front:
    """Draw a house front with `numbers`, or with some of them, and photograph it.

    A close-up mostly shows the first. Numbers that find no room are left out.
    """
    front, tries = None, 0
    while front is None:
        # Without a number, none is illegible.
        texts = numbers if tries < _SCENES else ()
        front = _photograph(rng, _draw_plan(rng, texts, settings.image_size), settings)
        tries += 1
    return front


def _draw_plan(
    rng: np.random.Generator, texts: tuple[str, ...], image_size: tuple[int, int]
) -> _Plan:
    name: Kind
    kind = rng.random()
    least = _least_height(image_size[0])
    if kind < _NEAR:
        name, low, high = ("sheet" if rng.random() < _SHEET else "near"), 0.11, 0.5
        texts = texts if rng.random() < 0.2 else texts[:1]
        size = rng.uniform(0.06, 0.22)
    elif kind < 1 - _WIDE:
        name, low, high = "middle", 0.045, 0.18
        size = rng.uniform(0.08, 0.3)
    else:
        name, low, high = "wide", least, 0.16
        size = rng.uniform(0.25, 1.2)
    is_large = name in ("middle", "wide") and rng.random() < _LARGE
    if is_large:  # as architects write them on walls
        low, high, size = 0.1, 0.45, 3 * size
    low, high = max(low, least), max(high, 1.1 * least)
    heights = tuple(
        math.exp(rng.uniform(math.log(low), math.log(high))) for _ in range(len(texts) or 1)
    )
    pixels = min(heights) * image_size[0]
    is_sharp = name == "wide" or rng.random() < (0.7 if is_large else 0.3)
    resolution = 1.0
    if not is_sharp:
        seen = (0.8 if name == "middle" else 1.0) * camera.draw_digit_height(rng)
        resolution = min(max(seen, _LEAST_SEEN) / pixels, 1.0)
    return _Plan(
        texts=texts,
        heights=heights,
        kind=name,
        resolution=resolution,
        digit_size=size,
        is_sharp=is_sharp,
        at_night=bool(texts) and rng.random() < 0.04,
    )


def _least_height(height: int) -> float:
    """Least height of a number, as a share of that of the picture."""
    return min(max(_LEAST_HEIGHT, _LEAST_PIXELS / height), 0.4)


def _photograph(rng: np.random.Generator, plan: _Plan, settings: FrontSettings) -> Front | None:
    """Draw and photograph a scene; None if a number has no room or cannot be read."""
    height, width = (max(round(n * plan.resolution), 8) for n in settings.image_size)
    size = (math.ceil(width * _BREADTH), math.ceil(height * _HEIGHT))
    view = _draw_view(rng, size, (width, height))
    numbers = _place_numbers(rng, plan, view, settings)
    if len(numbers) < min(len(plan.texts), 1):
        return None
    digit = numbers[0].digit if numbers else plan.heights[0] * height
    picture = Image.new("RGB", size)
    ink = Image.new("L", size)
    site = Site(picture, ImageDraw.Draw(picture), ink, digit / plan.digit_size, view.shows)
    if not paint_front(rng, site, plan.kind, numbers, settings, at_night=plan.at_night):
        return None
    if rng.random() < _BEHIND_BEAMS:
        smallest = min([number.digit for number in numbers], default=digit)
        _paint_beams(rng, site, smallest, at_night=plan.at_night)
    _light(rng, site, digit)
    _paint_beyond(rng, site, at_night=plan.at_night)
    # Of a picture with an alpha channel, Pillow would drop what is transparent.
    picture = Image.merge("CMYK", (*picture.split(), ink))
    seen = camera.view_scene(picture, view.homography, view.origin, view.size)
    return _develop(rng, seen, plan, numbers, view, settings.image_size)


def _draw_view(rng: np.random.Generator, canvas: tuple[int, int], size: tuple[int, int]) -> _View:
    """Draw from where the camera sees the middle of a canvas, and whether its edges as well."""
    turn = float(np.clip(rng.normal(0, 0.28), -0.75, 0.75)) if rng.random() < 0.35 else 0.0
    if rng.random() < _OBLIQUE:
        homography = camera.draw_oblique_viewpoint(rng, canvas, 1.0, turn, steepest=_STEEPEST)
        beyond = _BEYOND
    else:
        homography, beyond = camera.draw_viewpoint(rng, canvas, 1.0, turn), 0.0
    width, height = size
    x, y = width / 2, height / 2
    corners = np.array([[-x, x, x, -x], [-y, -y, y, y], [1, 1, 1, 1]])
    scale = 0.9
    for _ in range(30):
        back = np.linalg.inv(np.diag((scale, scale, 1)) @ homography) @ corners
        places = back[:2] / back[2]
        shares = places.T / canvas
        if (back[2] > 0).all() and (shares >= -beyond).all() and (shares <= 1 + beyond).all():
            break
        scale *= 1.05
    homography = np.diag((scale, scale, 1)) @ homography
    return _View(homography, canvas, size, (-(width // 2), -(height // 2)))


def _place_numbers(
    rng: np.random.Generator, plan: _Plan, view: _View, settings: FrontSettings
) -> list[Number]:
    """Find places for the numbers, apart from each other, on the canvas and in the picture."""
    numbers: list[Number] = []
    width, height = view.size
    to_canvas = np.linalg.inv(view.homography)
    family = pick(rng, settings.families)
    least = _least_height(settings.image_size[0]) * height
    bars = may_be_bars(settings.alphabet)
    for i, text in enumerate(plan.texts):
        for attempt in range(_PLACES):
            place = rng.uniform(0.02, 0.98, 2)
            if plan.kind in ("near", "sheet") and rng.random() < 0.6:
                place = np.clip(rng.normal(0.5, 0.12, 2), 0.1, 0.9)
            x, y = place * (width, height) + view.origin
            ends = to_canvas @ np.array([[x, x], [y - 0.5, y + 0.5], [1, 1]])
            (x0, x1), (y0, y1) = ends[:2] / ends[2]
            digit = plan.heights[i] * height * math.hypot(x1 - x0, y1 - y0)
            digit *= 0.87**attempt if len(text) > 2 else 1.0
            digit = max(digit, _LEAST_SEEN / 2)
            hand = draw_hand(rng, family, bars=bars)
            if rng.random() < _FAR_APART:
                hand = set_apart(rng, hand)
            if plan.kind == "sheet" and bars and hand.pen is None and rng.random() < 0.8:
                hand = hand._replace(pen=draw_pen(rng), direction="row")
            padding = 0.75 * digit + 0.15 * len(text) * digit
            announced = draw_announced(rng, settings.alphabet)
            padding += 1.5 * digit if announced else 0.0
            lettering = writing.lay_text(rng, text, hand, digit, padding, announced=announced)
            corner = (
                round((x0 + x1 - lettering.mask.shape[1]) / 2),
                round((y0 + y1 - lettering.mask.shape[0]) / 2),
            )
            number = Number(text, hand, lettering, corner, digit)
            apart = all(not _touch(number, other) for other in numbers)
            if apart and view.has(number.box) and _is_visible(number, view, least):
                numbers.append(number)
                break
    return numbers


def _touch(one: Number, other: Number) -> bool:
    return overlap(one.box, other.box, 1.3 * max(one.digit, other.digit))


def _is_visible(number: Number, view: _View, least: float) -> bool:
    """Whether enough of a number, and of each character, is in the picture, and large enough."""
    places = view.places_of(number)
    clipped = np.clip(places, 0, (*view.size, *view.size))
    shares = _areas(clipped) / _areas(places)
    whole, seen = _union(places)[None], _union(clipped)[None]
    widths, heights = (places[:, 2:] - places[:, :2]).T
    return bool(
        shares.min() >= _CHARACTER_VISIBLE
        and _areas(seen)[0] >= _VISIBLE * _areas(whole)[0]
        and heights.max() >= least
        and widths.min() >= _LEAST_WIDTH
    )


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    areas: NDArray[np.float64] = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return areas


def _union(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _develop(
    rng: np.random.Generator,
    seen: Image.Image,
    plan: _Plan,
    numbers: list[Number],
    view: _View,
    image_size: tuple[int, int],
) -> Front | None:
    """Take the picture so that all numbers can be read; the fourth channel is their ink."""
    *rgb, ink = seen.split()
    seen = Image.merge("RGB", rgb)
    coverage = np.asarray(ink)
    boxes = [_boxes(number, view, coverage) for number in numbers]
    if not all(map(_is_whole, boxes, (view.places_of(number) for number in numbers))):
        return None
    # The smallest number limits the blur. An upright 1 is narrow, but bears as much as others.
    sizes = [np.median(place[:, 2:] - place[:, :2], axis=0) for place in boxes]
    width, height = np.min(sizes, axis=0).tolist() if sizes else (20.0, 20.0)
    radius = camera.draw_blur(rng, height, sharp=plan.is_sharp)
    if not plan.is_sharp or rng.random() < 0.6:
        radius = camera.limit_blur(rng, radius, max(width, 0.3 * height), height)
        seen = camera.defocus(seen, radius)
    brightest = int(np.asarray(seen).max())
    if brightest < _DARK:
        seen = seen.point([value * _DARK // max(brightest, 1) for value in range(256)] * 3)
    for _ in range(_EXPOSURES):
        pixels = camera.add_noise(rng, camera.expose(rng, np.asarray(seen)))
        picture = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
        if rng.random() < 0.3:
            picture = camera.sharpen(rng, picture)
        if rng.random() < 0.7:
            picture = camera.compress(picture, int(rng.integers(50, 92)))
        taken = np.asarray(picture)
        if all(_is_legible(taken, coverage, _union(place)) for place in boxes):
            break
    else:
        return None
    height, width = image_size
    if picture.size != (width, height):
        smooth = Image.Resampling.BICUBIC if rng.random() < 0.6 else Image.Resampling.BILINEAR
        picture = picture.resize((width, height), smooth)
    scale = np.array((width, height) * 2) / (*view.size, *view.size)
    return Front(
        np.asarray(picture),
        [number.text for number in numbers],
        [_annotate(place * scale, (width, height)) for place in boxes],
        [number.hand.name for number in numbers],
    )


def _annotate(tight: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes (left, top, width, height) as people draw them, within a picture of that size."""
    slack = _SLACK * (tight[:, 3:] - tight[:, 1:2])
    corners = np.clip(tight + slack * (-1, -1, 1, 1), 0, (*size, *size))
    return np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)


def _is_whole(boxes: NDArray[np.float64], places: NDArray[np.float64]) -> bool:
    """Whether the ink reaches to the outer characters: what is seen from the side may vanish."""
    return bool((_areas(boxes) >= _CHARACTER_VISIBLE * _areas(places)).all())


def _boxes(number: Number, view: _View, coverage: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Boxes of a number's characters in the camera's picture, close to the ink it shows."""
    places = np.clip(view.places_of(number), 0, (*view.size, *view.size))
    left, top, right, bottom = _union(places)
    x0, y0 = math.floor(left), math.floor(top)
    part = coverage[y0 : math.ceil(bottom), x0 : math.ceil(right)] >= _IS_INK
    columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
    if len(columns) and len(rows):
        left, right = max(left, x0 + columns[0]), min(right, x0 + columns[-1] + 1.0)
        top, bottom = max(top, y0 + rows[0]), min(bottom, y0 + rows[-1] + 1.0)
    tight: NDArray[np.float64] = np.clip(
        places, (left, top, left, top), (right, bottom, right, bottom)
    )
    return tight


def _is_legible(
    taken: NDArray[np.uint8], coverage: NDArray[np.uint8], place: NDArray[np.float64]
) -> bool:
    """Whether a number stands out from its ground, and from the ground's roughness."""
    left, top = np.floor(place[:2]).astype(int)
    right, bottom = np.ceil(place[2:]).astype(int)
    part = slice(top, bottom), slice(left, right)
    pixels, ink = taken[part].astype(np.float32), coverage[part] / np.float32(255)
    ground = pixels[ink < 0.1]
    roughness = float(ground.std(axis=0).mean()) if len(ground) else 0.0
    return writing.contrast(pixels, ink) >= max(_LEAST_CONTRAST, roughness)


def _paint_beyond(rng: np.random.Generator, site: Site, *, at_night: bool) -> None:
    """Paint the edge of the canvas, which the camera's view repeats: sky, ground, other houses."""
    right, bottom = site.picture.width - 1, site.picture.height - 1
    corners = ((0, 0), (right, 0), (right, bottom), (0, bottom), (0, 0))
    color = sky_color(rng)
    for edge in pairwise(corners):
        if rng.random() < 0.3:
            color = draw_color(rng) if rng.random() < 0.5 else sky_color(rng)
        site.draw.line(edge, darker(color, 0.15) if at_night else color, 1)


def _paint_beams(rng: np.random.Generator, site: Site, digit: float, *, at_night: bool) -> None:
    """Paint beams between camera and front; they are slanted: none alone hides a character."""
    width, height = site.picture.size
    color = darker(draw_color(rng), 0.15) if at_night else draw_color(rng)
    breadth = max(round(digit * rng.uniform(*_BEAM)), 1)
    for _ in range(int(rng.integers(1, 5))):
        x, slope = rng.uniform(-0.3, 1.3) * width, rng.choice((-1, 1)) * rng.uniform(0.7, 2.0)
        line = (x - slope * height / 2, 0, x + slope * height / 2, height)
        site.draw.line(line, color, breadth)


def _light(rng: np.random.Generator, site: Site, digit: float) -> None:
    """Let light fall unevenly on the whole scene."""
    width, height = site.picture.size
    shape = (height // 2 + 1, width // 2 + 1)
    light = np.ones(shape, np.float32)
    if rng.random() < 0.5:
        light *= surfaces.uneven_light(rng, shape)
    if rng.random() < 0.3:
        light *= surfaces.cast_shadow(rng, shape, rng.uniform(0.5, 2) * digit)
    if rng.random() < 0.3:  # of the lens
        y, x = np.linspace(-1, 1, shape[0])[:, None], np.linspace(-1, 1, shape[1])[None, :]
        light *= (1 - rng.uniform(0.05, 0.3) * (x**2 + y**2)).astype(np.float32)
    coarse = Image.fromarray((light * (255 / light.max())).astype(np.uint8))
    factor = coarse.resize(site.picture.size, Image.Resampling.BILINEAR)
    site.picture.paste(ImageChops.multiply(site.picture, Image.merge("RGB", [factor] * 3)))
