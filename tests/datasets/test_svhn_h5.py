from __future__ import annotations

import warnings
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from sksvhn.datasets import load_svhn_h5


def digits(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random_state = np.random.RandomState(seed)
    images = random_state.uniform(0, 255, (n, 32, 32)).astype(np.float32)
    return images, (np.arange(n) % 10).astype(np.uint8)


def write(path: Path, **arrays: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
    return path


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    """A sound file: three different subsets."""
    made = {}
    for seed, (suffix, n) in enumerate([("train", 12), ("val", 5), ("test", 4)]):
        made[f"X_{suffix}"], made[f"y_{suffix}"] = digits(n, seed)
    return made


@pytest.fixture
def path(arrays: dict[str, np.ndarray], tmp_path: Path) -> Path:
    return write(tmp_path / "digits.h5", **arrays)


@pytest.mark.parametrize(
    ("subset", "suffix"), [("train",) * 2, ("validation", "val"), ("test",) * 2]
)
def test_fields(path: Path, arrays: dict[str, np.ndarray], subset: str, suffix: str) -> None:
    data = load_svhn_h5(path, subset=subset)
    assert set(data) == {"images", "target", "frame", "DESCR"}
    np.testing.assert_array_equal(data.images, arrays[f"X_{suffix}"])
    assert data.images.dtype == np.float32
    assert data.images.flags.c_contiguous
    np.testing.assert_array_equal(data.target, arrays[f"y_{suffix}"])
    assert data.target.dtype == np.int64
    assert data.frame["digit"].tolist() == data.target.tolist()
    assert "X_val" in data.DESCR


def test_train_is_the_default(path: Path) -> None:
    assert len(load_svhn_h5(path).images) == 12


def test_forms_of_the_answer(path: Path) -> None:
    data = load_svhn_h5(path)
    images, target = load_svhn_h5(path, return_X_y=True)
    np.testing.assert_array_equal(images, data.images)
    np.testing.assert_array_equal(target, data.target)
    series = load_svhn_h5(path, as_frame=True).target
    pd.testing.assert_series_equal(series, data.frame["digit"])


def test_label_10_is_the_digit_0(tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5", X_train=digits(3)[0], y_train=np.array([[10], [1], [2]]))
    assert load_svhn_h5(path).target.tolist() == [0, 1, 2]


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_pixels_of_any_kind_of_number(tmp_path: Path, dtype: type[np.generic]) -> None:
    images, labels = digits(3)
    path = write(tmp_path / "x.h5", X_test=images.astype(dtype), y_test=labels)
    data = load_svhn_h5(path, subset="test")
    assert data.images.dtype == np.float32
    np.testing.assert_array_equal(data.images, images.astype(dtype).astype(np.float32))


# --- validation pictures that are in the other subsets --------------------------------------------


def test_published_file_leaks(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    for name in "Xy":
        arrays[f"{name}_val"] = np.concatenate([arrays[f"{name}_train"], arrays[f"{name}_test"]])
    path = write(tmp_path / "x.h5", **arrays)
    with pytest.warns(UserWarning, match="of its 16, 12 are also in X_train and 4 are") as caught:
        load_svhn_h5(path, subset="validation")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert str(path) in str(caught[0].message)
    assert "leaks the test set" in str(caught[0].message)
    load_svhn_h5(path, subset="train")
    load_svhn_h5(path, subset="test")


@settings(deadline=None, max_examples=25)
@given(
    from_train=st.lists(st.integers(0, 11), unique=True),
    from_test=st.lists(st.integers(0, 3), unique=True),
    as_double=st.booleans(),
)
def test_exactly_the_repeated_pictures_are_counted(
    tmp_path_factory: pytest.TempPathFactory,
    from_train: list[int],
    from_test: list[int],
    as_double: bool,
) -> None:
    (X_train, y_train), (X_test, y_test), (X_new, _) = digits(12, 0), digits(4, 1), digits(5, 2)
    X_new[0] = X_train[0]
    X_new[0, 31, 31] += 1  # one pixel of difference is no repetition
    X_val = np.concatenate([X_new, X_test[from_test], X_train[from_train]])
    path = write(
        tmp_path_factory.getbasetemp() / "leak.h5",
        X_train=X_train, y_train=y_train, X_test=X_test, y_test=y_test,
        X_val=X_val.astype(np.float64) if as_double else X_val, y_val=np.ones(len(X_val)),
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load_svhn_h5(path, subset="validation")
    counts = [(from_train, "X_train"), (from_test, "X_test")]
    expected = [f"{len(rows)} are also in {name}" for rows, name in counts if rows]
    assert len(caught) == bool(expected)
    for warning in caught:
        message = str(warning.message)
        assert " and ".join(expected) + "." in message
        assert ("leaks the test set" in message) == bool(from_test)


# --- errors ------------------------------------------------------------------------------------


def test_only_what_is_asked_for_has_to_be_there(tmp_path: Path) -> None:
    images, labels = digits(3)
    path = write(tmp_path / "x.h5", X_val=images, y_val=labels, X_train=images[:0])
    assert len(load_svhn_h5(path, subset="validation").images) == 3
    with pytest.raises(ValueError, match="the arrays X_test and y_test; got X_train, X_val, y"):
        load_svhn_h5(path, subset="test")


IMAGES, LABELS = digits(3)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "got none"),
        ({"X_train": IMAGES}, "must hold the arrays X_train and y_train; got X_train"),
        ({"X_train": IMAGES.reshape(3, -1), "y_train": LABELS}, r"got shape \(3, 1024\)"),
        ({"X_train": IMAGES[:0], "y_train": LABELS[:0]}, r"got shape \(0, 32, 32\)"),
        ({"X_train": np.full((3, 2, 2), b"x"), "y_train": LABELS}, r"dtype \|S1"),
        ({"X_train": IMAGES, "y_train": LABELS[:2]}, r"shape \(3,\), one label .* got \(2,\)"),
        ({"X_train": IMAGES, "y_train": np.eye(3)}, r"got \(3, 3\)"),
        ({"X_train": IMAGES, "y_train": LABELS + 9}, "y_train of .* got 11"),
        (
            {"X_train": IMAGES, "y_train": LABELS, "X_test": IMAGES[:, :28]},
            r"must have one size; X_train has shape \(3, 32, 32\), X_test \(3, 28, 32\)",
        ),
    ],
)
def test_wrong_content(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    path = write(tmp_path / "x.h5", **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        load_svhn_h5(path)
    assert str(path) in str(caught.value)


def test_group_in_place_of_an_array(tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5", **{"X_train/a": IMAGES, "y_train": LABELS})
    with pytest.raises(ValueError, match="must hold the arrays X_train and y_train"):
        load_svhn_h5(path)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with pytest.raises(FileNotFoundError, match="there is no file at"):
        load_svhn_h5(path)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        load_svhn_h5(tmp_path)
    savemat(tmp_path / "x.mat", {"X": 1})
    with pytest.raises(
        ValueError, match=r"must be an HDF5 file.* is a MATLAB 5 file; load_svhn_digits reads"
    ):
        load_svhn_h5(tmp_path / "x.mat")
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="must be an HDF5 file"):
        load_svhn_h5(path)


def test_cut_off_file(path: Path) -> None:
    content = path.read_bytes()
    for size in np.linspace(100, len(content) - 1, 10).astype(int):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="cut off or damaged"):
            load_svhn_h5(path)


def test_wrong_keyword(path: Path) -> None:
    with pytest.raises(ValueError, match="subset"):
        load_svhn_h5(path, subset="val")


# --- the real file --------------------------------------------------------------------------------


@pytest.mark.parametrize(("subset", "n"), [("train", 16301), ("test", 1918)])
def test_real_file(shared_data: Path, subset: str, n: int) -> None:
    data = load_svhn_h5(shared_data / "svhn" / "SVHN_single_grey1.h5", subset=subset)
    assert data.images.shape == (n, 32, 32)
    assert (data.images.min(), data.images.max()) == (0, 255)
    assert set(data.target) == set(range(10))


def test_real_validation_set_leaks(shared_data: Path) -> None:
    with pytest.warns(UserWarning, match="16301 are also in X_train and 1918 are also in X_test"):
        data = load_svhn_h5(shared_data / "svhn" / "SVHN_single_grey1.h5", subset="validation")
    assert len(data.images) == 16301 + 1918
