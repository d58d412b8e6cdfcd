"""Networks: features of a picture, heads, loss and measures; built, and folded to predict."""

from __future__ import annotations

import math
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights

from ._architecture import NetworkSpec
from ._batches import Targets
from ._layers import AttentionPool, ConvTrunk, Dropout, HiddenLayers

ImageShape = tuple[int, int, int]


class Features(nn.Module, metaclass=ABCMeta):
    """Feature vectors of pictures, shape (n, n_vectors, out_features).

    Each subclass is a head: it says what a vector describes, and how numbers are read from them.
    """

    #: Whether the trunk pools behind its last stage.
    pools_last: ClassVar[bool] = True
    #: Tiles of a picture, from left to right, that are all seen by the same layers.
    n_tiles: int = 1

    def __init__(
        self, image_shape: ImageShape, architecture: NetworkSpec, *, n_vectors: int
    ) -> None:
        super().__init__()
        height, width, in_channels = image_shape
        self.n_tiles = self.width_multiple(n_vectors)
        width //= self.n_tiles
        self.trunk = ConvTrunk(in_channels, architecture, pools_last=self.pools_last)
        # For pictures smaller than the stride, torch 2.13 leaves bfloat16 gradients of the weights
        # that saw only padding uninitialised.
        stride = architecture.stem[1] if architecture.stem else 1
        right, below = max(0, stride - width), max(0, stride - height)
        if right or below:
            self.trunk.insert(0, nn.ZeroPad2d((0, right, 0, below)))
        grid = self.trunk.grid(height + below, width + right)
        n_features = self._add_pool(architecture, grid, n_vectors)
        self.hidden = HiddenLayers(n_features, architecture)
        self.out_features = self.hidden.out_features

    @classmethod
    def width_multiple(cls, max_length: int) -> int:
        """Return what the width of pictures has to be a multiple of."""
        return 1

    @classmethod
    @abstractmethod
    def n_vectors(cls, max_length: int, *, asks_length: bool) -> int:
        """Count the vectors that numbers of some length are read from."""

    def _add_pool(self, architecture: NetworkSpec, grid: tuple[int, int], n_vectors: int) -> int:
        """Add layers between trunk and hidden layers, and return the features that these get."""
        return self.trunk.out_channels * math.prod(grid)

    def forward(self, pictures: Tensor) -> Tensor:
        """Feature vectors of each picture."""
        vectors = self.hidden(self._pooled(self.trunk(self._cut(pictures))))
        return vectors.reshape(len(pictures), -1, self.out_features)

    def _cut(self, pictures: Tensor) -> Tensor:
        return pictures

    def _pooled(self, features: Tensor) -> Tensor:
        if features.requires_grad:
            # Flat vectors have channels first, and so has their gradient. The layers before are
            # several times slower with it than with a copy that has channels last, as they have.
            features.register_hook(_channels_last)  # type: ignore[no-untyped-call]
        return features.flatten(1)

    def n_classifiers(self, max_length: int) -> int:
        """Count the classifiers of characters; one serves all vectors."""
        return 1

    def n_length_features(self, max_length: int) -> int:
        """Count the features that the length is read from."""
        return self.out_features

    def split(self, vectors: Tensor, *, asks_length: bool) -> tuple[Tensor, Tensor]:
        """Features that the length is read from, and those of the positions."""
        return vectors.flatten(1), vectors


class AttentionFeatures(Features):
    """Where one learned attention map looks, for each vector; the first is the length's."""

    pools_last = False

    @classmethod
    def n_vectors(cls, max_length: int, *, asks_length: bool) -> int:
        """Count one per position, and one for the length."""
        return max_length + int(asks_length)

    def _add_pool(self, architecture: NetworkSpec, grid: tuple[int, int], n_vectors: int) -> int:
        n_features = self.trunk.out_channels
        self.attention = AttentionPool(n_features, n_vectors, grid)
        self.dropout = Dropout(architecture.dropout[len(architecture.channels) - 1])
        return n_features

    def _pooled(self, features: Tensor) -> Tensor:
        vectors: Tensor = self.dropout(self.attention(features))
        return vectors.flatten(0, 1)

    def split(self, vectors: Tensor, *, asks_length: bool) -> tuple[Tensor, Tensor]:
        """Take the first vector for the length, where it has one, and the others."""
        return vectors[:, 0], vectors[:, int(asks_length) :]


class DenseFeatures(Features):
    """The whole picture, one vector, from which each position has a classifier of its own."""

    @classmethod
    def n_vectors(cls, max_length: int, *, asks_length: bool) -> int:
        """Count one."""
        return 1

    def n_classifiers(self, max_length: int) -> int:
        """Count one per position."""
        return max_length


class TileFeatures(Features):
    """One of equal tiles from left to right for each vector, every one seen by the same layers."""

    @classmethod
    def n_vectors(cls, max_length: int, *, asks_length: bool) -> int:
        """Count one per position."""
        return max_length

    @classmethod
    def width_multiple(cls, max_length: int) -> int:
        """Count the tiles, one per position."""
        return max_length

    def n_length_features(self, max_length: int) -> int:
        """Count the features of all tiles."""
        return max_length * self.out_features

    def _cut(self, pictures: Tensor) -> Tensor:
        if self.n_tiles == 1:
            return pictures
        # (n, channels, height, n_tiles * width) -> (n * n_tiles, channels, height, width)
        tiles = pictures.reshape(*pictures.shape[:3], self.n_tiles, -1)
        return tiles.permute(0, 3, 1, 2, 4).flatten(0, 1)


#: By the names that `head` has among parameters.
FEATURES: dict[str, type[Features]] = {
    "attention": AttentionFeatures,
    "dense": DenseFeatures,
    "tiles": TileFeatures,
}


class Network(nn.Module, metaclass=ABCMeta):
    """A network that knows its loss, and what is measured of it."""

    @property
    def measure_names(self) -> list[str]:
        """Names that the columns of `measures` have in the history, "score" first."""
        return ["score"]

    @abstractmethod
    def loss(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Loss of each sample of a batch, shape (n,)."""

    @abstractmethod
    def measures(self, outputs: Sequence[Tensor], targets: Targets) -> tuple[Tensor, Tensor]:
        """Values of each sample, (n, n_measures), and whether they count, of the same shape."""


class AnswerNetwork(Network):
    """A network that knows how its answers are read."""

    features: Features

    @abstractmethod
    def read(self, outputs: Sequence[Tensor]) -> Targets:
        """Most probable answers, in the form of the loss's targets."""

    @abstractmethod
    def log_probabilities(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Log-probability of each part of the answers `targets`, (n, n_parts)."""


class DigitNetwork(AnswerNetwork):
    """Logits of a picture's label; targets are codes of labels, (n,)."""

    def __init__(
        self, image_shape: ImageShape, architecture: NetworkSpec, *, n_classes: int
    ) -> None:
        super().__init__()
        self.features = FEATURES[architecture.head](image_shape, architecture, n_vectors=1)
        self.output = nn.Linear(self.features.out_features, n_classes)

    def forward(self, pictures: Tensor) -> tuple[Tensor]:
        """Logits of shape (n, n_classes)."""
        return (self.output(self.features(pictures)[:, 0]),)

    def loss(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Cross-entropy of each sample."""
        return F.cross_entropy(at_least_float32(outputs[0]), targets[0], reduction="none")

    def measures(self, outputs: Sequence[Tensor], targets: Targets) -> tuple[Tensor, Tensor]:
        """Whether each label is predicted."""
        right = (self.read(outputs)[0] == targets[0])[:, None]
        return right, torch.ones_like(right)

    def read(self, outputs: Sequence[Tensor]) -> Targets:
        """Codes of the most probable labels."""
        return (outputs[0].argmax(dim=1),)

    def log_probabilities(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Log-probability of each label, (n, 1)."""
        return outputs[0].log_softmax(dim=1).gather(1, targets[0][:, None])


class SequenceNetwork(AnswerNetwork):
    """Logits of the length and of the character at every position.

    Targets are codes (n, max_length), -1 after the end, and lengths (n,).
    """

    # With an attention head one classifier serves all positions: a digit learned at one place is
    # known at every other. With `other_character` the last class is "none of the characters".

    def __init__(
        self,
        image_shape: ImageShape,
        architecture: NetworkSpec,
        *,
        max_length: int,
        n_characters: int,
        blank_class: bool = False,
        other_character: bool = False,
    ) -> None:
        super().__init__()
        self.max_length = max_length
        self.n_characters = n_characters
        self.other_character = other_character
        head = FEATURES[architecture.head]
        n_vectors = head.n_vectors(max_length, asks_length=not blank_class)
        self.features = head(image_shape, architecture, n_vectors=n_vectors)
        self.length: nn.Linear | None = None
        if not blank_class:
            self.length = nn.Linear(self.features.n_length_features(max_length), max_length)
        n_outputs = n_characters + int(other_character) + int(blank_class)
        n_classifiers = self.features.n_classifiers(max_length)
        self.characters = nn.Linear(self.features.out_features, n_classifiers * n_outputs)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Length logits (n, max_length), position logits (n, max_length, n_characters[ + 1])."""
        vectors = self.features(pictures)
        of_length, of_positions = self.features.split(vectors, asks_length=self.length is not None)
        characters = self.characters(of_positions)
        characters = characters.reshape(len(pictures), self.max_length, -1)
        if self.length is None:
            return blanks_to_lengths(characters)
        return self.length(of_length), characters

    @property
    def measure_names(self) -> list[str]:
        """Whole numbers, then loss and score of the length and of each position by itself."""
        heads = ["length", *(f"position_{i + 1}" for i in range(self.max_length))]
        return ["score", *(f"{head}_{kind}" for head in heads for kind in ("loss", "score"))]

    def loss(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """-log P(S|X): length and characters, positions beyond the length without gradient.

        Goodfellow et al. 2014 (arXiv 1312.6082), section 4 and appendix A.
        """
        length_logits, position_logits = map(at_least_float32, outputs)
        codes, lengths = targets
        characters = F.cross_entropy(
            position_logits.flatten(0, 1), codes.flatten(), ignore_index=-1, reduction="none"
        )
        length = F.cross_entropy(length_logits, lengths - 1, ignore_index=-1, reduction="none")
        loss = length + characters.view_as(codes).sum(dim=1)
        if not self.other_character:
            return loss
        return torch.where(lengths == 0, loss_without_number(length_logits, position_logits), loss)

    def measures(self, outputs: Sequence[Tensor], targets: Targets) -> tuple[Tensor, Tensor]:
        """Whether numbers are read; then loss and hits of the length and of each position."""
        codes, lengths = targets
        reached, shown = codes >= 0, lengths[:, None] > 0
        read, read_lengths = self.read(outputs)
        right = ((read == codes) | ~reached).all(dim=1) & (read_lengths == lengths)
        losses = -self.log_probabilities(outputs, targets)
        likeliest = at_least_float32(outputs[0]).log_softmax(dim=1).argmax(dim=1, keepdim=True)
        hits = torch.cat([likeliest == lengths[:, None] - 1, read == codes], dim=1)
        counts = torch.cat([shown, reached], dim=1)
        heads = torch.stack([losses, hits.to(losses)], dim=2).flatten(1)
        return (
            torch.cat([right[:, None].to(losses), heads], dim=1),
            torch.cat([shown, counts.repeat_interleave(2, dim=1)], dim=1),
        )

    def read(self, outputs: Sequence[Tensor]) -> Targets:
        """Codes and lengths of the most probable strings, over all lengths at once."""
        length, positions = (at_least_float32(logits).log_softmax(dim=-1) for logits in outputs)
        best, codes = positions[..., : self.n_characters].max(dim=2)
        return codes, (length + best.cumsum(dim=1)).argmax(dim=1) + 1

    def log_probabilities(self, outputs: Sequence[Tensor], targets: Targets) -> Tensor:
        """Log-probability of the length and of each character; 0 behind the end."""
        length, positions = (at_least_float32(logits).log_softmax(dim=-1) for logits in outputs)
        codes, lengths = targets
        characters = positions.gather(2, codes.clamp(min=0)[:, :, None])[:, :, 0]
        of_length = length.gather(1, (lengths[:, None] - 1).clamp(min=0))
        return torch.cat([of_length, characters * (codes >= 0)], dim=1)


def loss_without_number(length_logits: Tensor, position_logits: Tensor) -> Tensor:
    """-log P(at least one character is not in the alphabet), shape (n,).

    It sums over the first such position: the number reaches it, and those before are known.
    """
    length = length_logits.log_softmax(dim=1)
    reached = length.flip(1).logcumsumexp(dim=1).flip(1)
    positions = position_logits.log_softmax(dim=2)
    known = positions[..., :-1].logsumexp(dim=2)
    before = known.cumsum(dim=1) - known
    return -(reached + before + positions[..., -1]).logsumexp(dim=1)


def blanks_to_lengths(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Turn logits of characters and a blank (last) at every position into the factors of numbers.

    P(length = l) is proportional to the product of P(no blank) up to l and P(blank) after it.
    """
    log_p = at_least_float32(logits).log_softmax(dim=2)
    written, blank = log_p[..., :-1].logsumexp(dim=2), log_p[..., -1]
    behind = blank.sum(dim=1, keepdim=True) - blank.cumsum(dim=1)
    return written.cumsum(dim=1) + behind, logits[..., :-1]


def at_least_float32(logits: Tensor) -> Tensor:
    """Logits that a loss may be computed of: bfloat16 is too coarse."""
    return logits.float() if logits.dtype == torch.bfloat16 else logits


# torch's layers draw their weights from the generator of the whole process.
_RANDOM_STATE_LOCK = Lock()

MakeModule = Callable[..., Network]


def build_network(
    make_module: MakeModule, config: dict[str, Any], seed: int, dtype: torch.dtype
) -> Network:
    """Build a network with weights by chance."""
    with _RANDOM_STATE_LOCK, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = make_module(**config)
    return module.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]


def network_without_memory(make_module: MakeModule, config: dict[str, Any]) -> Network:
    """Build a network whose sizes are not allocated: they may be any that a file says."""
    with _RANDOM_STATE_LOCK, torch.random.fork_rng(devices=[]), torch.device("meta"):
        return make_module(**config)


def _channels_last(features: Tensor) -> Tensor:
    return features.contiguous(memory_format=torch.channels_last)


def in_training(module: nn.Module) -> bool:
    """Whether any layer is in training mode."""
    children = module._modules.values()
    return module.training or any(in_training(child) for child in children if child is not None)


def in_evaluation(module: nn.Module) -> nn.Module:
    """Copy a module in evaluation mode, sharing all weights; the module keeps its mode."""
    children = {name: in_evaluation(child) for name, child in module.named_children()}
    return _twin(module, _modules=children, training=False)


def without_normalization(module: nn.Module) -> nn.Module:
    """Fold batch normalisation into the convolutions and linear maps right before it.

    In prediction both are one linear map (Jacob et al. 2018, arXiv 1712.05877, section 3.2).
    """
    children: dict[str, nn.Module | None] = {}
    linear: str | None = None  # the child before, where it is one
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d) and linear is not None:
            children[linear] = _folded(children[linear], child)
            linear = None
        else:
            is_linear = isinstance(child, nn.Conv2d | nn.Linear)
            children[name] = child if is_linear else without_normalization(child)
            linear = name if is_linear and isinstance(module, nn.Sequential) else None
    return _twin(module, _modules=children, training=False)


def _folded(layer: nn.Module | None, normalization: nn.BatchNorm1d | nn.BatchNorm2d) -> nn.Module:
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    mean, variance = normalization.running_mean, normalization.running_var
    assert mean is not None
    assert variance is not None
    fuse = fuse_conv_bn_weights if isinstance(layer, nn.Conv2d) else fuse_linear_bn_weights
    weight, bias = fuse(
        layer.weight,
        layer.bias,
        mean,
        variance,
        normalization.eps,
        normalization.weight,
        normalization.bias,
    )
    return _twin(layer, _parameters={"weight": weight, "bias": bias})


def _twin(module: nn.Module, **replaced: Any) -> nn.Module:
    """Copy a module that shares all but a few attributes; copy.copy takes far longer."""
    twin: nn.Module = object.__new__(type(module))
    # Past Module.__setattr__, which looks for parameters.
    object.__setattr__(twin, "__dict__", module.__dict__ | replaced)
    return twin
