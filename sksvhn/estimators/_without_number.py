"""Training pictures that show no number: letters near characters, torn characters, bare surfaces.

A network that never saw such pictures is sure of what it reads in them. Hendrycks et al. 2019
(arXiv 1812.04606) teach it by pictures of another kind; here they are made from the pictures that
are trained on, so that nothing but letters tells them from these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ._augmentation import sample_affine, uniform

#: Share of the training pictures that are made foreign, at a strength of augmentation of 1.
SHARE = 0.15
# Steps of the optimiser before the first of them, and until their share is full: a network that
# does not yet read learns more slowly with them.
FIRST_STEP, FULL_STEP = 500, 1000

# Without those that a digit or another letter looks like in many fonts.
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZacdefhkmnrtuvwxy"

# Shares of foreign pictures with a letter and with torn characters; the others are surfaces.
WITH_LETTER, TORN = 0.6, 0.15

# Sides of a letter's mask, and of the coarser ones it is blurred by, in pixels.
MASK_SIDE = 32
COARSE_SIDES = (30, 16, 10)
# Distances by which outlines move outwards, in pixels of a letter about twice as high.
BOLDNESS = (0, 1, 2, 3)


def letters_outside(alphabet: str) -> str:
    """Letters that no reading can have, in either case."""
    known = {*alphabet.lower(), *alphabet.upper()}
    return "".join(letter for letter in LETTERS if letter not in known)


def draw_foreign(n_samples: int, share: float, n_steps: int, generator: torch.Generator) -> Tensor:
    """Draw which pictures of a batch are made foreign; the first is not, so that one is left.

    The full share is reached after `FULL_STEP` steps.
    """
    progress = (n_steps - FIRST_STEP) / (FULL_STEP - FIRST_STEP)
    drawn = torch.rand(n_samples, generator=generator) < share * min(max(progress, 0.0), 1.0)
    drawn[:1] = False
    return drawn


def without_number(targets: Sequence[Tensor], foreign: Tensor) -> tuple[Tensor, ...]:
    """Codes and lengths in which foreign pictures have length 0."""
    codes, lengths = targets
    foreign = foreign.to(lengths.device)
    return codes.masked_fill(foreign[:, None], -1), lengths.masked_fill(foreign, 0)


def make_foreign(pictures: Tensor, letters: str, generator: torch.Generator) -> Tensor:
    """Change standardised pictures to hold something else than a number, or more than one.

    `letters` are characters that may be put into them, and `generator` is on the CPU.
    """
    kind = torch.rand(len(pictures), generator=generator)
    if not letters:
        kind = WITH_LETTER + (1 - WITH_LETTER) * kind
    lettered = kind < WITH_LETTER
    torn = ~lettered & (kind < WITH_LETTER + TORN)
    ways: tuple[tuple[Tensor, Callable[[Tensor, torch.Generator], Tensor]], ...] = (
        (lettered, partial(_with_letter, letters=letters)),
        (torn, _torn),
        (~lettered & ~torn, _surface),
    )
    changed = torch.empty_like(pictures)
    for chosen, change in ways:
        rows = chosen.nonzero()[:, 0].to(pictures.device)
        if len(rows):
            changed[rows] = change(pictures[rows], generator)
    return changed


def _with_letter(pictures: Tensor, g: torch.Generator, *, letters: str) -> Tensor:
    """Put a letter behind the number, which makes room, or over a part of it."""
    n, _, height, width = pictures.shape
    half = _between(0.25, 0.5, pictures, g)  # of the width that is the letter's
    behind = torch.rand(n, generator=g).to(half) < 0.5
    center = torch.where(behind, 1 - half, (1 - half) * uniform((n,), 1.0, pictures, g))
    zero, one = torch.zeros_like(half), torch.ones_like(half)
    room = torch.where(behind, half / (1 - half), zero)
    theta = _maps([one + room, zero, room], [zero, one, zero])
    squeezed = sample_affine(pictures, theta, (height, width))

    masks = _letter_masks(letters)
    masks = masks[torch.randint(len(masks), (n,), generator=g)].to(pictures)
    wide, high = half * _between(0.6, 0.95, half, g), _between(0.6, 0.95, half, g)
    theta = _maps(
        [1 / wide, zero, -center / wide],
        [zero, 1 / high, uniform((n,), 0.1, pictures, g)],
    )
    ink = sample_affine(masks, theta, (height, width))

    # In shades of the picture: what is at its upper and lower edge, and what differs most.
    ground = pictures[:, :, [0, -1]].mean(dim=(2, 3), keepdim=True)
    highest, lowest = (f(pictures, dim=(2, 3), keepdim=True) for f in (torch.amax, torch.amin))
    lit = (highest + lowest - 2 * ground).sum(dim=1, keepdim=True) > 0
    contrast = torch.where(lit, highest, lowest) - ground
    contrast = contrast * _between(0.5, 1.0, half, g)[:, None, None, None]
    x = (torch.arange(width).to(half) + 0.5) * (2 / width) - 1
    there = ((x - center[:, None]).abs() < half[:, None])[:, None, None]
    return torch.where(there, ground + contrast * ink, squeezed)


def _torn(pictures: Tensor, g: torch.Generator) -> Tensor:
    """Turn the upper and the lower part upside down and move them sideways."""
    height, width = pictures.shape[2:]
    cut = int(torch.randint(height // 4, 3 * height // 4 + 1, (1,), generator=g))
    parts = [pictures[:, :, :cut], pictures[:, :, cut:]]
    shifts = torch.randint(width, (2,), generator=g).tolist()
    moved = [part.flip(2).roll(shift, 3) for part, shift in zip(parts, shifts, strict=True)]
    return torch.cat(moved, dim=2)


def _surface(pictures: Tensor, g: torch.Generator) -> Tensor:
    """Look so near that no character fits into the picture."""
    n = (len(pictures),)
    zoom = _between(0.08, 0.3, pictures, g)
    x, y = (uniform(n, 0.85, pictures, g) for _ in range(2))
    turned = (torch.rand(n, generator=g) < 0.5).to(zoom)
    straight, across = zoom * (1 - turned), zoom * turned
    theta = _maps([straight, across, x], [across, straight, y])
    height, width = pictures.shape[2:]
    return sample_affine(pictures, theta, (height, width))


def _between(low: float, high: float, like: Tensor, g: torch.Generator) -> Tensor:
    return (low + high) / 2 + uniform((len(like),), (high - low) / 2, like, g)


def _maps(x: list[Tensor], y: list[Tensor]) -> Tensor:
    """Affine maps, one per picture, by their coefficients."""
    return torch.stack([torch.stack(x, dim=1), torch.stack(y, dim=1)], dim=1)


@lru_cache(maxsize=8)
def _letter_masks(letters: str) -> Tensor:
    """Ink in [0, 1] of letters in several weights and resolutions, (n, 1, side, side).

    In the font that is part of Pillow, so that training depends on no other package.
    """
    font = ImageFont.load_default(2 * MASK_SIDE)
    masks = []
    for letter in letters:
        for boldness in BOLDNESS:
            left, top, right, bottom = font.getbbox(letter, stroke_width=boldness)
            drawn = Image.new("L", (round(right - left), round(bottom - top)))
            ImageDraw.Draw(drawn).text((-left, -top), letter, 255, font, stroke_width=boldness)
            for side in COARSE_SIDES:
                mask = Image.new("L", (MASK_SIDE, MASK_SIDE))  # with a rim free of ink
                coarse = drawn.resize((side, side), Image.Resampling.BOX)
                inner = (MASK_SIDE - 2, MASK_SIDE - 2)
                mask.paste(coarse.resize(inner, Image.Resampling.BILINEAR), (1, 1))
                masks.append(np.asarray(mask))
    return torch.from_numpy(np.stack(masks))[:, None] / 255
