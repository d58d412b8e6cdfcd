"""Draw one generated street number: wall, sign, characters, light, camera, crop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..._images._crop import (
    Region,
    check_image_size,
    grow_region,
    resize_region,
    square_region,
    union_region,
)
from ..._labels import DIGITS
from . import _camera as camera
from . import _surfaces as surfaces
from ._characters import blend, mount_sign, paint_number
from ._choice import pick
from ._colors import draw_colors, draw_hue
from ._fonts import FontFace, find_fonts
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
# Share of signs of several digits that hang on their side.
_TURNED = 0.01
# Share of numbers with boxes that are far too large on some side.
_CARELESS = 0.1
# Canvas round what the picture shows, in heights of a digit: views are askew, boxes careless, and
# "No" takes room.
_PADDING, _ANNOUNCED_PADDING = 0.6, 2.6
#: Least and largest margin, unless asked otherwise.
MARGIN = (-0.1, 0.3)
# Written beside numbers: street names, "12 A", "No. 7". There is no I, which looks like a 1.
_SIGN_WRITING = "ABCDEFGHJKLMNOPRSTUVWYacdehnorst-.'/"
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

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pictures."""
        return (*self.image_size, 3) if self.color else self.image_size


def scene_settings(
    image_size: tuple[int, int],
    *,
    color: bool,
    alphabet: str = DIGITS,
    margin: tuple[float, float] = MARGIN,
    font_dir: str | PathLike[str] | None = None,
) -> SceneSettings:
    """Return the settings of scenes with numbers of an alphabet."""
    return SceneSettings(
        families=find_fonts(alphabet, font_dir),
        image_size=check_image_size(image_size),
        color=color,
        alphabet=alphabet,
        foreign="".join(c for c in _SIGN_WRITING if c not in alphabet),
        margin=margin,
    )


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
    family = pick(rng, settings.families)
    hand = draw_hand(rng, family, bars=may_be_bars(settings.alphabet))
    is_oblique = rng.random() < _OBLIQUE
    if rng.random() < (_APART_OBLIQUE if is_oblique else _APART):
        hand = set_apart(rng, hand)
    is_near = rng.random() < (_NEAR_OBLIQUE if is_oblique else _NEAR)
    seen_height = rng.uniform(*_NEAR_HEIGHT) if is_near else camera.draw_digit_height(rng)
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
    layers = _paint_scene(rng, lettering, height, max(margin, 0.0))
    scene = _as_picture([layers.luminance, layers.ink, layers.sign][: 3 if settings.color else 1])

    scale = seen_height / height
    turn = 0.0
    if len(number) > 1 and rng.random() < _TURNED:
        turn = rng.choice((-0.5, 0.5)) * math.pi
    for oblique in (is_oblique, False):  # once more if it is all but at the horizon
        if oblique:
            homography = camera.draw_oblique_viewpoint(
                rng, scene.size, scale, turn, steepest=_STEEPEST
            )
        else:
            homography = camera.draw_viewpoint(rng, scene.size, scale, turn)
        seen = camera.view_boxes(lettering.boxes, homography)
        boxes, region = _frame_squares(rng, seen) if squares else _frame_number(rng, seen, margin)
        view = _with_context(region)
        if camera.farthest(homography, view) <= _FARTHEST:
            break
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


def _expose_and_store(rng: np.random.Generator, view: Image.Image) -> Image.Image:
    """Let the camera turn what it sees, `_Layers` or luminance alone, into a picture."""
    seen = np.asarray(view)
    if seen.ndim == 2:
        pixels = camera.expose(rng, seen)
    else:
        luminance = camera.expose(rng, seen[..., 0])
        pixels = _tint(rng, luminance, ink=seen[..., 1:2], sign=seen[..., 2:])
    picture = _as_picture([camera.add_noise(rng, pixels)])
    if rng.random() < 0.5:
        picture = camera.sharpen(rng, picture)
    if rng.random() < 0.85:
        picture = camera.compress(picture, int(rng.triangular(*_QUALITY)))
    return picture


def _as_picture(layers: Sequence[Field]) -> Image.Image:
    pixels = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def _frame_number(
    rng: np.random.Generator, seen: NDArray[np.float64], margin: float
) -> tuple[NDArray[np.float64], Region]:
    """Boxes of characters, and what is kept: their union with a margin, slightly shifted."""
    boxes = _annotate(rng, seen, careless=_CARELESS)
    region = grow_region(union_region(boxes), margin)
    left, right = rng.normal(0, 0.03, 2) * region.width
    top, bottom = rng.normal(0, 0.03, 2) * region.height
    return boxes, Region(
        region.left + left, region.top + top, region.right + right, region.bottom + bottom
    )


def _frame_squares(
    rng: np.random.Generator, seen: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Region]:
    """Boxes of characters, and what is kept: the square about each of them."""
    # Beside its neighbours, a character that is not in the middle could not be told from them.
    boxes = _annotate(rng, seen, careless=0.0)
    side = boxes[:, 2:].max(axis=1, keepdims=True)
    squares = np.hstack([boxes[:, :2] + (boxes[:, 2:] - side) / 2, side, side])
    return boxes, union_region(squares)


def _annotate(
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


def _paint_scene(
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


def _tint(
    rng: np.random.Generator, luminance: Field, ink: NDArray[np.uint8], sign: NDArray[np.uint8]
) -> Field:
    """Colour wall, sign and characters, each in a hue, by the masks (h, w, 1) of the latter two."""
    wall_hue, sign_hue, ink_hue = (draw_hue(rng) for _ in range(3))
    hue = wall_hue + sign * ((sign_hue - wall_hue) / 255)
    hue += ink / np.float32(255) * (ink_hue - hue)
    return luminance[..., np.newaxis] * hue
