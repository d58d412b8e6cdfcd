"""Change photographs at random while a locator is trained, and their boxes alike."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from ._augmentation import recolor, sample_affine, uniform
from ._batches import Pixels, Preparation, Targets

# Ranges at strength 1, as natural logarithms and as shares of the picture.
ZOOM = 0.5
STRETCH = 0.12
SHIFT = 0.15
# Slope of what is level, as seen from the side, and degrees.
SHEAR = 0.15
ROTATION = 8.0
# Contrast, brightness and colour change less than those of numbers.
RECOLORING = 0.7
# Share of a number that has to be left in the picture to be looked for.
_LEAST_LEFT = 0.5


class ScenePreparation(Preparation):
    """Standardise photographs, and augment them together with the boxes of their numbers."""

    def for_evaluation(self, pictures: Pixels) -> Tensor:
        """Standardised pictures as they are: the network takes any size."""
        whole = replace(self.standardizer, size=(pictures.shape[1], pictures.shape[2]))
        batch = whole.to_tensor(pictures, self.device, self.dtype)
        return batch.contiguous(memory_format=torch.channels_last)

    def for_training(
        self, pictures: Pixels, targets: Targets, n_steps: int
    ) -> tuple[Tensor, Targets]:
        """Standardised pictures, changed at random, and where their numbers then are."""
        if self.strength == 0:
            return self.for_evaluation(pictures), targets
        batch = self._standardized(pictures)
        (boxes,) = targets
        n, g, strength = len(batch), self.generator, self.strength
        zoom = uniform((n,), ZOOM * strength, batch, g)
        stretch = uniform((n,), STRETCH * strength, batch, g)
        shear = uniform((n,), SHEAR * strength, batch, g)
        angle = uniform((n,), math.radians(ROTATION) * strength, batch, g)
        scale = torch.stack([(zoom + stretch).exp(), (zoom - stretch).exp()], dim=1)
        room = (1 - scale).abs() + 2 * SHIFT * strength
        shift = uniform((n, 2), 1.0, batch, g) * room
        cos, sin = angle.cos(), angle.sin()
        linear = scale[:, :, None] * torch.stack(
            [
                torch.stack([cos, -sin], dim=1),
                torch.stack([sin + shear * cos, cos - shear * sin], dim=1),
            ],
            dim=1,
        )
        theta = torch.cat([linear, shift[:, :, None]], dim=2)
        height, width = batch.shape[2:]
        batch = sample_affine(batch, theta, (height, width))
        batch = recolor(batch, RECOLORING * strength, g, inverts=False)
        size = torch.tensor([width, height]).to(batch)
        return (
            batch.contiguous(memory_format=torch.channels_last),
            (moved(boxes.to(batch), theta, size),),
        )


def moved(boxes: Tensor, theta: Tensor, size: Tensor) -> Tensor:
    """Boxes by their edges, in pictures sampled where affine maps `theta` send places.

    Boxes are as large as the moved ones need. Those that mostly leave the picture lose their area.
    """
    x, y = boxes[..., 0::2], boxes[..., 1::2]
    corners = torch.stack([x.repeat_interleave(2, dim=2), y.repeat(1, 1, 2)], dim=3)
    centered = (corners * (2 / size) - 1).flatten(1, 2)
    places = (centered - theta[:, None, :, 2]) @ theta[:, :, :2].inverse().transpose(1, 2)
    places = places.reshape(corners.shape)
    whole = (torch.stack([places.amin(dim=2), places.amax(dim=2)], dim=2) + 1) / 2 * size
    inside = torch.minimum(whole.clamp(min=0), size)
    left_over = (inside[:, :, 1] - inside[:, :, 0]).prod(dim=2)
    area = (whole[:, :, 1] - whole[:, :, 0]).prod(dim=2)
    stays = (left_over >= _LEAST_LEFT * area) & (area > 1e-3)
    return (inside * stays[:, :, None, None]).flatten(2)
