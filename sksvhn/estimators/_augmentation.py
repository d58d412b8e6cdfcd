"""Change pictures: at random for training, in a few fixed views for prediction."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

# Ranges at strength 1, as shares of the picture, natural logarithms or degrees.
SCALE = 0.25
SHIFT = 0.12
SHEAR = 0.25
ROTATION = 8.0
CONTRAST = 0.6
BRIGHTNESS = 0.5
COLOR = 0.2
INVERT_PROBABILITY = 0.5
ERASE = 0.5

# Zoom and shift in x of the views that a prediction averages, in the order they are added.
# Shifts in y and shears as well gained nothing on held-out training pictures.
VIEWS = ((1.0, 0.0), (0.87, 0.0), (1.13, 0.0), (1.0, 0.08), (1.0, -0.08))
# What `n_views` may be instead of a number: so many views, and second looks from nearer and from
# farther at pictures whose reading is not sure.
ADAPTIVE, N_FIRST_VIEWS = "adaptive", 3
SECOND_LOOKS = (((0.62, 0.0), (0.75, 0.0)), ((1.2, 0.0), (1.4, 0.0)))

View = tuple[float, float]


def augment(
    pictures: Tensor, *, size: tuple[int, int], strength: float, generator: torch.Generator
) -> Tensor:
    """Resize, scale, shift, shear, rotate and recolour pictures, and erase a rectangle of each.

    `strength` multiplies every range; `generator` is on the CPU, so devices get the same changes.
    """
    # Numbers are never mirrored. Erasing is Zhong et al.'s (2017, arXiv 1708.04896), with one flat
    # shade per picture.
    pictures = recolor(_warp(pictures, size, strength, generator), strength, generator)
    return _erase(pictures, strength, generator)


def fixed_view(pictures: Tensor, view: View, *, size: tuple[int, int]) -> Tensor:
    """Resize pictures to `size`, seen from nearer, from farther, or from the side."""
    return _sample(pictures, _fixed_places(view, size, pictures.dtype, pictures.device))


@lru_cache(maxsize=32)
def _fixed_places(
    view: View, size: tuple[int, int], dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Where a fixed view samples, computed once: for a single picture it is a tenth of the time."""
    zoom, shift = view
    with torch.inference_mode(False):
        theta = torch.tensor([[[zoom, 0, shift], [0, zoom, 0]]], dtype=dtype, device=device)
        return _places(theta, size)


def sample_affine(pictures: Tensor, theta: Tensor, size: tuple[int, int]) -> Tensor:
    """Sample pictures where affine maps `theta`, one per picture or one for all, send places."""
    return _sample(pictures, _places(theta, size))


def _places(theta: Tensor, size: tuple[int, int]) -> Tensor:
    """Places that affine maps send a grid of `size` to, (n, height, width, 2)."""
    height, width = size
    x, y = ((torch.arange(n).to(theta) + 0.5) * (2 / n) - 1 for n in (width, height))
    places = torch.stack(
        [x.repeat(height), y.repeat_interleave(width), torch.ones_like(x).repeat(height)]
    )
    # As torch.affine_grid, which takes ten times as long for its many small products.
    return (theta.flatten(0, 1) @ places).view(-1, 2, height, width).permute(0, 2, 3, 1)


def _sample(pictures: Tensor, places: Tensor) -> Tensor:
    return F.grid_sample(
        pictures,
        places.expand(len(pictures), -1, -1, -1),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )


def uniform(shape: tuple[int, ...], bound: float, like: Tensor, g: torch.Generator) -> Tensor:
    """Draw from -bound to bound on the CPU, whatever the device of `like`."""
    drawn = torch.rand(shape, generator=g, dtype=torch.float32) * (2 * bound) - bound
    return drawn.to(like.device, like.dtype)


def _warp(pictures: Tensor, size: tuple[int, int], strength: float, g: torch.Generator) -> Tensor:
    n = (len(pictures),)
    scale_x = uniform(n, SCALE * strength, pictures, g).exp()
    scale_y = uniform(n, SCALE * strength, pictures, g).exp()
    shear = uniform(n, SHEAR * strength, pictures, g)
    angle = uniform(n, math.radians(ROTATION) * strength, pictures, g)
    shift = uniform((len(pictures), 2), 2 * SHIFT * strength, pictures, g)
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack(
        [
            torch.stack([scale_x * cos, scale_x * (shear * cos - sin), shift[:, 0]], dim=1),
            torch.stack([scale_y * sin, scale_y * (shear * sin + cos), shift[:, 1]], dim=1),
        ],
        dim=1,
    )
    return sample_affine(pictures, theta, size)


def recolor(
    pictures: Tensor, strength: float, g: torch.Generator, *, inverts: bool = True
) -> Tensor:
    """Change contrast, brightness and colour, and turn some pictures to negatives."""
    n, channels = pictures.shape[:2]
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    contrast = uniform((n, 1, 1, 1), CONTRAST * strength, pictures, g).exp()
    share = INVERT_PROBABILITY * min(1.0, strength) if inverts else 0.0
    polarity = torch.rand((n, 1, 1, 1), generator=g) < share
    sign = (1 - 2 * polarity.to(pictures.dtype)).to(pictures.device)
    brightness = uniform((n, 1, 1, 1), BRIGHTNESS * strength, pictures, g)
    if channels > 1:
        contrast = contrast * uniform((n, channels, 1, 1), COLOR * strength, pictures, g).exp()
        brightness = brightness + uniform((n, channels, 1, 1), COLOR * strength, pictures, g)
    return (pictures - mean) * (contrast * sign) + (mean + brightness)


def _erase(pictures: Tensor, strength: float, g: torch.Generator) -> Tensor:
    n, _, *size = pictures.shape
    inside = []
    for length in size:
        center = torch.rand((n, 1), generator=g)
        extent = ERASE * strength * torch.rand((n, 1), generator=g)
        place = (torch.arange(length) + 0.5) / length
        inside.append(((place - center).abs() < extent / 2).to(pictures.device))
    erased = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    shade = torch.randn((n, 1, 1, 1), generator=g).to(pictures.device, pictures.dtype)
    return torch.where(erased, shade, pictures)
