"""Optimisers and schedules."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sksvhn.estimators._optimization import OPTIMIZERS, Schedule, bare_step, make_optimizer


def factors(schedule: Schedule, n_steps: int = 100, steps_per_epoch: int = 10) -> np.ndarray:
    return np.array(
        [
            schedule.factor(progress=step / n_steps, n_steps=step, n_epochs=step / steps_per_epoch)
            for step in range(n_steps)
        ]
    )


def test_schedules() -> None:
    steps = np.arange(100)
    np.testing.assert_allclose(factors(Schedule("constant")), 1)
    np.testing.assert_allclose(factors(Schedule("exponential", 0.5)), 0.5 ** (steps / 10))
    np.testing.assert_allclose(factors(Schedule("staircase", 0.5, 30)), 0.5 ** (steps // 30))
    one_cycle = factors(Schedule("one_cycle"))
    assert one_cycle[0] == pytest.approx(0.04)
    assert one_cycle.argmax() == 20
    assert one_cycle.max() == pytest.approx(1)
    assert 0 < one_cycle[-1] < 0.01


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_take_their_first_step(name: str) -> None:
    weight, gradient, lr = 2.0, 3.0, 0.1
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, weight)
    nn.init.constant_(layer.bias, weight)
    optimizer = make_optimizer(name, layer, lr=lr, momentum=0.9, weight_decay=0.5)
    for parameter in layer.parameters():
        parameter.grad = torch.full_like(parameter, gradient)
    optimizer.step()
    decayed = gradient + 0.5 * weight
    expected = {
        "sgd": weight - lr * decayed,
        "momentum": weight - lr * decayed,
        "nesterov": weight - lr * 1.9 * decayed,
        "adagrad": weight - lr,
        "adam": weight - lr,
        "adamw": weight * (1 - lr * 0.5) - lr,
    }[name]
    assert layer.weight.item() == pytest.approx(expected, rel=1e-5)
    plain = {"sgd": 0.3, "momentum": 0.3, "nesterov": 0.57}.get(name, lr)
    assert layer.bias.item() == pytest.approx(weight - plain, rel=1e-5)  # not decayed
    optimizer.step()
    if name == "momentum":
        assert layer.bias.item() == pytest.approx(weight - 0.3 - 0.1 * (0.9 * 3 + 3), rel=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_bare_steps_do_what_steps_do(name: str) -> None:
    layers = nn.Linear(3, 2), nn.Linear(3, 2)
    layers[1].load_state_dict(layers[0].state_dict())
    optimizers = [
        make_optimizer(name, layer, lr=0.1, momentum=0.9, weight_decay=0.5) for layer in layers
    ]
    steps = optimizers[0].step, partial(bare_step, optimizers[1])
    inputs = torch.arange(12.0).reshape(4, 3)
    for _ in range(3):
        for layer, step in zip(layers, steps, strict=True):
            layer.zero_grad()
            layer(inputs).square().sum().backward()
            step()
    for one, other in zip(*(layer.parameters() for layer in layers), strict=True):
        assert torch.equal(one, other)
        assert other.requires_grad
