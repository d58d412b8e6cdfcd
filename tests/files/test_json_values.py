"""Values as JSON and arrays, and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.random import PCG64, RandomState

from sksvhn._files._json_values import from_plain, to_plain

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("\0")
)
shapes = array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
some_arrays = st.one_of(
    *(arrays(dtype, shapes) for dtype in ("?", "i1", "i4", "u8", "f2", "f4", ">f8", "U3")),
    st.lists(scalars, max_size=4).map(lambda items: _of_objects(items)),
    st.lists(st.text(max_size=4), max_size=4).map(lambda items: np.array(items, dtype="T")),
)
values = st.recursive(
    scalars | some_arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(scalars, inner, max_size=3)
    ),
    max_leaves=8,
)


def _of_objects(items: list[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def there_and_back(value: Any) -> Any:
    stored: dict[str, Any] = {}
    text = json.dumps(to_plain(value, stored, "value"))
    restored = from_plain(json.loads(text), stored.pop)
    assert not stored
    return restored


def assert_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            assert_same(*pair)
    elif isinstance(expected, dict):
        assert_same(list(found), list(expected))
        assert_same(list(found.values()), list(expected.values()))
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert_same(found.tolist(), expected.tolist())
    else:
        assert repr(found) == repr(expected)


@given(value=values)
@settings(deadline=None, max_examples=40)
def test_values_come_back_as_they_were(value: Any) -> None:
    assert_same(there_and_back(value), value)


@pytest.mark.parametrize("scalar", [np.int8(-3), np.float32(0.5), np.bool_(True), np.str_("ab")])
def test_scalars_of_numpy_become_pythons(scalar: Any) -> None:
    assert_same(there_and_back([scalar]), [scalar.item()])


def test_text_of_another_byte_order() -> None:
    swapped = np.array([["ab", "c"]], dtype=">U2")
    np.testing.assert_array_equal(there_and_back(swapped), swapped)


def test_names_of_arrays_differ() -> None:
    ones, value = np.ones(2), {"a": [np.zeros(1)], "b": (np.ones(2), {3: np.ones(2)})}
    assert_same(there_and_back(value), {**value, "b": (ones, {3: ones})})


def test_equal_names_of_arrays() -> None:
    # As text, these keys are one.
    value = {1: np.zeros(1), "1": np.ones(1)}
    assert_same(there_and_back(value), value)


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.array([0.5, -0.0, 65504.0, 2.0**-24], np.float32), np.float16),
        (np.array([0.1], np.float32), np.float32),
        (np.array([65536.0], np.float32), np.float32),
        (np.array([2.0**-25], np.float32), np.float32),
        (np.array([1e-9], np.float32), np.float32),
        (np.array([np.nan], np.float32), np.float32),
        (np.array([0.5]), np.float64),
        (np.array([1], np.int32), np.int32),
    ],
    ids=repr,
)
def test_float32_that_float16_holds_takes_half_the_space(array: Any, dtype: Any) -> None:
    stored: dict[str, Any] = {}
    with np.errstate(all="raise"):
        plain = to_plain(array, stored, "value")
    assert stored["value"].dtype == dtype
    assert_same(from_plain(plain, stored.pop), array)


def test_random_states_go_on() -> None:
    random_state = RandomState(3)
    random_state.normal(size=3)  # of which the fourth is kept
    restored = there_and_back(random_state)
    np.testing.assert_array_equal(restored.normal(size=700), random_state.normal(size=700))


@pytest.mark.parametrize(
    "value",
    [
        len,
        b"bytes",
        1j,
        {1, 2},
        np.datetime64("2020-01-01"),
        np.longdouble(1),
        np.array([1j]),
        np.array([1], dtype=np.longdouble),
        np.array(["2020-01-01"], dtype="M8[D]"),
        np.array([b"ab"]),
        _of_objects([(1, 2)]),
        np.array([["a"]], dtype=object),
        np.zeros(2, dtype="i4,f4"),
        {(1, 2): 3},
        RandomState(PCG64(0)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_place(value: Any) -> None:
    with pytest.raises(
        TypeError, match=r"thing.* cannot be saved in a file that runs no code.*; use joblib"
    ):
        to_plain({"thing": [value]}, {}, "thing")


def _state(**changes: Any) -> dict[str, Any]:
    state = RandomState(0).get_state(legacy=False)
    inner = state["state"] | {k: v for k, v in changes.items() if k in ("key", "pos")}
    return {**state, "state": inner} | {k: v for k, v in changes.items() if k in state}


@pytest.mark.parametrize(
    "change",
    [
        {"pos": -1},
        {"pos": 625},  # behind the end of the key, where NumPy would read
        {"pos": 10**12},
        {"pos": 1.0},
        {"key": np.zeros(623, np.uint32)},
        {"key": np.zeros(624)},
        {"key": [0] * 624},
        {"bit_generator": "PCG64"},
        {"has_gauss": 2},
        {"gauss": "0"},
        {"state": None},
    ],
    ids=repr,
)
def test_random_states_that_are_none(change: dict[str, Any]) -> None:
    arrays_: dict[str, Any] = {}
    plain = {"RandomState": to_plain(_state(**change), arrays_, "state")}
    with pytest.raises(ValueError, match=r"random state|must be a dict"):
        from_plain(plain, arrays_.pop)


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"a": 1, "b": 2},
        {"unknown": 1},
        {"tuple": 3},
        {"tuple": {}},
        {"dict": 3},
        {"dict": [3]},
        {"dict": [[1]]},
        {"dict": [[[], 1]]},
        {"dict": [[{"tuple": []}, 1]]},
        {"array": 3},
        {"array": ["x"]},
        {"half": "floats"},
        {"half": 3},
        {"characters": "floats"},
        {"characters": "beyond"},
        {"characters": "scalar"},
        {"characters": "of no length"},
        {"objects": [[]]},
        {"strings": [3]},
        {"strings": "ab"},
        {"RandomState": 3},
        {"RandomState": {"dict": []}},
    ],
    ids=repr,
)
def test_what_is_no_value(plain: Any) -> None:
    stored = {
        "floats": np.ones((2, 2)),
        "beyond": np.full((1, 1), 0x110000, np.uint32),
        "scalar": np.array(65, np.uint32),
        "of no length": np.zeros((2, 0), np.uint32),
    }
    with pytest.raises(ValueError):  # noqa: PT011
        from_plain([plain], stored.pop)
