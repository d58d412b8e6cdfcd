"""Network that finds house numbers: a map of scores and boxes, its loss, and its measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .._boxes import RIGHT
from ._batches import Targets
from ._network import ImageShape, Network, at_least_float32

#: Pixels between neighbouring cells of the map, and what sides of pictures are a multiple of.
STRIDE, MULTIPLE = 8, 64
#: Least score of a cell whose box is looked at, and most of them in a piece of a picture.
LEAST_SCORE, CANDIDATES = 0.02, 200
#: Most numbers that are told of one picture.
MOST_NUMBERS = 20

#: Half the size that a box has before anything is learned, in pixels.
HALF = 16.0
#: Largest logarithm of a half size over that: it keeps the first steps finite.
LONGEST = math.log(64)
# Share of a box about its centre whose cells are to find it.
_CENTER = 0.25
# Share of cells with a number before anything is learned, and what cells without one count.
_PRIOR, _NEGATIVE = 0.01, 0.25
_OVERLAP = 2.0


class LocatorNetwork(Network):
    """Scores and boxes of the cells of pictures whose sides are multiples of 64.

    Targets are edges (n, n_boxes, 4), left, top, right, bottom; boxes without area don't count.
    """

    # Features at five scales, and back to the finest but one (Lin et al. 2017, arXiv 1612.03144);
    # each cell tells how far the edges of its number are (Tian et al. 2019, arXiv 1904.01355).

    def __init__(self, image_shape: ImageShape, *, width: int) -> None:
        super().__init__()
        channels = image_shape[2]
        self.stem = nn.Sequential(
            *_convolution(channels, width, 5, stride=2),
            *_convolution(width, 2 * width, stride=2),
            *_convolution(2 * width, 2 * width),
        )
        widths = [2 * width, 4 * width, 6 * width, 8 * width, 8 * width]
        self.stages = nn.ModuleList(
            nn.Sequential(*_convolution(before, after, stride=2), *_convolution(after, after))
            for before, after in pairwise(widths)
        )
        common = 4 * width
        self.laterals = nn.ModuleList(nn.Conv2d(n, common, 1) for n in widths[1:])
        self.merges = nn.ModuleList(
            nn.Sequential(*_convolution(common, common)) for _ in widths[2:]
        )
        self.head = nn.Conv2d(common, 5, 1)
        if not self.head.weight.is_meta:
            nn.init.normal_(self.head.weight, std=0.01)
            first = torch.tensor([math.log(_PRIOR / (1 - _PRIOR)), 0, 0, 0, 0])
            self.head.bias = nn.Parameter(first)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        """Logit, left, top, right and bottom of every cell, (n, 5, height / 8, width / 8)."""
        features = self.stem(pictures)
        levels = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            features = stage(features)
            levels.append(lateral(features))
        merged = levels.pop()
        for merge in self.merges:
            finer = levels.pop()
            merged = merge(finer + F.interpolate(merged, scale_factor=2.0, mode="nearest"))
        outputs = at_least_float32(self.head(merged))
        return (torch.cat([outputs[:, :1], edges(outputs[:, 1:])], dim=1),)

    def loss(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Loss of each picture: of its numbers, and of the cells that show none."""
        # A cell's score is to be the overlap of its box with the number, as in Zhang et al. 2021
        # (arXiv 2008.13367), section 3; the box minimises 1 - GIoU (Rezatofighi et al. 2019,
        # arXiv 1902.09630).
        logits, found = _cells(outputs[0])
        (boxes,) = targets
        boxes = boxes.to(found)
        owner, is_central, is_inside = assign(boxes, outputs[0].shape[2:])
        target = boxes.gather(1, owner[..., None].expand(-1, -1, 4))
        overlap, generalized = _overlap(found, target)
        # Every number counts the same, however many cells it has.
        share = torch.zeros(boxes.shape[:2]).to(found).scatter_add(1, owner, is_central.to(found))
        weight = is_central / share.gather(1, owner).clamp(min=1)
        hit = F.binary_cross_entropy_with_logits(
            logits, overlap.detach().clamp(0, 1), reduction="none"
        )
        of_numbers = (weight * (hit + _OVERLAP * (1 - generalized))).sum(dim=1)
        false = F.softplus(logits) * logits.sigmoid().square()
        return of_numbers + _NEGATIVE * (false * ~is_inside).sum(dim=1)

    def measures(self, outputs: Sequence[Tensor], targets: Targets) -> tuple[Tensor, Tensor]:
        """Whether the surest box of each picture that has numbers is right."""
        logits, found = _cells(outputs[0])
        (boxes,) = targets
        boxes = boxes.to(found)
        surest = logits.argmax(dim=1)[:, None, None].expand(-1, 1, 4)
        overlap, _ = _overlap(found.gather(1, surest), boxes)
        exists = boxes[..., 2] > boxes[..., 0]
        right = ((overlap >= RIGHT) & exists).any(dim=1, keepdim=True)
        return right.to(found), exists.any(dim=1, keepdim=True)


def edges(distances: Tensor) -> Tensor:
    """Left, top, right and bottom of boxes whose distances from their cells are logarithms."""
    _, _, height, width = distances.shape
    y, x = ((torch.arange(n).to(distances) + 0.5) * STRIDE for n in (height, width))
    center = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    reach = HALF * distances.clamp(max=LONGEST).exp()
    return torch.cat([center - reach[:, :2], center + reach[:, 2:]], dim=1)


def assign(boxes: Tensor, grid: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Assign cells to numbers: to which, whether near its centre, and whether inside any.

    Of several numbers, a cell belongs to the smallest. All are of shape (n, n_cells).
    """
    height, width = grid
    y, x = ((torch.arange(n).to(boxes) + 0.5) * STRIDE for n in (height, width))
    x, y = x.repeat(height), y.repeat_interleave(width)
    left, top, right, bottom = (edge[..., None] for edge in boxes.unbind(2))
    exists = right > left
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom) & exists
    # The cell nearest to the centre always counts.
    reach_x, reach_y = (
        (far - near).clamp(min=STRIDE / 2 / _CENTER) * _CENTER
        for far, near in ((right, left), (bottom, top))
    )
    central = (
        ((x - (left + right) / 2).abs() <= reach_x)
        & ((y - (top + bottom) / 2).abs() <= reach_y)
        & exists
    )
    area = ((right - left) * (bottom - top)).expand(central.shape)
    owner = torch.where(central, area, torch.inf).argmin(dim=1)
    return owner, central.any(dim=1), (inside | central).any(dim=1)


def _cells(output: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n, n_cells) and boxes (n, n_cells, 4) of maps."""
    flat = output.flatten(2)
    return flat[:, 0], flat[:, 1:].transpose(1, 2)


def _overlap(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union of pairs of boxes, and its generalisation below 0."""
    shared = (
        (
            torch.minimum(boxes[..., 2:], others[..., 2:])
            - torch.maximum(boxes[..., :2], others[..., :2])
        )
        .clamp(min=0)
        .prod(dim=-1)
    )
    hull = (
        torch.maximum(boxes[..., 2:], others[..., 2:])
        - torch.minimum(boxes[..., :2], others[..., :2])
    ).prod(dim=-1)
    areas = [(some[..., 2:] - some[..., :2]).prod(dim=-1) for some in (boxes, others)]
    union = (areas[0] + areas[1] - shared).clamp(min=1e-6)
    overlap = shared / union
    return overlap, overlap - (hull - union) / hull.clamp(min=1e-6)


def _convolution(before: int, after: int, kernel: int = 3, *, stride: int = 1) -> list[nn.Module]:
    """Return a convolution with its normalisation and activation."""
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
    if not convolution.weight.is_meta:  # else torch would import its compiler
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    return [convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
