"""Begin a training with the weights of another model, as far as they fit."""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .._capabilities import is_network
from .._files._pretrained_files import pretrained_names, pretrained_path
from ._saving import load
from ._settings import settings_of

_FIRST = "features.trunk.0."
# Parameters that all convolutions, and what lies between them, follow from.
_CONVOLUTIONS = (
    "channels",
    "activation",
    "normalization",
    "architecture__kernel_size",
    "architecture__stem",
    "architecture__pooling",
    "architecture__negative_slope",
    "architecture__normalization_position",
)
# Where attention maps look whatever they see, at the size of the features.
_PLACE = "features.attention.place"
# Rows that stand for the length and the positions in order: the first ones fit.
_BY_POSITION = ("features.attention.", "length.")
# Rows that stand for characters, or for the labels of digits.
_BY_SYMBOL = ("characters.", "output.")


def load_initial(model: str | os.PathLike[str]) -> Any:
    """Load a model that has a network, by its file or by the name of a pretrained one."""
    start = load_start(model)
    if not is_network(start):
        raise ValueError(
            f"initial_model must be a model with a network; got {type(start).__name__} in {model}; "
            "pass another file."
        )
    return start


def load_start(model: str | os.PathLike[str]) -> Any:
    """Load an estimator by its file, or by the name of one that comes with the package."""
    named = isinstance(model, str) and model in pretrained_names()
    return load(pretrained_path(str(model)) if named else model)


@torch.no_grad()
def take_weights(clf: Any, start: Any) -> frozenset[str]:
    """Copy the weights of a fitted estimator into a new network; names of those that fit whole."""
    # All convolutions must fit. Other layers keep what fits: characters that both know, and
    # positions that both have.
    if not start._config["architecture"].channels or _convolutions(clf) != _convolutions(start):
        raise ValueError(
            "initial_model must have the convolutions of the network to train; got a "
            f"{type(start).__name__} with others; {_advice(clf, start)}."
        )
    known, weights = start.module_.state_dict(), clf.module_.state_dict()
    symbols, theirs = clf._symbols(), start._symbols()
    for name in [name for name in weights if name.startswith(_FIRST)]:
        if name in known:
            known[name] = _for_colors(known[name], weights[name])
    if _PLACE in known and _PLACE in weights:
        known[_PLACE] = F.interpolate(
            known[_PLACE][None], size=weights[_PLACE].shape[1:], mode="bilinear"
        )[0]
    whole = set()
    for name, weight in weights.items():
        if name not in known or known[name].shape[1:] != weight.shape[1:]:
            continue
        if name.startswith(_BY_SYMBOL):
            pairs = [(i, theirs.index(s)) for i, s in enumerate(symbols) if s in theirs]
            if len(weight) > len(symbols) and len(known[name]) > len(theirs):
                pairs.append((-1, -1))  # none of the characters
            for ours, other in pairs:
                weight[ours] = known[name][other].to(weight)
            is_whole = len(pairs) == len(weight)
        elif name.startswith(_BY_POSITION):
            rows = min(len(weight), len(known[name]))
            weight[:rows] = known[name][:rows].to(weight)
            is_whole = rows == len(weight)
        else:
            is_whole = known[name].shape == weight.shape
            if is_whole:
                weight.copy_(known[name])
        if is_whole:
            whole.add(name)
    return frozenset(whole)


def _convolutions(clf: Any) -> tuple[Any, ...]:
    """Say what an estimator's convolutions compute, whatever their weights are."""
    spec = clf._config["architecture"]
    normalization = spec.normalization[: len(spec.channels)]
    return (
        spec.channels,
        spec.kernel_size,
        spec.stem,
        spec.pooling,
        (spec.activation, spec.negative_slope if spec.activation == "leaky_relu" else None),
        (normalization, spec.normalization_position if any(normalization) else None),
    )


def _advice(clf: Any, start: Any) -> str:
    """How to make a network that begins like a fitted estimator's."""
    ours, theirs = vars(settings_of(clf)), vars(settings_of(start))
    if "channels" not in ours:
        return "fit a classifier that has convolutions"
    if "channels" not in theirs:
        return "pass a model that has convolutions"
    other = [name for name in _CONVOLUTIONS if ours[_short(name)] != theirs[_short(name)]]
    changes = (f"{name}={theirs[_short(name)]!r}" for name in other)
    return f"call set_params({', '.join(changes)})"


def _short(name: str) -> str:
    return name.removeprefix("architecture__")


def _for_colors(known: Tensor, weight: Tensor) -> Tensor:
    """Weights of the first layer for grey or colour, which see a grey picture alike."""
    if known.ndim != 4 or known.shape[1] == weight.shape[1]:
        return known
    grey = known.sum(dim=1, keepdim=True)
    return grey.expand(-1, weight.shape[1], -1, -1) / weight.shape[1]
