"""Training on, and evaluating, pictures of one's own that a CSV file lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import sksvhn
from sksvhn import SVHNSequenceClassifier
from sksvhn.cli._app import described
from sksvhn.cli._evaluate import load_for

from ..estimators._pictures import bar_numbers
from .conftest import Run

SMALL = ("--max-epochs", "1", "--param", "channels=[[4]]", "--random-state", "0")


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs that numbers do not fill, the first in colour, numbers beginning with zeros."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "photos").mkdir()
    images, _ = bar_numbers(24)
    lines = ["path,number,left,top,width,height"]
    for i, image in enumerate(images):
        photo = Image.new("RGB" if i == 0 else "L", (60, 50))
        photo.paste(Image.fromarray(image), (10, 5))
        photo.save(folder / f"photos/{i}.png")
        height, width = image.shape
        lines.append(f"photos/{i}.png,{i % 12:02},10,5,{width},{height}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder / "labels.csv"


def test_trains_evaluates_and_reads_alike(run: Run, labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.sksvhn"
    options = ("--image-size", "16,20", "--crop", "square", "--margin", "0.1")
    result = run("train", labels, "-o", out, *SMALL, *options)
    assert result.exit_code == 0, result.stderr
    assert f"on 24 colour pictures of 16x20 pixels from {labels}" in result.stderr
    clf = sksvhn.load(out)
    assert clf.classes_.tolist() == [f"{i:02}" for i in range(12)]

    result = run("evaluate", out, labels, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["n_pictures"] == 24
    paths = [labels.parent / f"photos/{i}.png" for i in range(24)]
    boxes = [[10, 5, *bar_numbers(24)[0].shape[:0:-1]] for _ in paths]
    loaded = load_for(clf, labels, on_error="raise")
    assert (loaded.images == clf.crops(paths, boxes)).all()

    table = tmp_path / "boxes.csv"
    table.write_text(labels.read_text().replace("photos", str(labels.parent / "photos")))
    result = run("read", "--model", out, labels.parent / "photos/3.png", "--boxes", table)
    assert result.stdout.splitlines()[1].split(",")[1] == clf.predict(loaded.images[3:4])[0]


def test_converted(run: Run, labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "numbers.h5"
    result = run("convert", labels, "-o", out)
    assert result.stdout.startswith(f"Saved 24 pictures in {out} (")


def test_one_picture(labels: Path, reader: SVHNSequenceClassifier) -> None:
    (labels.parent / "one.csv").write_text("path,number\nphotos/1.png,1\n")
    loaded = load_for(reader, labels.parent / "one.csv", on_error="raise")
    assert described(loaded.images).startswith("1 grey picture of ")


def test_letters(run: Run, labels: Path, tmp_path: Path) -> None:
    table = labels.parent / "letters.csv"
    table.write_text("path,number\nphotos/1.png,1A\nphotos/2.png,2\n")
    command = ("train", table, "-o", tmp_path / "m.sksvhn", *SMALL, "--image-size", 16)
    result = run(*command)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: line 2 of {table} must have a number of the characters 0123456789; got 'A' in "
        "'1A'; correct it, or pass alphabet with all characters.\n"
    )
    assert run(*command, "-p", "alphabet=0123456789A").exit_code == 0
    assert run("evaluate", tmp_path / "m.sksvhn", table).exit_code == 0


@pytest.mark.filterwarnings("default:.*left out 1 of 3")
def test_missing_picture(run: Run, labels: Path, tmp_path: Path, model: Path) -> None:
    table = labels.parent / "missing.csv"
    table.write_text("path,number\nphotos/1.png,1\nphotos/99.png,2\nphotos/3.png,3\n")
    result = run("evaluate", model, table)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {table}: picture 'photos/99.png' (line 3) is not in {table.parent}, from which "
        "paths count. Leave such pictures out with --on-error skip.\n"
    )
    result = run("evaluate", model, table, "--on-error", "skip")
    assert result.exit_code == 0
    assert f"Warning: {table}: left out 1 of 3 pictures" in result.stderr


def test_no_table(run: Run, model: Path, tmp_path: Path) -> None:
    result = run("evaluate", model, tmp_path / "absent.csv")
    assert result.stderr == (
        f"Error: there is no file at {tmp_path / 'absent.csv'}; pass a CSV file with the columns "
        "path, number.\n"
    )
    (tmp_path / "empty.csv").touch()
    result = run("evaluate", model, tmp_path / "empty.csv")
    assert result.exit_code == 1
    assert "must be a CSV file with the columns path, number; got the first line" in result.stderr


def test_digit_classifiers_read_no_numbers(run: Run, labels: Path, tmp_path: Path) -> None:
    result = run("train", labels, "-o", tmp_path / "m.sksvhn", "--estimator", "cnn")
    assert result.exit_code == 1
    assert "must hold single digits, which SVHNCNNClassifier reads" in result.stderr
