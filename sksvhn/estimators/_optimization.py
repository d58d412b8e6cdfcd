"""Optimisers and learning-rate schedules."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
SCHEDULES = ("constant", "exponential", "staircase", "one_cycle")

WARM_UP = 0.2


def make_optimizer(
    name: str, module: nn.Module, *, lr: float, momentum: float, weight_decay: float
) -> torch.optim.Optimizer:
    """Build an optimiser of a module's weights; biases and normalisation get no weight decay."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    if weight_decay == 0:  # each group costs a small network as much as a layer
        groups = [{"params": parameters, "weight_decay": 0.0}]
    else:
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
    options: dict[str, Any] = {}
    if name in ("momentum", "nesterov"):
        options = {"momentum": momentum, "nesterov": name == "nesterov"}
    # One pass over all weights, where torch has it.
    fused = parameters[0].device.type in ("cpu", "cuda")
    return OPTIMIZERS[name](groups, lr=lr, fused=fused, **options)  # type: ignore[call-arg]


@torch.no_grad()
def bare_step(optimizer: torch.optim.Optimizer) -> None:
    """Take the step of an optimiser alone, without what torch wraps round it.

    Profilers, compilers and hooks, for which that is, take 6 % of a small network's training.
    """
    inspect.unwrap(type(optimizer).step)(optimizer)


@dataclass(frozen=True)
class Schedule:
    """Learning-rate factor of every optimiser step."""

    kind: str
    #: Factor of "exponential" and "staircase" ...
    decay: float = 1.0
    #: ... in this many steps; None is an epoch.
    decay_steps: int | None = None

    def factor(self, *, progress: float, n_steps: int, n_epochs: float) -> float:
        """Return the factor of the learning rate at a share of the training, step and epoch."""
        if self.kind == "one_cycle":
            return one_cycle(progress)
        if self.kind == "constant":
            return 1.0
        periods = n_epochs if self.decay_steps is None else n_steps / self.decay_steps
        return self.decay ** (math.floor(periods) if self.kind == "staircase" else periods)


def one_cycle(progress: float) -> float:
    """Learning-rate factor of one-cycle training (Smith & Topin 2017, arXiv 1708.07120).

    Rises linearly from 1/25 to 1 over the first fifth, then falls along a cosine towards 0.
    """
    if progress < WARM_UP:
        return 0.04 + 0.96 * progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))
