"""Fields that surfaces and letters are drawn with."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sksvhn.datasets._street._surfaces import courses, shifted


@given(
    shape=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    dx=st.integers(-9, 9),
    dy=st.integers(-9, 9),
)
def test_fields_move_by_any_number_of_pixels(shape: tuple[int, int], dx: int, dy: int) -> None:
    field = np.arange(1.0, 1 + shape[0] * shape[1], dtype=np.float32).reshape(shape)
    moved = shifted(field, dx, dy)
    assert moved.shape == shape
    for (y, x), value in np.ndenumerate(moved):
        comes_from_inside = 0 <= y - dy < shape[0] and 0 <= x - dx < shape[1]
        assert value == (field[y - dy, x - dx] if comes_from_inside else 0)


@given(seed=st.integers(0, 2**32 - 1))
def test_courses_run_behind_the_number(seed: int) -> None:
    boxes = np.array([[30.0, 20.0, 45.0, 50.0], [48.0, 20.0, 63.0, 50.0]])
    mask = courses(np.random.default_rng(seed), (70, 90), boxes, 30.0)
    assert (mask == mask[:, :1]).all()
    assert mask[20:50].any()
    assert set(np.unique(mask)) <= {0.0, 1.0}
