"""Check the constructor parameters that name the layers of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

import numpy as np

ACTIVATIONS = ("relu", "leaky_relu", "gelu", "tanh", "logistic")
NORMALIZATIONS = ("batch", "group", "lrn")
NORMALIZATION_POSITIONS = ("before_activation", "after_activation", "after_pool")
POOLINGS = ("max", "average")
WEIGHT_INITS = ("he", "xavier")
HEADS = ("attention", "dense", "tiles")


@dataclass(frozen=True)
class NetworkSpec:
    """Layers of a network, checked; a stage is a row of convolutions followed by a pool.

    `normalization` and `dropout` hold one value per stage, then one per hidden layer.
    """

    channels: tuple[tuple[int, ...], ...]
    hidden_layer_sizes: tuple[int, ...]
    kernel_size: tuple[int, ...]
    #: Kernel size and stride of the very first convolution, where it differs.
    stem: tuple[int, int] | None
    pooling: tuple[str | None, ...]
    #: How features leave the last stage: "attention", "dense" or "tiles".
    head: str
    activation: str
    negative_slope: float
    normalization: tuple[str | None, ...]
    normalization_position: str
    dropout: tuple[float, ...]
    weight_init: str
    bias_init: float

    @classmethod
    def from_parameters(
        cls,
        *,
        hidden_layer_sizes: int | Sequence[int],
        activation: str,
        negative_slope: float,
        normalization: str | Sequence[str | None] | None,
        normalization_position: str,
        dropout: float | Sequence[float],
        weight_init: str,
        bias_init: float,
        channels: Sequence[Sequence[int]] = (),
        kernel_size: int | Sequence[int] = 3,
        stem: Sequence[int] | None = None,
        pooling: str | Sequence[str | None] | None = "max",
        head: str = "dense",
    ) -> NetworkSpec:
        """Check parameters and spread single values over all layers; raise ValueError if wrong."""
        stages = _stages(channels)
        hidden = (
            tuple(hidden_layer_sizes)
            if isinstance(hidden_layer_sizes, (tuple, list))
            else (hidden_layer_sizes,)
        )
        if not all(map(is_positive_int, hidden)):
            raise ValueError(
                "hidden_layer_sizes must hold positive integers, one per layer, as in (128, 64); "
                f"got {hidden_layer_sizes!r}."
            )
        if stem is not None and not (len(stem) == 2 and all(map(is_positive_int, stem))):
            raise ValueError(
                "stem must be None or two positive integers, the kernel size and the stride of the "
                f"first convolution, as in (5, 2); got {stem!r}."
            )
        if head == "attention" and not stages:
            raise ValueError(
                "head='attention' must have convolutions, whose features it weights; got no "
                "channels; pass at least one stage, or head='dense'."
            )
        if not stages and "lrn" in (normalization or ()):
            raise ValueError(
                "normalization='lrn' must have convolutions, across whose feature maps it works; "
                "got no channels; pass 'batch', 'group' or None."
            )
        n_stages, n_layers = len(stages), len(stages) + len(hidden)
        per_stage = f"one per stage: {n_stages} in all"
        per_layer = f"one per stage and then one per hidden layer: {n_layers} in all"
        return cls(
            channels=stages,
            hidden_layer_sizes=tuple(map(int, hidden)),
            kernel_size=_spread(
                kernel_size,
                n_stages,
                "kernel_size",
                per_stage,
                "a positive integer",
                is_positive_int,
            ),
            stem=None if stem is None else (int(stem[0]), int(stem[1])),
            pooling=_spread(
                pooling,
                n_stages,
                "pooling",
                per_stage,
                "'max', 'average' or None",
                lambda value: value is None or value in POOLINGS,
            ),
            head=head,
            activation=activation,
            negative_slope=float(negative_slope),
            normalization=_spread(
                normalization,
                n_layers,
                "normalization",
                per_layer,
                "'batch', 'group', 'lrn' or None",
                lambda value: value is None or value in NORMALIZATIONS,
            ),
            normalization_position=normalization_position,
            dropout=_spread(
                dropout,
                n_layers,
                "dropout",
                per_layer,
                "a number in [0, 1)",
                lambda value: isinstance(value, Real) and 0 <= float(value) < 1,
            ),
            weight_init=weight_init,
            bias_init=float(bias_init),
        )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NetworkSpec:
        """Reverse `dataclasses.asdict`; raise ValueError if no parameters lead to these values."""
        architecture = cls.from_parameters(**values)
        names = {
            "head": HEADS,
            "activation": ACTIVATIONS,
            "normalization_position": NORMALIZATION_POSITIONS,
            "weight_init": WEIGHT_INITS,
        }
        if asdict(architecture) != values or not all(values[n] in names[n] for n in names):
            raise ValueError("the stored description of layers is not one that parameters can give")
        return architecture


def _stages(channels: Any) -> tuple[tuple[int, ...], ...]:
    stages = tuple(tuple(s) if isinstance(s, (tuple, list)) else (None,) for s in channels)
    if not all(stage and all(map(is_positive_int, stage)) for stage in stages):
        raise ValueError(
            "channels must hold stages, each of at least one positive integer, the width of a "
            f"convolution, as in ((32, 32), (64, 64)); got {channels!r}."
        )
    return tuple(tuple(map(int, stage)) for stage in stages)


def is_positive_int(value: object) -> bool:
    """Whether it is an integer above 0, Python's or NumPy's."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and int(value) > 0


def _spread(
    value: Any, n: int, name: str, meaning: str, expected: str, is_valid: Callable[[Any], bool]
) -> tuple[Any, ...]:
    """Return a list's values, or a single value n times."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * n
    if len(values) != n:
        raise ValueError(
            f"{name} must be one value or {meaning}; got {len(values)} values, {value!r}."
        )
    wrong = [v for v in values if not is_valid(v)]
    if wrong:
        raise ValueError(
            f"{name} must hold {expected} for each layer; got {wrong[0]!r} in {value!r}."
        )
    return values
