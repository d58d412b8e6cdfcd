"""Training from a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

import sksvhn
from sksvhn import SVHNSequenceClassifier
from sksvhn.datasets import load_svhn_numbers
from sksvhn.datasets._labelled_boxes import read_labelled_boxes

from ..datasets.svhn_files import NumberSet
from .conftest import Run, digits, words

SMALL = ("--max-epochs", "1", "--param", "channels=[[4], [8]]", "--random-state", "0")


@pytest.fixture
def course_file(tmp_path: Path) -> Path:
    path = tmp_path / "grey.h5"
    with h5py.File(path, "w") as file:
        for subset, seed in (("train", 0), ("test", 1)):
            file[f"X_{subset}"], file[f"y_{subset}"] = digits(60, seed=seed)
    return path


def test_trains_as_python_does(run: Run, archives: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.sksvhn"
    options = ("--image-size", "24,32", "--crop", "square", "--margin", "0.1")
    result = run("train", archives / "train.tar.gz", "-o", out, *SMALL, *options)
    assert result.exit_code == 0, result.stderr
    first, second, last = result.stdout.splitlines()
    assert first == (
        "SVHNSequenceClassifier has learned to read numbers of up to 2 characters from "
        "0123456789 in grey pictures of 24x32 pixels."
    )
    assert second.startswith("1 epoch in ")
    assert last.startswith(f"Saved {out} (")
    assert "on 64 grey pictures of 24x32 pixels" in result.stderr
    assert "Epoch 1 of 1: loss " in result.stderr

    clf = sksvhn.load(out)
    crop = {"crop": "square", "margin": 0.1}
    X, y = load_svhn_numbers(
        archives / "train.tar.gz", image_size=(24, 32), return_X_y=True, **crop
    )
    other = SVHNSequenceClassifier(max_epochs=1, channels=[[4], [8]], random_state=0, **crop).fit(
        X, y
    )
    assert clf.get_params() == other.get_params()
    assert (clf.confidence(X) == other.confidence(X)).all()


def test_quiet(run: Run, archives: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.sksvhn"
    result = run("train", archives / "train.tar.gz", "-o", out, *SMALL, "-q", "--image-size", 16)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_early_stopping(run: Run, archives: Path, tmp_path: Path) -> None:
    options = ("--early-stopping", "--validation-fraction", "0.25", "--image-size", "16")
    result = run("train", archives / "train.tar.gz", "-o", tmp_path / "m.sksvhn", *SMALL, *options)
    assert result.exit_code == 0, result.stderr
    assert "held out: loss" in result.stderr
    assert "were read right after epoch 1, whose weights are kept" in result.stdout


def test_goes_on_from_a_checkpoint(run: Run, archives: Path, tmp_path: Path) -> None:
    data, out, folder = archives / "train.tar.gz", tmp_path / "m.sksvhn", tmp_path / "checkpoints"
    command = ("train", data, "-o", out, *SMALL, "--image-size", 16, "--checkpoint-dir", folder)
    assert run(*command).exit_code == 0
    assert sksvhn.load(out).checkpoint_dir is None
    assert run(*command).exit_code == 2  # it is over, and its model there
    (folder / "SVHNLogisticRegression-0.checkpoint").touch()
    assert run(*command).exit_code == 2  # of another kind
    (folder / "SVHNSequenceClassifier-0.checkpoint").touch()
    assert run(*command).exit_code == 0
    out.write_text("notes")
    result = run(*command)
    assert (result.exit_code, out.read_text()) == (2, "notes")  # no model
    assert "exists already; choose another name, or add --force" in words(result.stderr)


def test_what_holds_no_labels(run: Run, tmp_path: Path) -> None:
    photo, out = tmp_path / "photo.png", tmp_path / "m.sksvhn"
    Image.new("L", (600, 600)).save(photo)
    for data, said in (
        (photo, "is a picture (PNG); list labelled pictures in a"),
        (tmp_path, "digitStruct.mat; pass the folder"),
    ):
        result = run("train", data, "-o", out)
        assert result.exit_code == 1
        assert said in result.stderr
        assert "csv file" in result.stderr


def test_digits(run: Run, course_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "digits.sksvhn"
    result = run("train", course_file, "-o", out, *SMALL)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("SVHNCNNClassifier has learned to read the labels 0, 1, 2,")
    assert (sksvhn.load(out).crop, sksvhn.load(out).margin) == ("square", 0.0)
    result = run("train", course_file, "-o", out, "--estimator", "logistic", "--force")
    assert result.exit_code == 0, result.stderr
    assert "on 60 grey pictures of 32x32 pixels" in result.stderr


def test_color_digits(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "train_32x32.mat"
    X = rng.integers(0, 256, (32, 32, 3, 30), dtype=np.uint8)
    savemat(path, {"X": X, "y": np.arange(30)[:, None] % 10 + 1})
    out = tmp_path / "m.sksvhn"
    command = ("train", path, "-o", out, "--estimator", "mlp", "--max-epochs", 1)
    assert run(*command).exit_code == 0
    assert sksvhn.load(out).image_shape_ == (32, 32, 3)
    assert run(*command, "--color", "grey", "--force").exit_code == 0
    assert sksvhn.load(out).image_shape_ == (32, 32, 1)
    result = run(*command, "--image-size", 64, "--force")
    assert result.exit_code == 1
    assert "are 32x32 pixels, not 64x64" in result.stderr


def test_damaged_pictures(run: Run, tmp_path: Path) -> None:
    numbers = NumberSet.generate(map(str, range(1, 40)))
    numbers.files["3.png"] = b"nothing"
    folder = numbers.write_folder(tmp_path / "train")
    command = ("train", folder, "-o", tmp_path / "m.sksvhn", *SMALL, "--image-size", 16)
    result = run(*command)
    assert result.exit_code == 1
    assert "picture '3.png'" in result.stderr
    assert result.stderr.endswith("Leave such pictures out with --on-error skip.\n")
    assert not (tmp_path / "m.sksvhn").exists()


@pytest.mark.filterwarnings("default:.*left out 1 of 39")
def test_damaged_pictures_left_out(run: Run, tmp_path: Path) -> None:
    numbers = NumberSet.generate(map(str, range(1, 40)))
    numbers.files["3.png"] = b"nothing"
    folder = numbers.write_folder(tmp_path / "train")
    command = ("train", folder, "-o", tmp_path / "m.sksvhn", *SMALL, "--image-size", 16)
    result = run(*command, "--on-error", "skip")
    assert result.exit_code == 0, result.stderr
    assert f"Warning: {folder}: left out 1 of 39 pictures" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--param", "lr"], "NAME=VALUE"),
        (["--param", "dropuot=1"], "did you mean dropout"),
        (["--image-size", "0"], "must be a height and width in pixels"),
        (["--max-epochs", "0"], "Invalid value for '--max-epochs': "),
        (["--max-epochs", "x"], "Invalid value for '--max-epochs': "),
        (["--margin", "x"], "Invalid value for '--margin': "),
        (["--validation-fraction", "0.1"], "only with --early-stopping"),
        (["--estimator", "logistic", "--max-epochs", "1"], "has no max_epochs; leave it out"),
        (["--estimator", "forest"], "'forest' is not one of 'sequence', 'cnn',"),
    ],
)
def test_wrong_usage(
    run: Run, archives: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    result = run("train", archives / "train.tar.gz", "-o", tmp_path / "m.sksvhn", *options)
    assert result.exit_code == 2
    *_, said = result.stderr.splitlines()
    assert said.startswith("Error: Invalid value")
    assert message in said


@pytest.mark.parametrize("data", ["absent.tar.gz", "train.tar.gz"])
@pytest.mark.parametrize("options", [(), ("--estimator", "sequence")])
def test_values_out_of_range_show_before_data_are_read(
    run: Run, archives: Path, tmp_path: Path, options: tuple[str, ...], data: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr("sksvhn.datasets.load_labelled", None)
    command = ("train", archives / data, "-o", tmp_path / "m.sksvhn", *options)
    result = run(*command, "--param", "lr=-1")
    assert result.exit_code == 1
    assert "The 'lr' parameter of SVHNSequenceClassifier must be a float" in result.stderr
    result = run(*command, "--param", "dropuot=0")
    assert result.exit_code == 2
    assert "did you mean dropout" in result.stderr


def test_data_that_are_not_there(run: Run, tmp_path: Path) -> None:
    absent = tmp_path / "absent.tar.gz"
    # A parameter of either default estimator will do.
    for param in ("lr=0.1", "max_length=3"):
        result = run("train", absent, "-o", tmp_path / "m.sksvhn", "--param", param)
        assert result.exit_code == 1
        assert f"there is no file or folder at {absent}; pass labelled pictures: " in result.stderr


def test_folder_of_the_model_has_to_exist(run: Run, archives: Path, tmp_path: Path) -> None:
    for out in (tmp_path / "absent" / "m.sksvhn", tmp_path):
        result = run("train", archives / "train.tar.gz", "-o", out)
        assert result.exit_code == 2
        assert "must be a file in an existing folder" in words(result.stderr)


def test_numbers_are_not_for_digit_classifiers(run: Run, archives: Path, tmp_path: Path) -> None:
    command = ("train", archives / "train.tar.gz", "-o", tmp_path / "m.sksvhn")
    result = run(*command, "--estimator", "cnn")
    assert result.exit_code == 1
    assert "must hold single digits, which SVHNCNNClassifier reads" in result.stderr


def test_a_locator_learns_from_photographs_and_boxes(run: Run, tmp_path: Path) -> None:
    pixels = np.full((64, 64, 3), 90, np.uint8)
    pixels[20:40, 20:40] = 200
    for name in ("a.png", "b.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    table = tmp_path / "boxes.csv"
    table.write_text(
        "path,number,left,top,width,height\n"
        "a.png,12,20,20,10,20\na.png,12,30,20,10,20\na.png,7,2,2,8,8\nb.png,,,,,\n"
    )
    assert [boxes.tolist() for boxes in read_labelled_boxes(table)[1]] == [
        [[20, 20, 20, 20], [2, 2, 8, 8]],
        [],
    ]
    model = tmp_path / "locator.sksvhn"
    command = ("train", table, "--out", model, "--estimator", "locator", "--max-epochs", "1")
    small = ("-p", "input_size=64", "-p", "width=2")
    # Of the two seeds, the second moves both numbers out of the picture.
    for seed, told in ((0, True), (13, False)):
        result = run(*command, *small, "-p", f"random_state={seed}", "--force")
        assert result.exit_code == 0
        assert ("in the last one" in result.stdout) is told
        assert (", right " in result.stderr) is told
        assert (", right " in run("info", model).stdout) is told
    assert "Training NumberLocator on 2 photographs with 2 numbers" in result.stderr
    assert "NumberLocator has learned to find numbers in photographs" in result.stdout
    assert sksvhn.load(model).input_size == 64
    for unused in (("--margin", "0.3"), ("--max-pixels", "99999"), ("--on-error", "skip")):
        refused = run(*command, *unused, "--force")
        assert refused.exit_code == 2
        assert "has no effect on a locator" in refused.stderr
    table.write_text("path,left,top,width,height\nc.png,1,1,1,1\n")
    assert "'c.png' (line 2) is not in" in run(*command, "--force").stderr
