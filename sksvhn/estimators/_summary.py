"""Summarise the layers of a network in a table."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn

from ._layers import Dropout


@dataclass(frozen=True)
class NetworkSummary:
    """The layers of a network.

    Attributes
    ----------
    layers : pandas.DataFrame
        One row per layer, in the order pictures pass them: "layer", "output" (the shape of what it
        makes of one picture or tile: height, width, channels), "weights" (trained) and
        "statistics" (running means and variances).
    """

    layers: pd.DataFrame

    @classmethod
    def of(cls, module: nn.Module, image_shape: tuple[int, int, int]) -> NetworkSummary:
        """Send an empty picture of (height, width, channels) through a module in eval mode."""
        height, width, channels = image_shape
        rows = [_row("input", (1, channels, height, width))]

        def note(layer: nn.Module, inputs: object, output: Tensor) -> None:
            rows.append(_row(_name(layer), tuple(output.shape), layer))

        hooks = [layer.register_forward_hook(note) for layer in _layers(module)]
        try:
            with torch.inference_mode():
                module(next(module.parameters()).new_zeros(1, channels, height, width))
        finally:
            for hook in hooks:
                hook.remove()
        return cls(pd.DataFrame(rows))

    @property
    def n_weights(self) -> int:
        """Number of trained weights."""
        return int(self.layers["weights"].sum())

    @property
    def n_statistics(self) -> int:
        """Number of running means and variances, which are kept but not trained."""
        return int(self.layers["statistics"].sum())

    def __str__(self) -> str:
        table = self._shown()
        width = table["layer"].str.len().max()
        body = table.to_string(index=False, formatters={"layer": f"{{:<{width}}}".format})
        return f"{body}\n{self._total()}"

    def _repr_html_(self) -> str:
        return self._shown().to_html(index=False, border=0) + f"<p>{self._total()}</p>"

    def _shown(self) -> pd.DataFrame:
        table = self.layers.copy()
        for column in ("weights", "statistics"):
            table[column] = [f"{count:,}" if count else "" for count in table[column]]
        return table if self.n_statistics else table.drop(columns="statistics")

    def _total(self) -> str:
        statistics = f", {self.n_statistics:,} running statistics" if self.n_statistics else ""
        return f"{self.n_weights:,} weights{statistics}"


def _layers(module: nn.Module) -> list[nn.Module]:
    """Modules that count as layers: those with weights of their own, or without parts."""
    parts = list(module.children())
    if not parts or list(module.parameters(recurse=False)):
        does_nothing = isinstance(module, nn.Sequential) or getattr(module, "p", 1) == 0
        return [] if does_nothing else [module]
    return [layer for part in parts for layer in _layers(part)]


def _name(layer: nn.Module) -> str:
    name = type(layer).__name__
    if isinstance(layer, nn.Conv2d):
        stride = f", stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
        return f"Conv2d {layer.kernel_size[0]}x{layer.kernel_size[1]}{stride}"
    return f"{name} {layer.p}" if isinstance(layer, Dropout) else name


def _row(name: str, shape: tuple[int, ...], layer: nn.Module | None = None) -> dict[str, object]:
    made = (*shape[2:], shape[1]) if len(shape) == 4 else shape[1:]
    weights = [] if layer is None else list(layer.parameters())
    statistics = [] if layer is None else [b for b in layer.buffers() if b.is_floating_point()]
    return {
        "layer": name,
        "output": " x ".join(map(str, made)),
        "weights": sum(tensor.numel() for tensor in weights),
        "statistics": sum(tensor.numel() for tensor in statistics),
    }
