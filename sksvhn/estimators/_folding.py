"""Fold batch normalisation into the layers of a network in evaluation mode."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights


def in_evaluation(module: nn.Module) -> nn.Module:
    """Copy a module in evaluation mode, sharing all weights; the module keeps its mode."""
    children = {name: in_evaluation(child) for name, child in module.named_children()}
    return _twin(module, _modules=children, training=False)


def without_normalization(module: nn.Module) -> nn.Module:
    """Fold batch normalisation into the convolutions and linear maps right before it.

    In prediction both are one linear map (Jacob et al. 2018, arXiv 1712.05877, section 3.2). The
    module itself stays as it is and shares its other weights.
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
    twin.__dict__ = module.__dict__ | replaced
    return twin
