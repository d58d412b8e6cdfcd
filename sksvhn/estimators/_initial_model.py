"""Begin a training with the weights of another model, as far as they fit."""

from __future__ import annotations

import os
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .._capabilities import is_network
from .._files._pretrained_files import pretrained_names, pretrained_path
from ._network import Network
from ._saving import load
from ._settings import settings_of

_TRUNK = "features.trunk."
_FIRST = f"{_TRUNK}0."
# Parameters that all convolutions follow from.
_CONVOLUTIONS = ("channels", "normalization", "architecture__kernel_size", "architecture__stem")
# Where attention maps look whatever they see, at the size of the features.
_PLACE = "features.attention.place"
# Rows that stand for the length and the positions in order: the first ones fit.
_BY_POSITION = ("features.attention.", "length.")
# Rows that stand for characters.
_BY_CHARACTER = "characters."


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
def take_weights(network: Network, symbols: list[str], start: Any) -> None:
    """Copy the weights of a fitted estimator into a new network whose classes are `symbols`."""
    # All convolutions must fit. Other layers keep what fits: characters that both know, and
    # positions that both have.
    known, weights = start.module_.state_dict(), network.state_dict()
    for name in [name for name in weights if name.startswith(_FIRST)]:
        if name in known:
            known[name] = _for_colors(known[name], weights[name])
    if _PLACE in known and _PLACE in weights:
        known[_PLACE] = F.interpolate(
            known[_PLACE][None], size=weights[_PLACE].shape[1:], mode="bilinear"
        )[0]
    trunk = [name for name in weights if name.startswith(_TRUNK)]
    unfit = [n for n in trunk if n not in known or known[n].shape != weights[n].shape]
    if unfit or not trunk:
        raise ValueError(
            "initial_model must have the convolutions of the network to train; got a "
            f"{type(start).__name__} with others; {_advice(start)}."
        )
    for name, weight in weights.items():
        if name not in known or known[name].shape[1:] != weight.shape[1:]:
            continue
        if name.startswith(_BY_CHARACTER):
            theirs = start._symbols()
            both = [symbol for symbol in symbols if symbol in theirs]
            weight[[symbols.index(s) for s in both]] = known[name][
                [theirs.index(s) for s in both]
            ].to(weight)
            if len(weight) > len(symbols) and len(known[name]) > len(theirs):
                weight[-1] = known[name][-1].to(weight)  # none of the characters
        elif name.startswith(_BY_POSITION):
            rows = min(len(weight), len(known[name]))
            weight[:rows] = known[name][:rows].to(weight)
        elif known[name].shape == weight.shape:
            weight.copy_(known[name])


def _advice(start: Any) -> str:
    """How to make a network that begins like a fitted estimator's."""
    theirs = vars(settings_of(start))
    if "channels" not in theirs:
        return "pass a model that has convolutions"
    same = [f"{name}={theirs[name.removeprefix('architecture__')]!r}" for name in _CONVOLUTIONS]
    return f"call set_params({', '.join(same)})"


def _for_colors(known: Tensor, weight: Tensor) -> Tensor:
    """Weights of the first layer for grey or colour, which see a grey picture alike."""
    if known.ndim != 4 or known.shape[1] == weight.shape[1]:
        return known
    grey = known.sum(dim=1, keepdim=True)
    return grey.expand(-1, weight.shape[1], -1, -1) / weight.shape[1]
