from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.io import savemat

from sksvhn.datasets._mat5 import read_mat5_arrays

ARRAYS = hnp.arrays(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]),
    hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mat5") / "x.mat"


@settings(deadline=None, max_examples=40)
@given(arrays=st.dictionaries(st.text("abXY_", min_size=1), ARRAYS), compressed=st.booleans())
def test_reads_what_scipy_writes(
    path: Path, arrays: dict[str, np.ndarray], compressed: bool
) -> None:
    arrays = {name: array for name, array in arrays.items() if not name.startswith("_")}
    savemat(path, arrays, do_compression=compressed)
    found, names = read_mat5_arrays(path, arrays)
    assert names == list(arrays) == list(found)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_other_variables_are_named_only(path: Path) -> None:
    savemat(path, {"text": "abc", "X": np.eye(2), "cells": np.array(["a", 1], object), "c": 1j})
    arrays, found = read_mat5_arrays(path, ["X", "y"])
    assert list(arrays) == ["X"]
    assert found == ["text", "X", "cells", "c"]
    assert arrays["X"].flags.writeable
    assert arrays["X"].flags.f_contiguous


@pytest.mark.parametrize("value", ["abc", {"a": 1.0}, np.array([[1j]]), np.array([1], object)])
def test_wanted_variable_is_no_array_of_numbers(path: Path, value: object) -> None:
    savemat(path, {"X": value})
    with pytest.raises(ValueError, match=r"X of .*x\.mat must be an array of real numbers"):
        read_mat5_arrays(path, ["X"])


def test_big_endian(path: Path) -> None:
    def element(kind: int, content: bytes) -> bytes:
        return struct.pack(">2I", kind, len(content)) + content + bytes(-len(content) % 8)

    matrix = (
        element(6, struct.pack(">2I", 11, 0))  # class uint16
        + element(5, struct.pack(">2i", 1, 2))
        + element(1, b"X")
        + struct.pack(">2H2H", 4, 4, 258, 3)  # 4 bytes of type uint16 inside the tag
    )
    path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\x01\x00MI" + element(14, matrix))
    assert read_mat5_arrays(path, ["X"])[0]["X"].tolist() == [[258, 3]]


@pytest.mark.parametrize("compressed", [False, True])
def test_every_cut_is_noticed(path: Path, compressed: bool) -> None:
    savemat(path, {"X": np.arange(21.0).reshape(3, 7)}, do_compression=compressed)
    content = path.read_bytes()
    for size in range(129, len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="cut off or damaged"):
            read_mat5_arrays(path, ["X"])


@settings(deadline=None, max_examples=40)
@given(data=st.data(), compressed=st.booleans())
def test_damage_never_gets_out(path: Path, data: st.DataObject, compressed: bool) -> None:
    array = np.arange(60, dtype=np.uint8).reshape(3, 20)
    savemat(path, {"X": array, "y": np.eye(2)}, do_compression=compressed)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(124, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_mat5_arrays(path, ["X", "y"])
    except ValueError as error:
        assert str(path) in str(error)  # noqa: PT017
