"""The sequence network: a convolutional trunk and attention heads on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

GROUP_SIZE = 16


def _normalization(kind: str | None, channels: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    if kind == "group":
        return nn.GroupNorm(math.gcd(channels, max(1, channels // GROUP_SIZE)), channels)
    return nn.Identity()


class ConvBlock(nn.Sequential):
    """Convolution, normalisation, ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int = 3,
        stride: int = 1,
        normalization: str | None = "batch",
    ) -> None:
        convolution = nn.Conv2d(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding=kernel_size // 2,
            bias=normalization is None,
        )
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        super().__init__(
            convolution, _normalization(normalization, out_channels), nn.ReLU(inplace=True)
        )


class ConvTrunk(nn.Sequential):
    """Stages of 3x3 convolutions with 2x2 max-pooling between them.

    The first convolution is 5x5 with stride 2: it halves the picture at a fraction of the cost
    of convolving it in full and pooling afterwards.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[Sequence[int]],
        *,
        normalization: str | None = "batch",
        dropout: float = 0.0,
    ) -> None:
        layers: list[nn.Module] = []
        previous = in_channels
        for index, stage in enumerate(channels):
            if index > 0:
                # ceil_mode keeps pictures of one row or column alive.
                layers.append(nn.MaxPool2d(2, ceil_mode=True))
                layers.append(nn.Dropout2d(dropout))
            for width in stage:
                first = not layers
                layers.append(
                    ConvBlock(
                        previous,
                        width,
                        kernel_size=5 if first else 3,
                        stride=2 if first else 1,
                        normalization=normalization,
                    )
                )
                previous = width
        super().__init__(*layers)
        self.out_channels = previous


class AttentionPool(nn.Module):
    """One learned attention map per query: where on the features each query looks."""

    def __init__(self, channels: int, n_queries: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.scores = nn.Conv2d(channels, n_queries, 1)
        self.place = nn.Parameter(torch.zeros(n_queries, *grid))

    def maps(self, features: Tensor) -> Tensor:
        """Attention of shape (n, n_queries, height, width), summing to one over the picture."""
        scores = self.scores(features) + self.place  # float32 even under autocast
        return scores.flatten(2).softmax(dim=2).view_as(scores)

    def forward(self, features: Tensor) -> Tensor:
        """Attended features of shape (n, n_queries, channels)."""
        attention = self.maps(features).flatten(2)
        return attention.to(features.dtype) @ features.flatten(2).transpose(1, 2)


class SequenceNetwork(nn.Module):
    """Logits of the length and of the character at every position.

    Each position, and the length, has an attention map of its own over the trunk's features; one
    character classifier serves all positions, so that a digit learned at one place is known at
    every other.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        *,
        max_length: int,
        n_characters: int,
        channels: Sequence[Sequence[int]],
        normalization: str | None = "batch",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        height, width, in_channels = image_shape
        self.trunk = ConvTrunk(in_channels, channels, normalization=normalization, dropout=dropout)
        with torch.no_grad():
            self.trunk.eval()
            features = self.trunk(torch.zeros(1, in_channels, height, width))
            self.trunk.train()
        self.attention = AttentionPool(
            self.trunk.out_channels, max_length + 1, (features.shape[2], features.shape[3])
        )
        self.dropout = nn.Dropout(dropout)
        self.length = nn.Linear(self.trunk.out_channels, max_length)
        self.characters = nn.Linear(self.trunk.out_channels, n_characters)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Length logits (n, max_length), position logits (n, max_length, n_characters)."""
        attended = self.dropout(self.attention(self.trunk(pictures)))
        return self.length(attended[:, 0]), self.characters(attended[:, 1:])
