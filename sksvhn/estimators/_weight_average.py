"""Average the weights of a network over its training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of a module's weights and running statistics.

    Of the weights named `kept`, it always holds a share as they were at the beginning.
    """

    def __init__(
        self,
        module: nn.Module,
        decay: float,
        share: float = 0.0,
        kept: frozenset[str] = frozenset(),
    ) -> None:
        self.decay, self.share = decay, share
        # Listed once: a state_dict costs a small network as much as a layer.
        named = {n: t for n, t in module.state_dict().items() if t.is_floating_point()}
        self.own = list(named.values())
        self.start = [t.clone() if share and name in kept else t for name, t in named.items()]
        self.restart()

    def restart(self) -> None:
        """Begin with the weights that the module has."""
        self.n_updates = 0
        self.tensors = [tensor.clone() for tensor in self.own]
        #: The weights that are trained, while the module has the average.
        self.trained: list[Tensor] | None = None

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the module; early on, faster, to forget the random start."""
        self.n_updates += 1
        decay = min(self.decay, (1 + self.n_updates) / (10 + self.n_updates))
        own = torch._foreach_lerp(self.own, self.start, self.share) if self.share else self.own
        torch._foreach_lerp_(self.tensors, own, 1 - decay)

    @torch.no_grad()
    def put_in_place(self) -> None:
        """Give the module the averaged weights until `take_out`."""
        if self.trained is None:
            self.trained = [tensor.clone() for tensor in self.own]
        # Also after a Ctrl-C that came between these two.
        torch._foreach_copy_(self.own, self.tensors)

    @torch.no_grad()
    def take_out(self) -> None:
        """Give the module back the weights that are trained; those it has become the average."""
        if self.trained is not None:
            torch._foreach_copy_(self.tensors, self.own)
            torch._foreach_copy_(self.own, self.trained)
            self.trained = None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the module have the averaged weights for a while."""
        if self.trained is not None:
            yield
            return
        self.put_in_place()
        try:
            yield
        finally:
            self.take_out()

    def settle(self) -> None:
        """Go on from the weights in the module if they are not the average, as the best epoch's."""
        if not all(map(torch.equal, self.own, self.tensors)):
            self.restart()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Let code of others see the averaged weights; training goes on from what it loads."""
        self.put_in_place()
        try:
            yield
        finally:
            self.settle()
            self.take_out()
