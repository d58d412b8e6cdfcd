"""Change photographs at random while a locator is trained, and their boxes alike."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ._augmentation import recolor, sample_affine, uniform
from ._batches import Pixels, Preparation, Targets

# Ranges at strength 1, as natural logarithms and as shares of the picture.
ZOOM = 0.5
STRETCH = 0.12
SHIFT = 0.15
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
        scale = torch.stack([(zoom + stretch).exp(), (zoom - stretch).exp()], dim=1)
        room = (1 - scale).abs() + 2 * SHIFT * strength
        shift = uniform((n, 2), 1.0, batch, g) * room
        zero = torch.zeros_like(zoom)
        theta = torch.stack(
            [
                torch.stack([scale[:, 0], zero, shift[:, 0]], dim=1),
                torch.stack([zero, scale[:, 1], shift[:, 1]], dim=1),
            ],
            dim=1,
        )
        height, width = batch.shape[2:]
        batch = sample_affine(batch, theta, (height, width))
        batch = recolor(batch, RECOLORING * strength, g, inverts=False)
        size = torch.tensor([width, height]).to(batch)
        return (
            batch.contiguous(memory_format=torch.channels_last),
            (moved(boxes.to(batch), scale, shift, size),),
        )


def moved(boxes: Tensor, scale: Tensor, shift: Tensor, size: Tensor) -> Tensor:
    """Boxes by their edges, in pictures sampled at `scale` times their places plus `shift`.

    Boxes that mostly leave the picture lose their area.
    """
    centered = boxes.reshape(*boxes.shape[:2], 2, 2) * (2 / size) - 1
    places = (centered - shift[:, None, None]) / scale[:, None, None]
    whole = (places + 1) / 2 * size
    inside = torch.minimum(whole.clamp(min=0), size)
    left_over = (inside[:, :, 1] - inside[:, :, 0]).prod(dim=2)
    area = (whole[:, :, 1] - whole[:, :, 0]).prod(dim=2)
    stays = left_over >= _LEAST_LEFT * area.clamp(min=1e-6)
    return (inside * stays[:, :, None, None]).flatten(2)
