"""Networks predict the same with and without batch normalisation of their own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from sksvhn import SVHNSequenceClassifier
from sksvhn.estimators._network import without_normalization

from ._pictures import bar_numbers


def is_normalization(layer: nn.Module) -> bool:
    return isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)


def trained(**params: Any) -> nn.Module:
    X, y = bar_numbers(80)
    defaults = {"channels": ((4, 6), (8,)), "max_epochs": 2, "batch_size": 16, "random_state": 0}
    return SVHNSequenceClassifier().set_params(**(defaults | params)).fit(X, y).net_.module_


@pytest.mark.parametrize(
    ("params", "n_left"),
    [
        ({}, 0),
        (
            {
                "architecture__head": "dense",
                "hidden_layer_sizes": (9, 7),
                "architecture__kernel_size": 4,
                "dropout": 0.2,
            },
            0,
        ),
        ({"architecture__head": "tiles", "hidden_layer_sizes": (9,), "activation": "gelu"}, 0),
        ({"normalization": ["batch", None]}, 0),
        ({"normalization": "group"}, 0),
        ({"architecture__normalization_position": "after_activation"}, 3),
        ({"architecture__normalization_position": "after_pool"}, 2),
    ],
)
def test_outputs_are_the_same(params: dict[str, Any], n_left: int) -> None:
    module = trained(**params)
    pictures = torch.randn(5, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    before = {name: weights.clone() for name, weights in module.state_dict().items()}
    folded = without_normalization(module)
    assert sum(map(is_normalization, folded.modules())) == n_left
    with torch.inference_mode():
        for expected, found in zip(module(pictures), folded(pictures), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert all(torch.equal(module.state_dict()[name], weights) for name, weights in before.items())
