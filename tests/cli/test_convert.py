"""SVHN's files to one."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

import sksvhn
from sksvhn.datasets import load_labelled, load_svhn_numbers

from ..datasets.svhn_files import NumberSet
from .conftest import Run, words


def test_several_archives_become_one_file(run: Run, archives: Path, tmp_path: Path) -> None:
    out = tmp_path / "numbers.h5"
    parts = [archives / "train.tar.gz", archives / "test.tar.gz"]
    result = run("convert", *parts, "-o", out, "--image-size", "16,20", "--margin", 0.2)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(f"Saved 88 pictures in {out} (")
    loaded = [
        load_svhn_numbers(path, image_size=(16, 20), margin=0.2, return_X_y=True) for path in parts
    ]
    with h5py.File(out) as file:
        assert file["X"].dtype == np.uint8
        assert np.array_equal(file["X"][:], np.concatenate([X for X, _ in loaded]))
        assert file["y"].asstr()[:].tolist() == [str(n) for _, y in loaded for n in y]
        assert dict(file.attrs) == {"sksvhn": "numbers", "crop": "stretch", "margin": 0.2}
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.h5"]


def test_training_is_the_same_from_it(run: Run, archives: Path, tmp_path: Path) -> None:
    data, out = archives / "train.tar.gz", tmp_path / "numbers.h5"
    size = ("--image-size", 16)
    assert run("convert", data, "-o", out, *size, "--crop", "square").exit_code == 0
    options = ("--max-epochs", 1, "-p", "channels=[[4]]", "--random-state", 0)
    a, b = tmp_path / "a.sksvhn", tmp_path / "b.sksvhn"
    assert run("train", data, "-o", a, *size, "--crop", "square", *options).exit_code == 0
    assert run("train", out, "-o", b, *options).exit_code == 0
    X = load_svhn_numbers(data, image_size=(16, 16)).images
    first, second = map(sksvhn.load, (a, b))
    assert second.crop == "square"
    assert (first.confidence(X) == second.confidence(X)).all()


def test_digits(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (32, 32, 3, 12), dtype=np.uint8)
    for name in ("train", "extra"):
        savemat(tmp_path / f"{name}.mat", {"X": X, "y": np.arange(12)[:, None] % 10 + 1})
    out = tmp_path / "digits.h5"
    result = run("convert", tmp_path / "train.mat", tmp_path / "extra.mat", "-o", out)
    assert result.exit_code == 0, result.stderr
    data = load_labelled(out)
    assert data.kind == "digits"
    assert data.images.shape == (24, 32, 32, 3)
    assert data.target.tolist() == [*range(1, 10), 0, 1, 2] * 2


def test_parts_of_different_form(run: Run, archives: Path, tmp_path: Path) -> None:
    color = NumberSet.generate(["1", "23"], color=True).write_folder(tmp_path / "color")
    out = tmp_path / "numbers.h5"
    result = run("convert", archives / "test.tar.gz", color, "-o", out)
    assert result.exit_code == 1
    assert (
        f"{color} has numbers in colour pictures of 64x64 pixels (uint8), crop stretch with a "
        "margin of 0.3, the first part" in result.stderr
    )
    assert not out.exists()
    assert (
        run("convert", archives / "test.tar.gz", color, "-o", out, "--color", "rgb").exit_code == 0
    )


@pytest.mark.parametrize("n_bytes", [0, 100, 3000])
def test_cut_off_file(run: Run, archives: Path, tmp_path: Path, n_bytes: int) -> None:
    out = tmp_path / "numbers.h5"
    assert run("convert", archives / "test.tar.gz", "-o", out).exit_code == 0
    out.write_bytes(out.read_bytes()[:n_bytes])
    result = run("train", out, "-o", tmp_path / "m.sksvhn")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1


def test_data_are_not_written_over(run: Run, archives: Path) -> None:
    data = archives / "test.tar.gz"
    before = data.read_bytes()
    for command in ("convert", "train"):
        result = run(command, data, "-o", data)
        assert result.exit_code == 2
        assert "must not be an input file" in words(result.stderr)
    assert data.read_bytes() == before


@pytest.mark.parametrize("command", ["convert", "train"])
def test_what_is_there_is_kept(run: Run, archives: Path, tmp_path: Path, command: str) -> None:
    out = tmp_path / "out"
    out.write_text("dear")
    result = run(command, archives / "test.tar.gz", "-o", out)
    assert result.exit_code == 2
    assert "exists already; choose another name, or add --force" in result.stderr
    assert out.read_text() == "dear"


def test_what_is_there_is_replaced_if_asked_for(run: Run, archives: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("of no use")
    assert run("convert", archives / "test.tar.gz", "-o", out, "--force").exit_code == 0
    assert len(load_labelled(out).target) == 24
    result = run("convert", tmp_path / "absent", "-o", out, "--force")
    assert result.exit_code == 1
    assert len(load_labelled(out).target) == 24


def test_nothing_is_left_of_a_failure(run: Run, tmp_path: Path) -> None:
    result = run("convert", tmp_path / "absent", "-o", tmp_path / "numbers.h5")
    assert result.exit_code == 1
    assert list(tmp_path.iterdir()) == []
