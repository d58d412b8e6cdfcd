"""Random changes of colour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sksvhn.preprocessing import pca_color_jitter


def colored(n: int = 400) -> np.ndarray:
    """Floats far from 0 and 1, varying most along grey."""
    rng = np.random.default_rng(0)
    grey = rng.normal(0, 0.05, (n, 4, 4, 1))
    return np.clip(0.5 + grey + rng.normal(0, 0.01, (n, 4, 4, 3)) * [1, 2, 0.5], 0, 1)


def test_one_shift_a_picture() -> None:
    pictures = colored()
    shift = pca_color_jitter(pictures, random_state=0) - pictures
    np.testing.assert_allclose(shift, shift[:, :1, :1].repeat(4, 1).repeat(4, 2), atol=1e-12)
    assert len(np.unique(shift[:, 0, 0, 0])) == len(pictures)


def test_shifts_lie_along_the_components_by_their_eigenvalues() -> None:
    pictures = colored(4000)
    shift = (pca_color_jitter(pictures, scale=0.3, random_state=0) - pictures)[:, 0, 0]
    eigenvalues, eigenvectors = np.linalg.eigh(np.cov(pictures.reshape(-1, 3).T, ddof=0))
    alpha = shift @ eigenvectors / eigenvalues
    np.testing.assert_allclose(alpha.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(alpha.std(axis=0), 0.3, rtol=0.05)
    np.testing.assert_allclose(np.corrcoef(alpha.T), np.eye(3), atol=0.06)


def test_uint8_agrees_with_floats() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (50, 6, 6, 3), dtype=np.uint8)
    changed = pca_color_jitter(pictures, scale=5.0, random_state=0)
    assert changed.dtype == np.uint8
    floats = pca_color_jitter(pictures / 255, scale=5.0, random_state=0)
    assert np.abs(changed - 255 * floats).max() <= 0.501
    assert (changed != pictures).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_range_and_dtype_are_kept_and_input_unchanged(dtype: Any) -> None:
    pictures = np.random.default_rng(0).integers(0, 2, (20, 3, 3, 3)).astype(dtype)
    pictures *= 255 if dtype is np.uint8 else 1
    before = pictures.copy()
    changed = pca_color_jitter(pictures, scale=3.0, random_state=0)
    assert changed.dtype == dtype
    assert changed.max() <= pictures.max()
    assert changed.min() >= 0
    np.testing.assert_array_equal(pictures, before)


def test_random_state() -> None:
    pictures = colored(5)
    first = pca_color_jitter(pictures, random_state=1)
    np.testing.assert_array_equal(pca_color_jitter(pictures, random_state=1), first)
    assert (pca_color_jitter(pictures, random_state=2) != first).any()
    np.testing.assert_array_equal(pca_color_jitter(pictures, scale=0), pictures)


def test_flat_set_stays() -> None:
    flat = np.full((3, 4, 4, 3), 90, np.uint8)
    np.testing.assert_array_equal(pca_color_jitter(flat, random_state=0), flat)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 4, 4)), "colour pictures"),
        (np.zeros((4, 4, 3)), "colour pictures"),
        (np.zeros((0, 4, 4, 3)), "colour pictures"),
        (np.full((2, 4, 4, 3), 255.0), "floats from 0 to 1"),
        (np.full((2, 4, 4, 3), np.nan), "floats from 0 to 1"),
        (np.zeros((2, 4, 4, 3), int), "uint8"),
    ],
)
def test_refuses_other_pictures(images: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pca_color_jitter(images)
