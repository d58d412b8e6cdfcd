"""Layers of the networks."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ._architecture import NetworkSpec

GROUP_SIZE = 16
# TensorFlow's convention, in which alpha is not divided by the window of 2 * radius + 1 channels.
LRN_RADIUS, LRN_ALPHA, LRN_BETA = 5, 0.1, 0.75

RISING = (nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)


class ConvTrunk(nn.Sequential):
    """Stages of convolutions with 2x2 pooling behind them.

    Where `pools_last` is false, nothing is pooled behind the last stage.
    """

    def __init__(
        self, in_channels: int, architecture: NetworkSpec, *, pools_last: bool = True
    ) -> None:
        layers: list[nn.Module] = []
        previous, stem = in_channels, architecture.stem
        for index, stage in enumerate(architecture.channels):
            normalization = architecture.normalization[index]
            for width in stage:
                kernel_size, stride = stem or (architecture.kernel_size[index], 1)
                stem = None
                convolution = _convolution(
                    previous, width, kernel_size, stride, bias=_has_bias(index, architecture)
                )
                layers += _activated(convolution, width, normalization, architecture)
                previous = width
            ends = index == len(architecture.channels) - 1 and not pools_last
            if architecture.pooling[index] is not None and not ends:
                pool = nn.MaxPool2d if architecture.pooling[index] == "max" else nn.AvgPool2d
                # The greatest of activations is the activation of the greatest, at a quarter of
                # the cost, where the activation comes last and rises all along.
                first = pool is nn.MaxPool2d and isinstance(layers[-1], RISING)
                # ceil_mode keeps pictures of one row or column alive.
                layers.insert(len(layers) - first, pool(2, ceil_mode=True))
            if architecture.normalization_position == "after_pool" and normalization:
                layers.append(_normalization(normalization, previous, dense=False))
            if architecture.dropout[index] > 0 and not ends:
                layers.append(Dropout(architecture.dropout[index]))
        super().__init__(*layers)
        self.out_channels = previous

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the features of pictures, which no layer pads but to keep them."""
        for layer in self:
            if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
                stride = layer.stride[0] if isinstance(layer.stride, tuple) else layer.stride
                height, width = -(-height // stride), -(-width // stride)
        return height, width


class HiddenLayers(nn.Sequential):
    """Fully connected layers."""

    def __init__(self, in_features: int, architecture: NetworkSpec) -> None:
        layers: list[nn.Module] = []
        previous, n_stages = in_features, len(architecture.channels)
        for index, width in enumerate(architecture.hidden_layer_sizes, start=n_stages):
            # Local response normalisation is across feature maps, which dense layers lack.
            kind = architecture.normalization[index]
            normalization = None if kind == "lrn" else kind
            linear = nn.Linear(previous, width, bias=_has_bias(index, architecture))
            layers += _activated(linear, width, normalization, architecture)
            if architecture.normalization_position == "after_pool" and normalization:
                layers.append(_normalization(normalization, width, dense=True))
            if architecture.dropout[index] > 0:
                layers.append(Dropout(architecture.dropout[index]))
            previous = width
        super().__init__(*layers)
        self.out_features = previous


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


class Dropout(nn.Module):
    """Dropout (Srivastava et al. 2014) by a random generator of its own.

    torch's draws from the generator of the whole process, which networks in other threads share.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator: torch.Generator | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Leave features out at random while training."""
        if not self.training or self.p == 0:
            return features
        kept = torch.empty_like(features).bernoulli_(1 - self.p, generator=self.generator)
        return features * kept / (1 - self.p)


class LocalResponseNorm(nn.LocalResponseNorm):
    """Local response normalisation (Krizhevsky et al. 2012, section 3.3).

    torch's own layer, several times faster: the neighbours are summed by a convolution.
    """

    def __init__(self) -> None:
        size = 2 * LRN_RADIUS + 1
        super().__init__(size, alpha=LRN_ALPHA * size, beta=LRN_BETA)

    def forward(self, features: Tensor) -> Tensor:
        """Divide by a power of one plus the weighted squares of the neighbouring channels."""
        channel = torch.arange(features.shape[1], device=features.device)
        near = (channel[:, None] - channel).abs() <= LRN_RADIUS
        with torch.autocast(features.device.type, enabled=False):
            if features.dtype == torch.bfloat16:  # too coarse for the sums
                features = features.float()
            weight = LRN_ALPHA * near.to(features.dtype)[:, :, None, None]
            root = (1 + F.conv2d(features.square(), weight)).rsqrt()
            return features * root * root.sqrt()  # to the power of -3/4, beta


class EvenConv2d(nn.Conv2d):
    """A convolution with an even kernel that keeps the size; the far side is padded by one more.

    torch's own padding="same" does so with a warning for even kernels.
    """

    def forward(self, pictures: Tensor) -> Tensor:
        """Convolve padded pictures."""
        near = (self.kernel_size[0] - 1) // 2
        return super().forward(F.pad(pictures, (near, near + 1, near, near + 1)))


def _convolution(
    in_channels: int, out_channels: int, kernel_size: int, stride: int, *, bias: bool
) -> nn.Conv2d:
    kind = nn.Conv2d if kernel_size % 2 else EvenConv2d
    padding = kernel_size // 2 if kernel_size % 2 else 0
    return kind(in_channels, out_channels, kernel_size, stride, padding, bias=bias)


def _has_bias(index: int, architecture: NetworkSpec) -> bool:
    """Whether a layer needs a bias: not where a normalisation with its own shift follows."""
    own_shift = architecture.normalization[index] in ("batch", "group")
    return not (own_shift and architecture.normalization_position == "before_activation")


def _activated(
    linear: nn.Conv2d | nn.Linear, width: int, normalization: str | None, architecture: NetworkSpec
) -> list[nn.Module]:
    """Return a convolution or linear map with its activation and normalisation."""
    _initialize(linear, architecture)
    layers: list[nn.Module] = [linear, _activation(architecture)]
    position = architecture.normalization_position
    if normalization is not None and position != "after_pool":
        place = 1 if position == "before_activation" else 2
        dense = isinstance(linear, nn.Linear)
        layers.insert(place, _normalization(normalization, width, dense=dense))
    return layers


def _initialize(linear: nn.Conv2d | nn.Linear, architecture: NetworkSpec) -> None:
    if linear.weight.is_meta:  # nothing to draw, for which torch would import its compiler
        return
    if architecture.weight_init == "he":
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
    else:
        nn.init.xavier_uniform_(linear.weight)
    if linear.bias is not None:
        nn.init.constant_(linear.bias, architecture.bias_init)


def _activation(architecture: NetworkSpec) -> nn.Module:
    match architecture.activation:
        case "leaky_relu":
            return nn.LeakyReLU(architecture.negative_slope, inplace=True)
        case "gelu":
            return nn.GELU()
        case "tanh":
            return nn.Tanh()
        case "logistic":
            return nn.Sigmoid()
        case _:
            return nn.ReLU(inplace=True)


def _normalization(kind: str, width: int, *, dense: bool) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm1d(width) if dense else nn.BatchNorm2d(width)
    if kind == "group":
        return nn.GroupNorm(math.gcd(width, max(1, width // GROUP_SIZE)), width)
    return LocalResponseNorm()
