"""Histograms of oriented gradients, against a slow and plain implementation."""

from __future__ import annotations

import math
import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sksvhn.estimators import _hog
from sksvhn.estimators._hog import BLOCK, CELL, CLIP, FLATNESS, ORIENTATIONS, hog_features

VERTICAL = ORIENTATIONS // 2  # the bin of gradients that run down


def slow_hog(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """One (height, width, channels) picture, pixel by pixel."""
    height, width, channels = picture.shape
    rows, columns = height // CELL, width // CELL
    cells = np.zeros((rows, columns, ORIENTATIONS))
    for y, x in product(range(height), range(width)):
        best, across, down = -1.0, 0.0, 0.0
        for c in range(channels):
            dx = picture[y, min(x + 1, width - 1), c] - picture[y, max(x - 1, 0), c]
            dy = picture[min(y + 1, height - 1), x, c] - picture[max(y - 1, 0), x, c]
            if math.hypot(dx, dy) > best:
                best, across, down = math.hypot(dx, dy), dx, dy
        position = math.degrees(math.atan2(down, across)) % 180 / 180 * ORIENTATIONS
        lower = math.floor(position)
        cell_y, cell_x = (y + 0.5) * rows / height - 0.5, (x + 0.5) * columns / width - 0.5
        for i, j in product(range(rows), range(columns)):
            vote = best * max(0, 1 - abs(cell_y - i)) * max(0, 1 - abs(cell_x - j))
            cells[i, j, lower % ORIENTATIONS] += vote * (lower + 1 - position)
            cells[i, j, (lower + 1) % ORIENTATIONS] += vote * (position - lower)
    block_rows, block_columns = min(BLOCK, rows), min(BLOCK, columns)
    blocks = [
        [cells[i + k, j + m, o] for o, k, m in entries]
        for i, j in product(range(rows - block_rows + 1), range(columns - block_columns + 1))
        for entries in [list(product(range(ORIENTATIONS), range(block_rows), range(block_columns)))]
    ]
    share = FLATNESS**2 * sum(v * v for block in blocks for v in block) / len(blocks)
    features = []
    for block in blocks:
        length = math.sqrt(sum(v * v for v in block) + share)
        cut = [min(v / length, CLIP) if length else 0.0 for v in block]
        before = math.sqrt(sum((v / length) ** 2 for v in block)) if length else 0.0
        after = math.sqrt(sum(v * v for v in cut))
        features += [v * before / after if after else 0.0 for v in cut]
    return np.array(features)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(CELL, 3 * CELL + 2),
    width=st.integers(CELL, 3 * CELL + 2),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64]),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_the_slow_implementation(
    height: int, width: int, channels: int, dtype: type, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (2, height, width, channels)).astype(dtype)
    features = hog_features(pictures)
    assert features.dtype == (np.float64 if dtype is np.float64 else np.float32)
    expected = [slow_hog(picture.astype(np.float64)) for picture in pictures]
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(features, expected, rtol=0, atol=tolerance)


def by_orientation(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each orientation in the features of a grey picture of 3 by 3 cells."""
    blocks = hog_features(picture[None, :, :, None]).reshape(2, 2, ORIENTATIONS, BLOCK, BLOCK)
    total = blocks.sum(axis=(0, 1, 3, 4))
    return total / total.sum()


def test_a_horizontal_gradient_falls_into_one_bin_and_turns_into_another() -> None:
    ramp = np.tile(np.arange(3.0 * CELL), (3 * CELL, 1))
    for turns, bin_ in ((0, 0), (1, VERTICAL), (2, 0), (3, VERTICAL)):
        expected = np.eye(ORIENTATIONS)[bin_]
        np.testing.assert_allclose(by_orientation(np.rot90(ramp, turns)), expected, atol=1e-12)


@pytest.mark.parametrize("bin_", range(ORIENTATIONS))
def test_an_orientation_between_two_bins_is_shared(bin_: int) -> None:
    angle = (bin_ + 0.25) * np.pi / ORIENTATIONS
    y, x = np.mgrid[: 5 * CELL, : 5 * CELL]
    ramp = np.cos(angle) * x + np.sin(angle) * y
    blocks = hog_features(ramp[None, :, :, None]).reshape(4, 4, ORIENTATIONS, -1)
    # Inside, away from the borders' halved differences; equal, as CLIP cuts neither.
    inside = blocks[1:3, 1:3].mean(axis=(0, 1, 3))
    expected = np.zeros(ORIENTATIONS)
    expected[bin_], expected[(bin_ + 1) % ORIENTATIONS] = 0.75, 0.25
    clipped = np.minimum(expected / np.linalg.norm(expected) / BLOCK, CLIP)
    np.testing.assert_allclose(inside / inside.sum(), clipped / clipped.sum(), atol=1e-2)


@pytest.mark.parametrize("channels", [1, 3])
def test_turning_a_picture_turns_its_features(channels: int) -> None:
    picture = np.random.default_rng(0).random((17, 23, channels))
    layout = (2, 3, ORIENTATIONS, BLOCK, BLOCK)
    features = hog_features(picture[None]).reshape(layout)
    turned = hog_features(np.rot90(picture)[None]).reshape(3, 2, *layout[2:])
    expected = np.rot90(np.rot90(features, axes=(0, 1)), axes=(3, 4))
    expected = np.roll(expected, VERTICAL, axis=2)
    np.testing.assert_allclose(turned, expected, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_and_contrast_do_not_matter(channels: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 100, (3, 20, 20, channels)).astype(np.uint8)
    features = hog_features(pictures)
    np.testing.assert_allclose(hog_features(pictures + 100), features, atol=1e-6)
    np.testing.assert_allclose(hog_features(pictures * 2), features, atol=1e-6)
    for scale in (1 / 255, 1e-4, 1e4):
        np.testing.assert_allclose(hog_features(pictures * scale), features, atol=1e-6)


def test_each_pixel_takes_its_strongest_channel() -> None:
    rng = np.random.default_rng(0)
    strong, faint = rng.integers(0, 256, (2, 4, 15, 15, 1))
    colour = np.concatenate([faint / 1000, strong, np.full_like(strong, 200)], axis=3)
    # Where the strong channel is flat by chance the faint one speaks, faintly.
    np.testing.assert_allclose(hog_features(colour), hog_features(strong * 1.0), atol=1e-2)


def test_noise_in_flat_blocks_stays_faint() -> None:
    picture = np.zeros((1, 8 * CELL, 8 * CELL, 1))
    picture[:, :, 6 * CELL + 2 :] = 200
    picture += np.random.default_rng(0).random(picture.shape)
    length = np.linalg.norm(hog_features(picture).reshape(7, 7, -1), axis=2)
    assert length[:, :4].max() < 0.3
    assert length[:, 6].min() > 0.9


def test_a_picture_of_one_shade_has_no_features() -> None:
    pictures = np.full((2, 10, 10, 3), 7, dtype=np.uint8)
    assert not hog_features(pictures).any()


def test_pictures_do_not_influence_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.random.default_rng(0).random((7, 12, 11, 3))
    together = hog_features(pictures)
    monkeypatch.setattr(_hog, "_CHUNK", 3 * 12 * 11 * 3)
    np.testing.assert_array_equal(hog_features(pictures), together)
    monkeypatch.setattr(_hog, "_CHUNK", 1)
    np.testing.assert_array_equal(hog_features(pictures), together)


def test_memory_stays_bounded() -> None:
    pictures = np.zeros((20_000, 16, 16, 3), dtype=np.uint8)
    tracemalloc.start()
    try:
        features = hog_features(pictures)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - features.nbytes < 40e6 < pictures.size * 4
