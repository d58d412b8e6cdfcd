"""Layers against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn

from sksvhn.estimators._architecture import NetworkSpec
from sksvhn.estimators._layers import ConvTrunk, Dropout, EvenConv2d, HiddenLayers


def architecture(**params: Any) -> NetworkSpec:
    defaults = {
        "hidden_layer_sizes": (),
        "activation": "relu",
        "negative_slope": 0.01,
        "normalization": None,
        "normalization_position": "before_activation",
        "dropout": 0.0,
        "weight_init": "he",
        "bias_init": 0.0,
    }
    return NetworkSpec.from_parameters(**(defaults | params))


def test_even_kernels_keep_the_size_and_pad_the_far_side_more() -> None:
    torch.manual_seed(0)
    convolution = EvenConv2d(1, 1, 4)
    picture = torch.randn(1, 1, 6, 7)
    kernel, bias = convolution.weight[0, 0].detach().numpy(), convolution.bias.item()
    padded = np.pad(picture[0, 0].numpy(), ((1, 2), (1, 2)))
    np.testing.assert_allclose(
        convolution(picture)[0, 0].detach().numpy(),
        correlate2d(padded, kernel, mode="valid") + bias,
        atol=1e-5,
    )


def test_local_response_normalization_is_tensorflows() -> None:
    trunk = ConvTrunk(
        1, architecture(channels=((20,),), normalization="lrn", pooling=None, kernel_size=1)
    )
    normalization = trunk[1]
    x = np.random.default_rng(0).normal(size=(2, 20, 3, 3)) * 3
    expected = np.empty_like(x)
    for channel in range(20):
        near = x[:, max(0, channel - 5) : channel + 6]
        expected[:, channel] = x[:, channel] / (1 + 0.1 * np.square(near).sum(axis=1)) ** 0.75
    np.testing.assert_allclose(normalization(torch.from_numpy(x)).numpy(), expected, rtol=1e-6)


def test_a_bias_only_where_no_normalization_shifts() -> None:
    for position, has_bias in (("before_activation", False), ("after_activation", True)):
        layers = HiddenLayers(
            3,
            architecture(
                hidden_layer_sizes=(4,), normalization="batch", normalization_position=position
            ),
        )
        assert (layers[0].bias is not None) == has_bias
    trunk = ConvTrunk(1, architecture(channels=((4,),), normalization="lrn"))
    assert trunk[0].bias is not None


@pytest.mark.parametrize(("weight_init", "variance"), [("he", 2 / 400), ("xavier", 2 / 900)])
def test_initialization(weight_init: str, variance: float) -> None:
    torch.manual_seed(0)
    layers = HiddenLayers(
        400, architecture(hidden_layer_sizes=(500,), weight_init=weight_init, bias_init=1.0)
    )
    assert layers[0].weight.var().item() == pytest.approx(variance, rel=0.03)
    assert torch.equal(layers[0].bias, torch.ones(500))


def test_pooling_behind_stages_or_between_them() -> None:
    for pools_last, side in ((True, 2), (False, 4)):
        trunk = ConvTrunk(1, architecture(channels=((2,), (2,))), pools_last=pools_last)
        assert trunk(torch.zeros(1, 1, 8, 8)).shape == (1, 2, side, side)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "logistic"])
@pytest.mark.parametrize(
    ("normalization", "position"),
    [(None, "before_activation"), ("batch", "before_activation"), ("group", "after_pool")],
)
def test_pooling_before_a_rising_activation_is_pooling_after_it(
    activation: str, normalization: str | None, position: str
) -> None:
    torch.manual_seed(0)
    params = {"normalization": normalization, "normalization_position": position}
    design = architecture(channels=((3, 4), (5,)), activation=activation, bias_init=0.1, **params)
    trunk = ConvTrunk(2, design).double()
    layers = list(trunk)
    places = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    assert len(places) == 2
    for i in places:
        layers[i], layers[i + 1] = layers[i + 1], layers[i]
        assert isinstance(layers[i], nn.ReLU | nn.LeakyReLU | nn.Tanh | nn.Sigmoid)
    slower = nn.Sequential(*layers)  # with the same weights

    def outputs_and_gradients(module: nn.Module) -> list[torch.Tensor]:
        pictures = 2 * torch.randn(4, 2, 9, 7, dtype=torch.float64, generator=generator())
        pictures.requires_grad_()
        outputs = module(pictures)
        directions = torch.randn(outputs.shape, dtype=torch.float64, generator=generator())
        leaves = [pictures, *trunk.parameters()]
        return [outputs, *torch.autograd.grad((outputs * directions).sum(), leaves)]

    for fast, slow in zip(outputs_and_gradients(trunk), outputs_and_gradients(slower), strict=True):
        assert fast.abs().max() > 0
        torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-12)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("params", "last"),
    [
        ({"activation": "gelu"}, nn.GELU),
        ({"pooling": "average"}, nn.ReLU),
        ({"normalization": "batch", "normalization_position": "after_activation"}, nn.BatchNorm2d),
    ],
)
def test_other_pooling_stays_behind_the_stage(params: dict[str, Any], last: type) -> None:
    trunk = ConvTrunk(1, architecture(channels=((3,),), **params))
    assert isinstance(trunk[-2], last)
    assert isinstance(trunk[-1], nn.MaxPool2d | nn.AvgPool2d)


def test_pictures_of_one_row_stay_alive() -> None:
    trunk = ConvTrunk(1, architecture(channels=((2,),) * 4, stem=(5, 2)))
    assert trunk(torch.zeros(1, 1, 1, 9)).shape == (1, 2, 1, 1)


def test_dropout_keeps_the_mean_and_has_a_generator_of_its_own() -> None:
    layer = Dropout(0.25).train()
    layer.generator = torch.Generator().manual_seed(0)
    state = torch.random.get_rng_state()
    features = layer(torch.ones(100, 1000))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert features.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert features.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(torch.ones(3)), torch.ones(3))
