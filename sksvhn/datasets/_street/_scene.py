"""Draw one generated street number: wall, sign, characters, light, camera, crop."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..._images._crop import Region, grow_region, resize_region, square_region, union_region
from . import _camera as camera
from . import _surfaces as surfaces
from ._fonts import FontFace
from ._lettering import (
    Lettering,
    Surroundings,
    draw_announced,
    draw_hand,
    letter,
    may_be_bars,
    set_apart,
)
from ._surfaces import Field

# A scene is drawn this many times as large as the camera sees it, within limits, so that strokes
# have clean edges before the lens blurs them.
_OVERSAMPLING = 1.4
_SCENE_HEIGHT = (20.0, 44.0)
_NEAR_SCENE_HEIGHT = 60.0
# ITU-R BT.601, as Pillow converts to grey.
LUMINANCE = (0.299, 0.587, 0.114)
# Share of numbers that are seen from far to the side or below, how steep these are at most, and
# how many of them are photographed from near, and have broad characters far apart.
_OBLIQUE, _STEEPEST = 0.12, 0.35
_NEAR_OBLIQUE, _APART_OBLIQUE = 0.6, 0.4
# Most distance of what is kept of these, in distances of the scene's middle.
_FARTHEST = 3.0
# Share of the others that are photographed from near, which are sharp, and their heights in pixels.
_NEAR = 0.2
_NEAR_HEIGHT = (28.0, 72.0)
# Share of the others with broad characters far apart.
_APART = 0.08
# Share of walls with courses of another shade behind the number.
_COURSES = 0.06
# Share of numbers of polished metal.
_POLISHED = 0.15
# Share of signs of several digits that hang on their side.
_TURNED = 0.01
# Share of numbers with boxes that are far too large on some side.
_CARELESS = 0.1
# Canvas round what the picture shows, in heights of a digit: views are askew, boxes careless, and
# "No" takes room.
_PADDING, _ANNOUNCED_PADDING = 0.6, 2.6
# Least difference of luminance between a number and what it stands on.
_CONTRAST = 0.1
# Least, likeliest and highest quality of JPEG files. Panoramas are compressed hard: where contrast
# is low, their digits are made of a few of its waves.
_QUALITY = (20.0, 50.0, 95.0)
# Margin of a lone character whose square is cropped: so far, things are drawn beside it.
_SQUARE_MARGIN = 1.0
# Pixels that the camera takes round what is kept, so that blur and JPEG blocks know more.
_CONTEXT = 3


class SceneSettings(NamedTuple):
    """Settings of all pictures of a set."""

    families: tuple[tuple[FontFace, ...], ...]
    image_size: tuple[int, int]
    color: bool
    alphabet: str
    #: Characters outside the alphabet that may stand near a number.
    foreign: str
    margin: tuple[float, float]


class StreetNumber(NamedTuple):
    """Picture of a number, and where it comes from."""

    pixels: NDArray[np.uint8]
    #: Left, top, width and height of each character in the whole picture, as SVHN stores them.
    boxes: NDArray[np.float64]
    #: Height and width of the whole picture.
    picture_size: tuple[int, int]
    font: str


class _Layers(NamedTuple):
    """A scene of one colour per layer, before colours are chosen."""

    luminance: Field
    ink: Field
    sign: Field


class Colors(NamedTuple):
    """Luminances of wall, sign and ink."""

    #: Of the wall round a sign.
    wall: float
    #: Of what the number stands on: the sign, or the wall where there is none.
    ground: float
    ink: float


def photograph_number(
    rng: np.random.Generator, number: str, settings: SceneSettings, *, empty: bool = False
) -> StreetNumber:
    """Draw a scene with a number, photograph it, and crop the number from the picture.

    An `empty` scene is the same, cropped to the same place, without any writing.
    """
    picture, boxes, region, font = _photograph(rng, number, settings, empty=empty)
    return StreetNumber(
        resize_region(picture, region, settings.image_size),
        boxes,
        (picture.height, picture.width),
        font,
    )


def photograph_digit(
    rng: np.random.Generator, number: str, settings: SceneSettings
) -> tuple[int, NDArray[np.uint8], str]:
    """Draw a scene with a number and crop one character's square: its position, pixels and font.

    The settings' margin is not used.
    """
    margin = _SQUARE_MARGIN / len(number)
    settings = settings._replace(margin=(margin, margin))
    picture, boxes, _, font = _photograph(rng, number, settings, squares=True)
    position = int(rng.integers(len(number)))
    square = square_region(
        union_region(boxes[position : position + 1]), picture.width, picture.height
    )
    return position, resize_region(picture, square, settings.image_size), font


def _photograph(
    rng: np.random.Generator,
    number: str,
    settings: SceneSettings,
    *,
    squares: bool = False,
    empty: bool = False,
) -> tuple[Image.Image, NDArray[np.float64], Region, str]:
    """Draw and photograph a scene: the picture, its characters' boxes, what to keep, the font.

    What is kept is the number with its margin, or the square about every character.
    """
    family = settings.families[int(rng.integers(len(settings.families)))]
    hand = draw_hand(rng, family, bars=may_be_bars(settings.alphabet))
    is_oblique = rng.random() < _OBLIQUE
    if rng.random() < (_APART_OBLIQUE if is_oblique else _APART):
        hand = set_apart(rng, hand)
    is_near = rng.random() < (_NEAR_OBLIQUE if is_oblique else _NEAR)
    seen_height = rng.uniform(*_NEAR_HEIGHT) if is_near else draw_digit_height(rng)
    highest = _NEAR_SCENE_HEIGHT if is_near else _SCENE_HEIGHT[1]
    height = min(max(seen_height * _OVERSAMPLING, _SCENE_HEIGHT[0]), highest)
    margin = rng.uniform(*settings.margin)
    # The number's width is not known yet: a character is about half as wide as high.
    reach = height * (0.25 * len(number) * margin + 0.05)
    announced = draw_announced(rng, settings.alphabet)
    surroundings = Surroundings(settings.alphabet, settings.foreign, reach, announced)
    padding = round((_ANNOUNCED_PADDING if announced else _PADDING) * height + max(reach, 0.0))
    lettering = letter(rng, number, hand, height, padding, surroundings)
    if empty:
        lettering = lettering._replace(mask=np.zeros_like(lettering.mask))
    layers = paint_scene(rng, lettering, height, max(margin, 0.0))
    scene = _as_picture([layers.luminance, layers.ink, layers.sign][: 3 if settings.color else 1])

    scale = seen_height / height
    turn = 0.0
    if len(number) > 1 and rng.random() < _TURNED:
        turn = rng.choice((-0.5, 0.5)) * math.pi
    frame = partial(frame_squares, rng) if squares else partial(frame_number, rng, margin=margin)
    look = partial(_look, rng, scene.size, lettering.boxes, scale=scale, turn=turn, frame=frame)
    homography, seen, boxes, region = look(oblique=is_oblique)
    view = _with_context(region)
    if camera.farthest(homography, view) > _FARTHEST:  # all but at the horizon
        homography, seen, boxes, region = look(oblique=False)
        view = _with_context(region)
    left, top = int(view.left), int(view.top)
    picture = camera.view_scene(scene, homography, (left, top), (int(view.width), int(view.height)))
    # An upright 1 is narrow, but bears as much blur as other digits.
    digit = np.maximum(np.median(seen[:, 2:] - seen[:, :2], axis=0), 0.3 * seen_height).tolist()
    blur = camera.draw_blur(rng, digit[1], sharp=is_near)
    if not is_near:
        blur = camera.limit_blur(rng, blur, *digit)
    picture = _expose_and_store(rng, camera.defocus(picture, blur))
    boxes[:, :2] -= (left, top)
    region = Region(region.left - left, region.top - top, region.right - left, region.bottom - top)
    return picture, boxes, region, hand.name


def _with_context(region: Region) -> Region:
    """Whole pixels round a region, and some more that filters see."""
    return Region(
        math.floor(region.left) - _CONTEXT,
        math.floor(region.top) - _CONTEXT,
        math.ceil(region.right) + _CONTEXT,
        math.ceil(region.bottom) + _CONTEXT,
    )


def _look(
    rng: np.random.Generator,
    size: tuple[int, int],
    characters: NDArray[np.float64],
    *,
    scale: float,
    turn: float,
    frame: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], Region]],
    oblique: bool,
) -> tuple[camera.Homography, NDArray[np.float64], NDArray[np.float64], Region]:
    """Draw from where a scene is seen, its characters there and their boxes, and what is kept."""
    if oblique:
        homography = camera.draw_oblique_viewpoint(rng, size, scale, turn, steepest=_STEEPEST)
    else:
        homography = camera.draw_viewpoint(rng, size, scale, turn)
    seen = camera.view_boxes(characters, homography)
    return homography, seen, *frame(seen)


def _expose_and_store(rng: np.random.Generator, view: Image.Image) -> Image.Image:
    """Let the camera turn what it sees, `_Layers` or luminance alone, into a picture."""
    seen = np.asarray(view)
    if seen.ndim == 2:
        pixels = camera.expose(rng, seen)
    else:
        luminance = camera.expose(rng, seen[..., 0])
        pixels = tint(rng, luminance, ink=seen[..., 1:2], sign=seen[..., 2:])
    picture = _as_picture([camera.add_noise(rng, pixels)])
    if rng.random() < 0.5:
        picture = camera.sharpen(rng, picture)
    if rng.random() < 0.85:
        picture = camera.compress(picture, int(rng.triangular(*_QUALITY)))
    return picture


def _as_picture(layers: Sequence[Field]) -> Image.Image:
    pixels = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def draw_digit_height(rng: np.random.Generator) -> float:
    """Height of a digit in the camera's picture, in pixels."""
    return min(max(math.exp(rng.normal(math.log(20.0), 0.39)), 8.0), 90.0)


def frame_number(
    rng: np.random.Generator, seen: NDArray[np.float64], *, margin: float
) -> tuple[NDArray[np.float64], Region]:
    """Boxes of characters, and what is kept: their union with a margin, slightly shifted."""
    boxes = annotate(rng, seen, careless=_CARELESS)
    region = grow_region(union_region(boxes), margin)
    left, right = rng.normal(0, 0.03, 2) * region.width
    top, bottom = rng.normal(0, 0.03, 2) * region.height
    return boxes, Region(
        region.left + left, region.top + top, region.right + right, region.bottom + bottom
    )


def frame_squares(
    rng: np.random.Generator, seen: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Region]:
    """Boxes of characters, and what is kept: the square about each of them."""
    # Beside its neighbours, a character that is not in the middle could not be told from them.
    boxes = annotate(rng, seen, careless=0.0)
    side = boxes[:, 2:].max(axis=1, keepdims=True)
    squares = np.hstack([boxes[:, :2] + (boxes[:, 2:] - side) / 2, side, side])
    return boxes, union_region(squares)


def annotate(
    rng: np.random.Generator, seen: NDArray[np.float64], *, careless: float
) -> NDArray[np.float64]:
    """Boxes (left, top, width, height) as a person would draw them round characters.

    `careless` is the share of numbers with boxes that are far too large on some side.
    """
    heights = (seen[:, 3] - seen[:, 1])[:, None]
    slack = rng.uniform(0.0, 0.12) + rng.normal(0, 0.03, seen.shape)
    if rng.random() < careless:
        slack = slack + np.minimum(rng.exponential(0.25, 4), 0.6)
    corners = seen + heights * slack * (-1, -1, 1, 1)
    size = np.maximum(corners[:, 2:] - corners[:, :2], 1.0)
    return np.concatenate([corners[:, :2], size], axis=1).round()


def paint_scene(
    rng: np.random.Generator, lettering: Lettering, digit: float, margin: float
) -> _Layers:
    """Mount the number on a wall and let light fall on it.

    The larger the margin, the more of what is beside the number is seen.
    """
    shape = lettering.mask.shape
    colors = draw_colors(rng, least=_CONTRAST)
    texture = rng.gamma(1.2, 0.03)
    has_sign = rng.random() < 0.45
    ground = colors.wall if has_sign else colors.ground
    scene = ground + texture * surfaces.wall(rng, shape, digit)
    if rng.random() < _COURSES:
        scene += surfaces.courses(rng, shape, lettering.boxes, digit) * rng.normal(0, 0.2)
    for _ in range(int(rng.integers(-2, 3) + rng.poisson(2 * margin))):
        band = surfaces.side_band(rng, shape, lettering.boxes, digit)
        scene += band * rng.normal(0, 0.3)
    sign = np.zeros(shape, np.float32)
    if has_sign:
        scene, sign = mount_sign(rng, scene, lettering, digit, colors)
    scene = paint_number(rng, scene, lettering, digit, colors)
    if rng.random() < 0.06:
        scene = blend(scene, surfaces.screws(rng, shape, lettering.boxes, digit), rng.random())
    if rng.random() < 0.04:
        scene = blend(scene, surfaces.branches(rng, shape, digit), rng.random())
    if rng.random() < 0.5:
        scene *= surfaces.uneven_light(rng, shape)
    if rng.random() < 0.1:
        scene *= surfaces.cast_shadow(rng, shape, digit)
    return _Layers(scene, lettering.mask, sign)


def draw_colors(rng: np.random.Generator, *, least: float) -> Colors:
    """Luminances of wall, sign and ink, which differs from the sign's by `least` or more."""
    if rng.random() < 0.04:  # a lamp in the night
        wall, ground = rng.uniform(0.01, 0.1, 2)
        return Colors(wall=wall, ground=ground, ink=rng.uniform(0.4, 1.0))
    ground = 0.05 + 0.9 * rng.beta(1.7, 1.9)
    contrast = least + rng.gamma(1.7, 0.15)
    up = rng.random() < (0.85 - ground)
    ink = ground + contrast if up else ground - contrast
    if not 0 <= ink <= 1:
        ink = min(max(2 * ground - ink, 0.02), 0.98)
    return Colors(wall=min(max(ground + rng.normal(0, 0.25), 0.03), 0.97), ground=ground, ink=ink)


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
        return carved(rng, scene, mask, digit, colors)
    if rng.random() < 0.12:
        mask = worn(rng, mask, digit)
    if rng.random() < 0.04:
        mask = stenciled(rng, mask, lettering.boxes, digit)
    if rng.random() < 0.05:
        mask = hollow(mask, digit * rng.uniform(0.03, 0.06))
    if rng.random() < 0.25:
        scene = drop_shadow(rng, scene, mask, digit)
    if rng.random() < 0.04:
        scene = scene + rng.uniform(0.3, 1.2) * surfaces.blur(mask, digit * rng.uniform(0.05, 0.4))
    if rng.random() < 0.12:
        scene = extruded(rng, scene, mask, digit, colors)
    if rng.random() < 0.12:
        value = colors.ink + (colors.ground - colors.ink) * rng.uniform(0.4, 2.0)
        scene = outlined(scene, mask, digit * rng.uniform(0.02, 0.09), value)
    ink: float | Field = colors.ink
    if kind < 0.4:
        ink = colors.ink + rng.gamma(1.2, 0.04) * surfaces.smooth_noise(rng, mask.shape, digit)
    elif kind > 1 - _POLISHED:
        ink = polished(rng, mask.shape, digit, colors)
    scene = blend(scene, mask, ink)
    if rng.random() < 0.25:
        scene = scene + beveled(rng, mask, digit)
    return scene


def polished(
    rng: np.random.Generator, shape: surfaces.Shape, digit: float, colors: Colors
) -> Field:
    """Metal that mirrors its surroundings: parts of it are as bright as what it stands on."""
    cell = digit * rng.uniform(0.35, 1.2)
    # Often in bands, sky above and street below.
    mirrored = surfaces.smooth_noise(rng, shape, cell, cell * math.exp(rng.uniform(0, 2)))
    share = np.clip(rng.uniform(0.1, 0.5) + rng.uniform(0.2, 0.6) * mirrored, -0.3, 1)
    return (colors.ink + share * (colors.ground - colors.ink)).astype(np.float32)


def worn(rng: np.random.Generator, mask: Field, digit: float) -> Field:
    """Paint with places where it has come off."""
    holes = surfaces.smooth_noise(rng, mask.shape, digit * rng.uniform(0.06, 0.3))
    return (mask * np.clip(1.6 + 1.5 * holes, rng.uniform(0, 0.6), 1)).astype(np.float32)


def stenciled(
    rng: np.random.Generator, mask: Field, boxes: NDArray[np.float64], digit: float
) -> Field:
    """Cut a bridge through the middle of every character, as stencils need."""
    cut = mask.copy()
    breadth = max(round(digit * rng.uniform(0.05, 0.09)), 1)
    for left, top, right, bottom in boxes.astype(int):
        middle = (left + right - breadth) // 2
        cut[max(top, 0) : bottom, max(middle, 0) : middle + breadth] = 0
    return cut


def hollow(mask: Field, thickness: float) -> Field:
    """Outline of the characters, without their inside."""
    inside = np.clip(2 * surfaces.blur(mask, thickness) - 1, 0, 1)
    return np.clip(mask - 1.6 * inside, 0, 1)


def drop_shadow(rng: np.random.Generator, scene: Field, mask: Field, digit: float) -> Field:
    """Shadow on the wall of characters in front of it."""
    reach = 0.06 if rng.random() < 0.8 else 0.16  # of characters on pins
    dx, dy = (digit * rng.normal(0, reach, 2)).round().astype(int)
    shadow = surfaces.shifted(surfaces.blur(mask, digit * rng.uniform(0.01, 0.08)), dx, abs(dy))
    return scene * (1 - rng.uniform(0.2, 0.7) * shadow)


def extruded(
    rng: np.random.Generator, scene: Field, mask: Field, digit: float, colors: Colors
) -> Field:
    """Sides of characters cut from thick material."""
    side = colors.ink + (colors.ground - colors.ink) * rng.uniform(0.3, 1.3)
    dx, dy = int(rng.integers(-1, 2)), int(rng.integers(-1, 2))
    depth = max(round(digit * rng.uniform(0.02, 0.1)), 1)
    body = mask
    for step in range(1, depth + 1):
        body = np.maximum(body, surfaces.shifted(mask, step * dx, step * dy))
    return blend(scene, body, side)


def outlined(scene: Field, mask: Field, thickness: float, value: float) -> Field:
    """Draw a line of another shade round the characters."""
    return blend(scene, np.clip(3 * surfaces.blur(mask, thickness), 0, 1), value)


def beveled(rng: np.random.Generator, mask: Field, digit: float) -> Field:
    """Bright and dark edges of embossed or engraved characters, to be added."""
    height = surfaces.blur(mask, digit * rng.uniform(0.02, 0.06))
    dx, dy = (1, 1) if rng.random() < 0.5 else (int(rng.integers(-1, 2)), 1)
    relief = height - surfaces.shifted(height, dx, dy)
    return rng.normal(0, 0.9) * relief


def carved(
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


def tint(
    rng: np.random.Generator, luminance: Field, ink: NDArray[np.uint8], sign: NDArray[np.uint8]
) -> Field:
    """Colour wall, sign and characters, each in a hue, by the masks (h, w, 1) of the latter two."""
    wall_hue, sign_hue, ink_hue = (draw_hue(rng) for _ in range(3))
    hue = wall_hue + sign * ((sign_hue - wall_hue) / 255)
    hue += ink / np.float32(255) * (ink_hue - hue)
    return luminance[..., np.newaxis] * hue


def draw_hue(rng: np.random.Generator) -> Field:
    """Red, green and blue of luminance 1: greys, browns and blues, seldom green."""
    strong = rng.random() < 0.25
    warmth = rng.normal(-0.02, 0.35 if strong else 0.09)
    greenness = rng.normal(0.0, 0.07 if strong else 0.02)
    rgb: Field = np.exp([0.75 * warmth - greenness, greenness, -1.1 * warmth - greenness])
    return (rgb / np.dot(rgb, LUMINANCE)).astype(np.float32)
