from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sksvhn.datasets._street import _camera as camera


@given(seed=st.integers(0, 2**32 - 1), width=st.floats(2, 60), height=st.floats(8, 90))
@settings(deadline=None)
def test_blur_leaves_digits_legible(seed, width, height):
    rng = np.random.default_rng(seed)
    radius_x, radius_y = camera.limit_blur(rng, camera.draw_blur(rng, height), width, height)
    assert 0 < radius_x <= 0.17 * width
    assert 0 < radius_y <= 0.11 * height


@given(seed=st.integers(0, 2**32 - 1), contrast=st.floats(0.001, 0.5))
@settings(deadline=None)
def test_noise_is_weaker_than_what_is_seen(seed, contrast):
    grey = np.full((40, 40), 0.5, np.float32)
    grey[:, ::2] += 2 * contrast
    tinted = grey[..., np.newaxis] + np.float32([-0.4, 0, 0.4])
    for pixels in (grey, tinted):
        noise = camera.add_noise(np.random.default_rng(seed), pixels) - pixels
        assert noise.std() < 0.6 * contrast
