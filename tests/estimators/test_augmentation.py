"""Random changes of training pictures."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.estimators._augmentation import (
    SECOND_LOOKS,
    VIEWS,
    View,
    augment,
    fixed_view,
    sample_affine,
)


def augmented(pictures: torch.Tensor, *, seed: int = 0, **params: object) -> torch.Tensor:
    return augment(
        pictures, generator=torch.Generator().manual_seed(seed), **{"strength": 1.0, **params}
    )


@given(
    n=st.integers(1, 5),
    channels=st.sampled_from([1, 3]),
    height=st.integers(16, 40),
    width=st.integers(16, 40),
    strength=st.floats(0.01, 2),
)
@settings(deadline=None, max_examples=30)
def test_shape_dtype_and_finiteness(
    n: int, channels: int, height: int, width: int, strength: float
) -> None:
    pictures = torch.randn(n, channels, height, width, dtype=torch.float64)
    result = augmented(pictures, size=(20, 24), strength=strength)
    assert result.shape == (n, channels, 20, 24)
    assert result.dtype == torch.float64
    assert torch.isfinite(result).all()


def test_same_seed_same_changes_and_none_of_the_global_state() -> None:
    pictures = torch.randn(6, 1, 24, 24)
    state = torch.random.get_rng_state()
    first, again, other = (augmented(pictures, size=(24, 24), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)
    # Every picture gets changes of its own.
    same = augmented(pictures[:1].expand(6, -1, -1, -1), size=(24, 24))
    assert len({tuple(row.flatten().tolist()) for row in same}) == 6


def test_faint_strength_changes_little() -> None:
    ramp = torch.linspace(-1, 1, 32).expand(4, 1, 32, 32)
    torch.testing.assert_close(
        augmented(ramp, size=(32, 32), strength=1e-4), ramp, atol=2e-3, rtol=0
    )


def test_never_mirrored() -> None:
    # Bright on the left stays left of dark, up to polarity: its place decides, not its shade.
    pictures = torch.zeros(200, 1, 32, 32)
    pictures[..., 12:20, 4:12] = 1
    result = augmented(pictures, size=(32, 32), strength=0.5)
    background = result[..., -1, -1][..., None, None]
    difference = (result - background).abs()
    left, right = difference[..., :16].sum(dim=(1, 2, 3)), difference[..., 16:].sum(dim=(1, 2, 3))
    assert (left > right).float().mean() > 0.8


@pytest.mark.parametrize("factor", [0.5, 2])
def test_resizing_keeps_the_picture(factor: float) -> None:
    ramp = torch.linspace(-1, 1, 32).expand(2, 1, 32, 32)
    side = int(32 * factor)
    result = augmented(ramp, size=(side, side), strength=1e-4)
    expected = F.interpolate(ramp, size=(side, side), mode="bilinear")
    torch.testing.assert_close(result, expected, atol=5e-3, rtol=0)


def sampled_by_torch(
    pictures: torch.Tensor, theta: torch.Tensor, size: tuple[int, int]
) -> torch.Tensor:
    n, channels = pictures.shape[:2]
    grid = F.affine_grid(theta.expand(n, -1, -1), [n, channels, *size], align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


@pytest.mark.parametrize("n_maps", [1, 5], ids=["one for all", "one a picture"])
@pytest.mark.parametrize("size", [(17, 23), (30, 12), (1, 9)])
def test_sampling_is_torchs(n_maps: int, size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(5, 3, 20, 31, generator=generator)
    theta = torch.eye(2, 3) + 0.3 * torch.randn(n_maps, 2, 3, generator=generator)
    expected = sampled_by_torch(pictures, theta, size)
    torch.testing.assert_close(sample_affine(pictures, theta, size), expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("view", [*VIEWS, *chain(*SECOND_LOOKS)])
def test_fixed_views_zoom_and_shift(view: View) -> None:
    pictures = torch.randn(4, 1, 24, 40, generator=torch.Generator().manual_seed(0))
    zoom, shift = view
    theta = torch.tensor([[[zoom, 0.0, shift], [0.0, zoom, 0.0]]])
    torch.testing.assert_close(
        fixed_view(pictures, view, size=(18, 26)),
        sampled_by_torch(pictures, theta, (18, 26)),
        atol=1e-4,
        rtol=0,
    )
