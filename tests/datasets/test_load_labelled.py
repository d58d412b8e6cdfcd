"""Labelled pictures from files of every kind, and files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat
from sklearn.utils import Bunch

from sksvhn.datasets import (
    load_labelled,
    load_labelled_pictures,
    load_svhn_digits,
    load_svhn_h5,
    load_svhn_numbers,
    save_labelled,
)
from sksvhn.datasets._load_labelled import kind_of_labels

from .svhn_files import NumberSet


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    numbers = NumberSet.generate(["1", "23", "456"])
    numbers.write_folder(folder / "train")
    numbers.write_archive(folder / "train.tar.gz")
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (32, 32, 3, 5), dtype=np.uint8)
    savemat(folder / "digits.mat", {"X": X, "y": np.arange(1, 6)[:, None]})
    with h5py.File(folder / "course.h5", "w") as file:
        for subset, n in (("train", 6), ("test", 3)):
            file[f"X_{subset}"] = rng.uniform(0, 255, (n, 32, 32)).astype(np.float32)
            file[f"y_{subset}"] = np.arange(n)
    Image.new("L", (40, 30), 100).save(folder / "door.png")
    (folder / "labels.csv").write_text("path,number\ndoor.png,12B\n")
    return folder


def test_what_the_loader_of_its_kind_returns(files: Path) -> None:
    letters = {"alphabet": "0123456789B"}
    for name, kind, expected in (
        ("train", "numbers", load_svhn_numbers(files / "train")),
        ("train/digitStruct.mat", "numbers", load_svhn_numbers(files / "train")),
        ("train.tar.gz", "numbers", load_svhn_numbers(files / "train.tar.gz")),
        ("digits.mat", "digits", load_svhn_digits(files / "digits.mat")),
        ("course.h5", "digits", load_svhn_h5(files / "course.h5")),
        ("labels.csv", "numbers", load_labelled_pictures(files / "labels.csv", **letters)),
    ):
        data = load_labelled(files / name, **letters)
        assert kind == data.kind == kind_of_labels(files / name)
        assert (data.crop, data.margin) == (
            ("stretch", 0.3) if kind == "numbers" else ("square", 0.0)
        )
        assert data.filename == str(files / name)
        np.testing.assert_array_equal(data.images, expected.images)
        np.testing.assert_array_equal(data.target, expected.target)
        assert data.frame.equals(expected.frame) or kind == "numbers"
    assert len(load_labelled(str(files / "course.h5"), subset="test").target) == 3


def test_saved_and_loaded(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "saved.h5"
    parts = [
        load_labelled(files / name, image_size=[16, 20], crop="square", margin=np.float32(0.5))
        for name in ("train", "train.tar.gz")
    ]
    assert save_labelled(path, iter(parts)) == 6
    data = load_labelled(path)
    assert isinstance(data.images, h5py.Dataset)
    np.testing.assert_array_equal(data.images[:], np.concatenate([p.images for p in parts]))
    assert data.target.tolist() == ["1", "23", "456"] * 2
    assert (data.kind, data.crop, data.margin) == ("numbers", "square", 0.5)
    assert kind_of_labels(path) == "numbers"
    # One that is loaded can be saved.
    assert save_labelled(tmp_path / "again.h5", data) == 6
    again = load_labelled(tmp_path / "again.h5")
    np.testing.assert_array_equal(again.images[:], data.images[:])


def test_already_cropped(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "saved.h5"
    save_labelled(path, load_labelled(files / "train", image_size=(16, 16)))
    with pytest.raises(ValueError, match="are 16x16 pixels, not 32x32 and grey, not rgb; only"):
        load_labelled(path, image_size=(32, 32), color="rgb")
    with pytest.warns(
        UserWarning, match="were cropped before, with crop='stretch' and margin=0.3"
    ) as w:
        load_labelled(path, margin=0)
    assert w[0].filename == __file__


def test_parts_that_differ(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "saved.h5"
    parts = [load_labelled(files / name) for name in ("train", "digits.mat")]
    with pytest.raises(ValueError, match=r"one form; .*digits\.mat has digits in colour pictures"):
        save_labelled(path, parts)
    with pytest.raises(ValueError, match="at least one picture; got none"):
        save_labelled(path, [])
    for wrong in (load_svhn_numbers(files / "train"), [Bunch()], [1]):
        with pytest.raises(TypeError, match="of load_labelled, or several; part 1 is a"):
            save_labelled(path, wrong)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("labels", "kind", "crop"),
    [(["12", "3"], "numbers", "stretch"), (np.array([1, 2]), "digits", "square")],
)
def test_files_of_ones_own(labels: Any, kind: str, crop: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["X"] = np.zeros((2, 16, 16), np.uint8)
        file["y"] = labels
    found = load_labelled(tmp_path / "own.h5")
    assert (found.kind, found.crop) == (kind, crop)
    assert found.target.tolist() == list(labels)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file["y"].resize(1, axis=0),
        lambda file: file.attrs.update(crop="round"),
        lambda file: file.attrs.update(sksvhn="letters"),
        lambda file: file.attrs.update(sksvhn="digits"),
    ],
)
def test_files_of_another_form(files: Path, tmp_path: Path, change: Any) -> None:
    path = tmp_path / "saved.h5"
    save_labelled(path, load_labelled(files / "train"))
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ValueError, match="must hold the datasets X, pictures of shape"):
        load_labelled(path)
