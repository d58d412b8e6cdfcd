"""From stored pixels to what a network reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sksvhn.estimators._standardizer import Standardizer

CPU = torch.device("cpu")


def standardizer(pictures: np.ndarray, **params: object) -> Standardizer:
    weights = params.pop("weights", np.ones(len(pictures)))
    return Standardizer.from_pictures(
        pictures, weights, **{"input_size": None, "per_image": False, **params}
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_mean_and_deviation_per_channel(dtype: type) -> None:
    rng = np.random.default_rng(0)
    pictures = (rng.integers(0, 200, (1500, 4, 5, 3)) + np.array([0, 20, 50])).astype(dtype)
    learned = standardizer(pictures)
    np.testing.assert_allclose(learned.mean, pictures.mean(axis=(0, 1, 2), dtype=float), rtol=1e-9)
    np.testing.assert_allclose(learned.std, pictures.std(axis=(0, 1, 2), dtype=float), rtol=1e-9)
    tensor = learned.to_tensor(pictures, CPU, torch.float64)
    assert tensor.shape == (1500, 3, 4, 5)
    torch.testing.assert_close(
        tensor.mean(dim=(0, 2, 3)), torch.zeros(3, dtype=torch.float64), atol=1e-6, rtol=0
    )
    torch.testing.assert_close(
        tensor.std(dim=(0, 2, 3), correction=0), torch.ones(3, dtype=torch.float64)
    )


def test_weights_count_as_repetitions() -> None:
    pictures = np.random.default_rng(0).random((20, 3, 3, 1))
    weights = np.arange(20.0)
    repeated = standardizer(pictures.repeat(np.arange(20), axis=0))
    weighted = standardizer(pictures, weights=weights)
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-12)
    np.testing.assert_allclose(weighted.std, repeated.std, rtol=1e-12)


def test_flat_pictures_stay_finite() -> None:
    pictures = np.full((4, 20, 20, 1), 7, dtype=np.uint8)
    with pytest.warns(UserWarning, match="training picture is blank"):
        learned = standardizer(pictures, per_image=True)
    tensor = learned.to_tensor(pictures, CPU, torch.float32)
    assert torch.equal(tensor, torch.zeros_like(tensor))


def test_per_image_takes_contrast_out() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.random((30, 16, 16, 1))
    learned = standardizer(pictures, per_image=True)
    usual, faint = (
        learned.to_tensor(shades, CPU, torch.float64) for shades in (pictures, pictures * 0.5 + 0.3)
    )
    torch.testing.assert_close(usual, faint, atol=0.3, rtol=0)


def test_large_pictures_shrink_without_aliasing() -> None:
    # Stripes one pixel wide are finer than the network's grid: they must blur, not beat.
    pictures = np.zeros((1, 192, 192, 1))
    pictures[:, :, ::2] = 1
    learned = standardizer(pictures, input_size=48)
    assert learned.size == (48, 48)
    small = learned.to_tensor(pictures, CPU, torch.float64)
    assert small.shape == (1, 1, 48, 48)
    assert small.abs().max() < 1e-6


def test_small_and_oblong_pictures_keep_their_size() -> None:
    assert standardizer(np.zeros((1, 20, 100, 1)), input_size=48).size == (20, 48)
    assert standardizer(np.zeros((1, 20, 100, 1)), input_size=(48, 64)).size == (20, 64)
    assert standardizer(np.zeros((1, 64, 64, 1)), input_size=(48, 64)).size == (48, 64)


@pytest.mark.parametrize("input_size", [(48,), (48, 64, 1), (0, 48), (48.0, 64), [48, "64"]])
def test_an_input_size_of_other_than_two_sides_is_named(input_size: Any) -> None:
    with pytest.raises(ValueError, match=r"input_size must be .*got .*48"):
        standardizer(np.zeros((1, 20, 20, 1)), input_size=input_size)
