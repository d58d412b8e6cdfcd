"""The networks: features of a picture, and what is read from them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ._architecture import NetworkSpec
from ._layers import AttentionPool, ConvTrunk, Dropout, HiddenLayers

ImageShape = tuple[int, int, int]


class Features(nn.Module):
    """Feature vectors of pictures, shape (n, n_vectors, out_features).

    The head says what a vector describes. "attention": where one learned attention map looks,
    for each of `n_vectors`. "dense": the whole picture, one vector. "tiles": one of `n_vectors`
    equal tiles from left to right, every one seen by the same layers.
    """

    def __init__(
        self, image_shape: ImageShape, architecture: NetworkSpec, *, n_vectors: int
    ) -> None:
        super().__init__()
        height, width, in_channels = image_shape
        self.n_tiles = n_vectors if architecture.head == "tiles" else 1
        width //= self.n_tiles
        self.trunk = ConvTrunk(in_channels, architecture)
        # Of pictures smaller than the stride, torch 2.13's bfloat16 gradients by the weights that
        # saw only padding are whatever the memory held.
        stride = architecture.stem[1] if architecture.stem else 1
        right, below = max(0, stride - width), max(0, stride - height)
        if right or below:
            self.trunk.insert(0, nn.ZeroPad2d((0, right, 0, below)))
        grid = self.trunk.grid(height + below, width + right)
        self.attention: AttentionPool | None = None
        n_features = self.trunk.out_channels * math.prod(grid)
        if architecture.head == "attention":
            n_features = self.trunk.out_channels
            self.attention = AttentionPool(n_features, n_vectors, grid)
            self.dropout = Dropout(architecture.dropout[len(architecture.channels) - 1])
        self.hidden = HiddenLayers(n_features, architecture)
        self.out_features = self.hidden.out_features

    def forward(self, pictures: Tensor) -> Tensor:
        """Feature vectors of each picture."""
        n = len(pictures)
        if self.n_tiles > 1:
            # (n, channels, height, n_tiles * width) -> (n * n_tiles, channels, height, width)
            tiles = pictures.reshape(*pictures.shape[:3], self.n_tiles, -1)
            pictures = tiles.permute(0, 3, 1, 2, 4).flatten(0, 1)
        features = self.trunk(pictures)
        if self.attention is None:
            vectors = features.flatten(1)
        else:
            vectors = self.dropout(self.attention(features)).flatten(0, 1)
        return self.hidden(vectors).reshape(n, -1, self.out_features)


class DigitNetwork(nn.Module):
    """Logits of a picture's label."""

    def __init__(
        self, image_shape: ImageShape, architecture: NetworkSpec, *, n_classes: int
    ) -> None:
        super().__init__()
        self.features = Features(image_shape, architecture, n_vectors=1)
        self.output = nn.Linear(self.features.out_features, n_classes)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        """Logits of shape (n, n_classes)."""
        return (self.output(self.features(pictures)[:, 0]),)


class SequenceNetwork(nn.Module):
    """Logits of the length and of the character at every position.

    With an attention head each position, and the length, looks at the trunk's features through a
    map of its own, and one character classifier serves all positions, so that a digit learned at
    one place is known at every other.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        architecture: NetworkSpec,
        *,
        max_length: int,
        n_characters: int,
        blank_class: bool = False,
    ) -> None:
        super().__init__()
        self.head = architecture.head
        self.max_length = max_length
        asks_length = self.head == "attention" and not blank_class
        self.features = Features(image_shape, architecture, n_vectors=max_length + int(asks_length))
        n_features = self.features.out_features
        self.length: nn.Linear | None = None
        if not blank_class:
            n_vectors = max_length if self.head == "tiles" else 1
            self.length = nn.Linear(n_vectors * n_features, max_length)
        n_outputs = n_characters + int(blank_class)
        n_classifiers = max_length if self.head == "dense" else 1
        self.characters = nn.Linear(n_features, n_classifiers * n_outputs)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Length logits (n, max_length), position logits (n, max_length, n_characters)."""
        vectors = self.features(pictures)
        asks_length = self.head == "attention" and self.length is not None
        characters = self.characters(vectors[:, 1:] if asks_length else vectors)
        if self.head == "dense":
            characters = characters.reshape(len(pictures), self.max_length, -1)
        if self.length is None:
            return blanks_to_lengths(characters)
        return self.length(vectors[:, 0] if asks_length else vectors.flatten(1)), characters


def blanks_to_lengths(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Turn logits of characters and a blank at every position into the factors of numbers.

    A number of length l has characters up to l and blanks behind. Given that one length holds,
    P(length = l) is proportional to the product of P(no blank) up to l and P(blank) behind, and
    the characters of each position keep their proportions.

    Parameters
    ----------
    logits : Tensor of shape (n, max_length, n_characters + 1)
        The blank is last.

    Returns
    -------
    length : Tensor of shape (n, max_length)
    characters : Tensor of shape (n, max_length, n_characters)
    """
    log_p = at_least_float32(logits).log_softmax(dim=2)
    written, blank = log_p[..., :-1].logsumexp(dim=2), log_p[..., -1]
    behind = blank.sum(dim=1, keepdim=True) - blank.cumsum(dim=1)
    return written.cumsum(dim=1) + behind, logits[..., :-1]


def at_least_float32(logits: Tensor) -> Tensor:
    """Logits that a loss may be computed of: bfloat16 is too coarse."""
    return logits.float() if logits.dtype == torch.bfloat16 else logits
