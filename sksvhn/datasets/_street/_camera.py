"""Camera of a generated scene: viewpoint, lens, exposure, sensor and compression."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from ..._images._crop import Region
from ._surfaces import Field, smooth_noise

Homography = NDArray[np.float64]

# How much nearer than its middle a scene's nearest corner may be, as a share of the middle's
# distance: at 1, the farthest corner would lie on the horizon.
_STEEPEST = 0.25


def draw_digit_height(rng: np.random.Generator) -> float:
    """Height of a digit in the camera's picture, in pixels."""
    return min(max(math.exp(rng.normal(math.log(20.0), 0.39)), 8.0), 90.0)


def draw_viewpoint(
    rng: np.random.Generator, size: tuple[int, int], scale: float, turn: float
) -> Homography:
    """Draw a view of a flat scene of `size`: the homography (3, 3) from scene to picture.

    `turn` is an angle in radians that is added to the drawn one.
    """
    width, height = size
    angle = rng.normal(0, 0.035) if rng.random() < 0.85 else rng.normal(0, 0.12)
    # Houses are passed, not faced: numbers are foreshortened in x.
    shear_x, shear_y, squeeze = rng.normal((0, 0, -0.15), (0.05, 0.05, 0.1))
    tilt_x, tilt_y = rng.normal(0, 0.06, 2)
    if rng.random() < 0.12:  # from below, or from close to the wall
        more = rng.normal((0, 0, -0.1), (0.1, 0.25, 0.2))
        shear_x, shear_y, squeeze = np.add((shear_x, shear_y, squeeze), more)
        tilt_x, tilt_y = rng.normal(0, 0.18, 2)
    angle += turn
    cos, sin = math.cos(angle), math.sin(angle)
    squeeze = math.exp(squeeze)
    # About the scene's centre: squeeze and shear, rotate, tilt, scale.
    turned = np.array([[cos, -sin], [sin, cos]]) @ np.array([[squeeze, shear_x], [shear_y, 1]])
    tilt = np.array([tilt_x / (width / 2), tilt_y / (height / 2)])
    corners = turned @ [[width / 2, width / 2], [height / 2, -height / 2]]
    tilt *= min(1.0, _STEEPEST / np.abs(tilt @ corners).max())
    view = np.eye(3)
    view[:2, :2], view[2, :2] = scale * turned, tilt @ turned
    view = view @ np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    return view / view[2, 2]


def draw_oblique_viewpoint(
    rng: np.random.Generator,
    size: tuple[int, int],
    scale: float,
    turn: float,
    *,
    steepest: float,
) -> Homography:
    """Draw a view from far to the side and, mostly, from below, as `draw_viewpoint`.

    `steepest` is how much nearer than its middle the nearest corner may be, as a share.
    """
    width, height = size
    yaw = rng.choice((-1, 1)) * math.radians(rng.triangular(0, 35, 65))
    upwards = math.radians(rng.triangular(-15, 5, 45))
    roll = rng.normal(0, 0.15) + turn
    turned = _rotation(2, roll) @ _rotation(0, -upwards) @ _rotation(1, yaw)
    depth = float(np.abs(turned[2, :2]) @ (width / 2, height / 2))
    distance = max(width * math.exp(rng.uniform(-0.4, 1.2)), depth / steepest)
    view = np.column_stack([turned[:, :2], (0, 0, distance)])
    view[2] /= scale * distance
    view = view @ np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    return view / view[2, 2]


def _rotation(axis: int, angle: float) -> NDArray[np.float64]:
    """Rotation by an angle in radians about one of the axes x, y (down) and z (away)."""
    i, j = (k for k in range(3) if k != axis)
    rotation = np.eye(3)
    rotation[[i, j], [i, j]] = math.cos(angle)
    rotation[i, j], rotation[j, i] = -math.sin(angle), math.sin(angle)
    return rotation


def view_boxes(boxes: NDArray[np.float64], homography: Homography) -> NDArray[np.float64]:
    """Where boxes (left, top, right, bottom) of a scene lie in its picture."""
    xs, ys = boxes[:, [0, 2, 2, 0]], boxes[:, [1, 1, 3, 3]]
    x, y, z = (a * xs + b * ys + c for a, b, c in homography)
    x, y = x / z, y / z
    return np.stack([x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)], axis=1)


def farthest(homography: Homography, region: Region) -> float:
    """Distance of the farthest corner of a region of the picture, over that of the origin.

    It is infinite at the horizon and beyond.
    """
    xs = (region.left, region.right, region.right, region.left)
    ys = (region.top, region.top, region.bottom, region.bottom)
    # On the way back to the scene, the last coordinate is the reciprocal of a distance.
    nearness = np.linalg.inv(homography)[2]
    least = float((nearness @ (xs, ys, (1, 1, 1, 1))).min() / nearness[2])
    return 1 / least if least > 0 else math.inf


def view_scene(
    scene: Image.Image, homography: Homography, origin: tuple[int, int], size: tuple[int, int]
) -> Image.Image:
    """Part of a scene's picture at `origin` (left, top) and of `size` (width, height).

    `homography` maps the scene to the picture; the edges of the scene are repeated.
    """
    left, top = origin
    back = np.linalg.inv(homography) @ np.array([[1.0, 0, left], [0, 1, top], [0, 0, 1]])
    corners = back @ np.array([[0, size[0], size[0], 0], [0, 0, size[1], size[1]], [1, 1, 1, 1]])
    lowest = (corners[:2] / corners[2]).min(axis=1)
    highest = (corners[:2] / corners[2]).max(axis=1)
    missing = math.ceil(max(*-lowest, *(highest - scene.size), 0.0)) + 1
    if missing > 1:
        bands = [np.pad(np.asarray(band), missing, mode="edge") for band in scene.split()]
        scene = Image.merge(scene.mode, [Image.fromarray(band) for band in bands])
        back = np.array([[1.0, 0, missing], [0, 1, missing], [0, 0, 1]]) @ back
    back = back / back[2, 2]
    return scene.transform(
        size, Image.Transform.PERSPECTIVE, back.ravel()[:8], Image.Resampling.BILINEAR
    )


def draw_blur(
    rng: np.random.Generator, height: float, *, sharp: bool = False
) -> tuple[float, float]:
    """Draw standard deviations in x and y of lens and motion blur, in pixels."""
    # Unless sharp, near numbers are large and blurred: their pixels come from a stitched panorama.
    if sharp:
        radius = 0.5 * math.exp(rng.normal(0, 0.4))
        return radius, radius
    radius = 1.05 * (height / 20) ** 0.35 * math.exp(rng.normal(0, 0.28))
    if rng.random() < 0.25:
        motion = rng.uniform(1.2, 2.5)
        return (radius * motion, radius) if rng.random() < 0.6 else (radius, radius * motion)
    return radius, radius


def limit_blur(
    rng: np.random.Generator, radius: tuple[float, float], width: float, height: float
) -> tuple[float, float]:
    """Limit standard deviations in x and y so that digits of such a size stay just legible."""
    most = rng.uniform(0.1, 0.17)
    return min(radius[0], most * width), min(radius[1], 0.6 * most * height)


def defocus(picture: Image.Image, radius: tuple[float, float]) -> Image.Image:
    """Blur by standard deviations in x and y, in pixels."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


def sharpen(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Sharpen as cameras do, which leaves halos."""
    mask = ImageFilter.UnsharpMask(rng.uniform(1.0, 2.5), int(rng.integers(40, 200)), 0)
    return picture.filter(mask)


def expose(rng: np.random.Generator, luminance: NDArray[np.uint8]) -> Field:
    """Apply gamma, gain and, sometimes, over-exposure or haze; return values in about [0, 1].

    Contrast has a floor and highlights are compressed: people could read all of SVHN's numbers.
    """
    gamma, gain = np.exp(rng.normal(0, (0.15, 0.08)))
    curve = gain * np.linspace(0, 1, 256) ** gamma
    if rng.random() < 0.06:
        curve *= rng.uniform(1.1, 1.7)
    if rng.random() < 0.1:
        haze = rng.uniform(0.1, 0.5)
        curve = curve * (1 - haze) + haze * rng.uniform(0.3, 0.9)
    curve = np.where(curve > 0.75, 0.75 + 0.25 * np.tanh(4 * (curve - 0.75)), curve)
    counts = np.bincount(luminance.ravel(), minlength=256) / luminance.size
    mean = counts @ curve
    contrast = math.sqrt(counts @ (curve - mean) ** 2)
    floor = rng.uniform(0.045, 0.08)
    if contrast < floor:
        curve = mean + (curve - mean) * (floor / max(contrast, 0.005))
    exposed: Field = curve.astype(np.float32)[luminance]
    return exposed


def add_noise(rng: np.random.Generator, pixels: Field) -> Field:
    """Sensor noise, over one pixel or smeared over a few; pixels in [0, 1]."""
    strength = rng.gamma(1.5, 0.003)
    if rng.random() < 0.05:  # at night
        strength += rng.uniform(0.02, 0.1)
    # People could read what they labelled; a colour is no contrast.
    strength = min(strength, 0.4 * float(pixels.std(axis=(0, 1)).max()))
    shape = pixels.shape[:2]
    noise = (
        rng.standard_normal(shape, dtype=np.float32)
        if rng.random() < 0.5
        else smooth_noise(rng, shape, 1.5)
    )
    return pixels + strength * (noise if pixels.ndim == 2 else noise[..., None])


def compress(picture: Image.Image, quality: int) -> Image.Image:
    """Encode as JPEG with a quality from 1 to 95, and decode again."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer, formats=("JPEG",))
