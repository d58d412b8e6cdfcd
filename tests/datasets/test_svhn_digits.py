from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import loadmat, savemat

from sksvhn.datasets import _svhn_digits, load_svhn_digits

LABELS = [1, 9, 2, 10, 10, 5]


def pictures(n: int, seed: int = 0) -> np.ndarray:
    """X as SVHN stores it."""
    return np.random.RandomState(seed).randint(0, 256, (32, 32, 3, n)).astype(np.uint8)


def write(path: Path, X: np.ndarray, y: object, *, compressed: bool = True) -> Path:
    savemat(path, {"X": X, "y": y}, do_compression=compressed)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "train_32x32.mat", pictures(6), np.array(LABELS, np.uint8)[:, None])


def test_fields(path: Path) -> None:
    data = load_svhn_digits(path)
    assert set(data) == {"images", "target", "frame", "DESCR"}
    np.testing.assert_array_equal(data.images, np.moveaxis(pictures(6), 3, 0))
    assert data.images.dtype == np.uint8
    assert data.images.flags.c_contiguous
    assert data.images.flags.writeable
    assert data.target.dtype == np.int64
    assert data.target.flags.writeable
    assert data.target.tolist() == [1, 9, 2, 0, 0, 5]
    assert data.frame.columns.tolist() == ["digit"]
    assert data.frame["digit"].tolist() == data.target.tolist()
    assert "Netzer" in data.DESCR


def test_forms_of_the_answer(path: Path) -> None:
    data = load_svhn_digits(path)
    images, target = load_svhn_digits(path, return_X_y=True)
    np.testing.assert_array_equal(images, data.images)
    np.testing.assert_array_equal(target, data.target)
    series = load_svhn_digits(path, as_frame=True).target
    pd.testing.assert_series_equal(series, data.frame["digit"])


def test_grey_is_pillows(path: Path) -> None:
    color = load_svhn_digits(path, color="rgb").images
    grey = load_svhn_digits(path, color="grey").images
    assert grey.shape == (6, 32, 32)
    assert grey.dtype == np.uint8
    for one, other in zip(color, grey, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.fromarray(one).convert("L")), other)


@settings(deadline=None, max_examples=15)
@given(n=st.integers(1, 9), chunk=st.integers(1, 4), compressed=st.booleans())
def test_any_number_of_pictures(
    tmp_path_factory: pytest.TempPathFactory, n: int, chunk: int, compressed: bool
) -> None:
    X = pictures(n, seed=n)
    y = np.arange(1, n + 1)[:, None]
    path = write(tmp_path_factory.getbasetemp() / "some.mat", X, y, compressed=compressed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_svhn_digits, "_CHUNK", chunk)
        color = load_svhn_digits(path)
        grey = load_svhn_digits(path, color="grey")
    np.testing.assert_array_equal(color.images, np.moveaxis(X, 3, 0))
    assert grey.images.shape == (n, 32, 32)
    assert color.target.tolist() == y.ravel().tolist()


def test_one_picture_as_matlab_stores_it(tmp_path: Path) -> None:
    path = write(tmp_path / "one.mat", pictures(1)[..., 0], 10)
    data = load_svhn_digits(path)
    np.testing.assert_array_equal(data.images[0], pictures(1)[..., 0])
    assert data.target.tolist() == [0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
@pytest.mark.parametrize("shape", [(6, 1), (1, 6)])
def test_labels_of_any_kind_of_number(
    tmp_path: Path, dtype: type[np.generic], shape: tuple[int, int]
) -> None:
    y = np.array(LABELS, dtype).reshape(shape)
    path = write(tmp_path / "y.mat", pictures(6), y)
    assert load_svhn_digits(path).target.tolist() == [1, 9, 2, 0, 0, 5]


def test_labels_that_have_been_mapped(tmp_path: Path) -> None:
    path = write(tmp_path / "y.mat", pictures(3), np.array([[0], [9], [1]]))
    assert load_svhn_digits(path).target.tolist() == [0, 9, 1]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 11, 2], r"labels 1 to 10 \(10 is the digit 0\) or 0 to 9; got 11 \(1 of 3"),
        ([-1, -1, 2], r"got -1 \(2 of 3 labels"),
        ([1.5, 1, 2], r"got 1\.5"),
        ([np.nan, 1, 2], "got nan"),
        ([0, 10, 2], "got both 0 and 10"),
    ],
)
def test_wrong_labels(tmp_path: Path, labels: list[float], message: str) -> None:
    path = write(tmp_path / "y.mat", pictures(3), np.array(labels)[:, None])
    with pytest.raises(ValueError, match=message):
        load_svhn_digits(path)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"X": pictures(2)}, "must hold the variables X and y, .* got X"),
        ({"digits": 1, "y": [[1], [2]]}, "got digits, y"),
        ({}, "got none"),
        ({"X": pictures(2).astype(float), "y": [[1], [2]]}, "dtype uint8 .* got float64"),
        ({"X": pictures(2)[:28], "y": [[1], [2]]}, r"got uint8 and \(28, 32, 3, 2\)"),
        ({"X": pictures(2).transpose(3, 0, 1, 2), "y": [[1], [2]]}, r"\(2, 32, 32, 3\)"),
        ({"X": pictures(2)[:, :, 0], "y": [[1], [2]]}, r"\(32, 32, 2\)"),
        ({"X": pictures(0), "y": np.zeros((0, 1))}, r"\(32, 32, 3, 0\)"),
        ({"X": pictures(3), "y": [[1], [2]]}, r"shape \(3, 1\), one label .* got \(2, 1\)"),
        ({"X": pictures(4), "y": [[1, 2], [3, 4]]}, r"got \(2, 2\)"),
        ({"X": pictures(2), "y": "ab"}, "y of .* must be an array of real numbers"),
    ],
)
def test_wrong_content(tmp_path: Path, variables: dict[str, object], message: str) -> None:
    path = tmp_path / "wrong.mat"
    savemat(path, variables)
    with pytest.raises(ValueError, match=message) as caught:
        load_svhn_digits(path)
    assert str(path) in str(caught.value)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    with pytest.raises(FileNotFoundError, match="there is no file at"):
        load_svhn_digits(path)
    with pytest.raises(IsADirectoryError, match="is a folder; pass a MATLAB 5 file"):
        load_svhn_digits(tmp_path)
    with h5py.File(path, "w") as file:
        file["X"] = 1
    with pytest.raises(ValueError, match=r"must be a MATLAB 5 file, .*; it is an HDF5 file"):
        load_svhn_digits(path)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))
    with pytest.raises(ValueError, match=r"it is a MATLAB 7\.3"):
        load_svhn_digits(path)
    for content, kind in [(b"", "an empty file"), (bytes(200), "a file of a kind that")]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f"it is {kind}"):
            load_svhn_digits(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_cut_off_file(tmp_path: Path, compressed: bool) -> None:
    y = np.arange(1, 9, dtype=np.uint8)[:, None]  # 8 bytes: none of the file is padding
    path = write(tmp_path / "cut.mat", pictures(8), y, compressed=compressed)
    content = path.read_bytes()
    for size in np.linspace(130, len(content) - 1, 40).astype(int):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"cut off"):
            load_svhn_digits(path)


def test_wrong_keyword(path: Path) -> None:
    with pytest.raises(ValueError, match="color"):
        load_svhn_digits(path, color="gray")


# --- real files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("split", "n"), [("train", 6786), ("test", 501)])
def test_real_digits(shared_data: Path, split: str, n: int) -> None:
    path = shared_data / "svhn" / f"{split}_32x32.mat"
    data = load_svhn_digits(path)
    assert data.images.shape == (n, 32, 32, 3)
    assert set(data.target) == set(range(10))
    expected = loadmat(path)
    np.testing.assert_array_equal(data.images, np.moveaxis(expected["X"], 3, 0))
    np.testing.assert_array_equal(data.target, expected["y"].ravel() % 10)
