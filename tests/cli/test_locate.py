"""Finding numbers in photographs, and drawing them, from a shell; with a locator of the tests'."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import sksvhn
from sksvhn import SVHNSequenceClassifier
from sksvhn.cli._draw import Drawings, draw_rows
from sksvhn.cli._rows import Row, writer

from .._street import Finder, street
from .conftest import Run, words

Bars = tuple[NDArray[np.uint8], NDArray[np.object_]]
COLUMNS = ["path", "reading", "confidence", "left", "top", "width", "height"]


@pytest.fixture(autouse=True)
def _finder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sksvhn._photographs.pretrained_model", lambda name: Finder())


@pytest.fixture(scope="module")
def model(reader: SVHNSequenceClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops without a margin, as the pictures are."""
    path = tmp_path_factory.mktemp("models") / "tight.sksvhn"
    margin = reader.margin
    reader.set_params(margin=0.0).save(path)
    reader.set_params(margin=margin)
    return path


@pytest.fixture
def photos(bars: Bars, tmp_path: Path) -> Path:
    """Two numbers in a.png, none in b.jpg, one in c.png."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, images in (("a.png", bars[0][:2]), ("b.jpg", []), ("c.png", bars[0][2:3])):
        Image.fromarray(street(images)).save(folder / name)
    return folder


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_line_per_number_and_one_for_a_picture_without(
    run: Run, model: Path, photos: Path, bars: Bars
) -> None:
    result = run("read", "--model", model, photos)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = rows_of(result.stdout)
    assert list(rows[0]) == [*COLUMNS, "error"]
    expected = sksvhn.read(photos, reader=sksvhn.load(model), locator=Finder())
    assert len(expected) == 3
    assert [Path(row["path"]).name for row in rows] == ["a.png", "a.png", "b.jpg", "c.png"]
    assert [row["reading"] for row in rows] == [*expected["number"][:2], "", expected["number"][2]]
    assert set(expected["number"]) == set(bars[1][:3])
    assert set(rows[2].values()) == {str(photos / "b.jpg"), ""}
    for row, (_, one) in zip([*rows[:2], rows[3]], expected.iterrows(), strict=True):
        assert float(row["confidence"]) == pytest.approx(one["confidence"], abs=1e-6)
        assert [float(row[name]) for name in COLUMNS[3:]] == one[COLUMNS[3:]].tolist()

    lines = run("read", "--model", model, photos, "--json").stdout.splitlines()
    for line, row in zip(map(json.loads, lines), rows, strict=True):
        assert set(line) == set(row)
        assert line["reading"] == (row["reading"] or None)
        assert (line["left"] is None) == (row["left"] == "")


def test_rejected_boxes(run: Run, model: Path, photos: Path) -> None:
    options = ("read", "--model", model, photos / "a.png", "--min-confidence", 0.8)
    assert len(rows_of(run(*options).stdout)) == 1
    rows = rows_of(run(*options, "--all").stdout)
    assert list(rows[0]) == [*COLUMNS, "rejected", "error"]
    assert [row["rejected"] for row in rows] == ["", "confidence below 0.8"]
    assert rows[1]["reading"] != ""


def test_bad_pictures_are_counted_and_the_rest_is_read(
    run: Run, model: Path, photos: Path, tmp_path: Path
) -> None:
    (photos / "b.jpg").write_bytes(b"")
    result = run("read", "--model", model, photos, tmp_path / "absent.png")
    assert result.exit_code == 1
    rows = rows_of(result.stdout)
    assert [bool(row["error"]) for row in rows] == [False, False, True, False, True]
    assert result.stderr.splitlines()[-1] == "Error: 2 of 4 pictures could not be read."


def test_best_match_of_each_box(run: Run, model: Path, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "numbers.txt").write_text("0\n13\n222\n")
    rows = rows_of(
        run("read", "--model", model, photos, "--candidates", tmp_path / "numbers.txt").stdout
    )
    assert list(rows[0]) == [*COLUMNS, "in_list", "error"]
    assert {row["reading"] for row in rows} <= {"0", "13", "222", ""}
    assert all(0 <= float(row["in_list"]) <= 1 for row in rows if row["reading"])


@pytest.mark.parametrize("name", ["m.sksvhn", "m.joblib", "numbers", "model"])
def test_a_model_in_place_of_a_picture_is_told(
    run: Run, model: Path, photos: Path, name: str, tmp_path: Path
) -> None:
    first: Any = model if name == "model" else name
    result = run("read", first, photos / "a.png")
    assert (result.exit_code, result.stdout) == (2, "")
    said = f"{first} is a model, not a picture; write: sksvhn read {photos / 'a.png'} --model "
    assert said + str(first) in result.stderr
    assert f"read PICTURE --model {first}" in run("read", first).stderr


def test_a_reader_is_no_locator(run: Run, model: Path, photos: Path) -> None:
    result = run("read", photos, "--locator", model)
    assert result.exit_code == 1
    assert "locator must be a fitted NumberLocator" in words(result.stderr)


def test_a_locator_is_no_reader(run: Run, photos: Path) -> None:
    result = run("read", photos, "--model", "locator")
    assert result.exit_code == 1
    assert "got a NumberLocator, which finds them and reads none; pass it as the locator" in words(
        result.stderr
    )


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    write = writer("table", width=3, has_boxes=True, has_candidates=True, has_rejected=True)
    box = (1310.4, 120.0, 96.2, 64.0)
    write([Row("a.png", "210", 0.99996, *box, 0.5), Row("a.png", "3", 0.4, *box, 0.1, "too low")])
    write([Row("b.png"), Row("c.png", error="it is no picture")])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "Number     Sure  In list  Box                  Picture",
        "210      >99.9%    50.0%  1310,120,96,64       a.png",
        "3         40.0%    10.0%  1310,120,96,64       a.png  too low",
        "none                                           b.png",
        "                                               c.png  it is no picture",
    ]


# Drawings


def test_drawings_of_a_folder(run: Run, model: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "c.png").rename(photos / "c.bmp")
    (photos / "a.png").with_suffix(".gif").write_bytes(b"no picture")
    out = tmp_path / "new" / "drawn"
    result = run("read", "--model", model, photos, photos, "--draw", out)
    assert result.exit_code == 1
    names = ["a-2.png", "a.png", "b-2.jpg", "b.jpg", "c-2.png", "c.png"]
    assert sorted(os.listdir(out)) == names
    for name in names:
        with Image.open(out / name) as drawn:
            assert (drawn.mode, drawn.size) == ("RGB", (100, 60))
    before = np.asarray(Image.open(photos / "b.jpg").convert("RGB"), dtype=int)
    after = np.asarray(Image.open(out / "b.jpg"), dtype=int)
    assert abs(before - after).max() < 16  # nothing is drawn, but the file is compressed anew
    assert run("read", "--model", model, photos, "--draw", out).exit_code == 2  # not empty


def test_drawing_of_one_picture(run: Run, model: Path, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "drawn.JPG"
    assert run("read", "--model", model, photos / "a.png", "--draw", out).exit_code == 0
    with Image.open(out) as drawn:
        assert drawn.format == "JPEG"


@pytest.mark.parametrize(
    ("out", "pictures", "message"),
    [
        ("photos/a.png", ["photos/a.png"], "must be a new file in an existing folder"),
        ("absent/a.png", ["photos/a.png"], "must be a new file in an existing folder"),
        ("a.tif", ["photos/a.png"], "must end in .jpg, .jpeg, .png, or be a folder without suffix"),
        ("a.pdf", ["photos"], "must end in .jpg, .jpeg, .png, or be a folder without suffix"),
        ("a.png", ["photos"], "must be a folder if there may be several pictures"),
        ("a.png", ["-"], "must be a folder if there may be several pictures"),
        ("a.png", ["photos/*.png"], "must be a folder if there may be several pictures"),
        ("a.png", ["1.png", "2.png"], "must be a folder if there may be several pictures"),
        ("photos", ["photos"], "must be a new folder, or an empty one"),
    ],
)
def test_no_picture_is_overwritten(
    run: Run,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    out: str,
    pictures: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(photos.parent)
    result = run("read", *pictures, "--draw", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Invalid value for --draw: {message}; got {out}" in words(result.stderr)
    assert sorted(os.listdir(photos)) == ["a.png", "b.jpg", "c.png"]
    assert sorted(os.listdir(photos.parent)) == ["photos"]


@pytest.mark.parametrize(
    ("out", "pictures"),
    [
        ("photos/drawn", ["-r", "photos"]),
        ("link/in/drawn", ["-r", "1.png", "photos"]),
        ("drawn", ["-r", "."]),
        ("photos/drawn", ["photos/*"]),
        ("photos/in/drawn", ["-r", "photos/*"]),
        ("empty", ["photos", "empty"]),
    ],
)
def test_drawings_are_not_read(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch, out: str, pictures: list[str]
) -> None:
    monkeypatch.chdir(photos.parent)
    (photos / "in").mkdir()
    Path("empty").mkdir()
    Path("link").symlink_to("photos", target_is_directory=True)
    result = run("read", *pictures, "--draw", out)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "must lie outside the folders that are searched; got " + out in words(result.stderr)
    assert not Path("drawn").exists()
    assert not list(photos.glob("**/drawn"))


def test_drawings_beside_what_is_read(run: Run, model: Path, photos: Path) -> None:
    for pictures in (photos, photos / "*.png"):
        out = photos / f"drawn {pictures.name.count('*')}"
        assert run("read", "--model", model, pictures, "--draw", out).exit_code == 0
        assert len(os.listdir(out)) >= 2
    assert run("read", "--model", model, "-r", photos, "--draw", f"{photos}-2").exit_code == 0


def test_folders_may_have_suffixes(tmp_path: Path) -> None:
    (tmp_path / "out.pdf").mkdir()
    for name in ("out.pdf", "2024.05.01"):
        Drawings(tmp_path / name, ["a.png"], None, recursive=False)
    assert sorted(os.listdir(tmp_path)) == ["2024.05.01", "out.pdf"]


def test_a_drawing_that_fails_costs_no_reading(
    run: Run, model: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "drawn"
    expected = run("read", "--model", model, photos).stdout
    seen = []

    def draw(picture: Image.Image, rows: list[Row]) -> None:
        seen.append(Path(rows[0].path).name)
        if seen[-1] == "a.png":
            raise OSError(errno.ENOSPC, "No space left on device", str(out / "a.png"))
        if seen[-1] == "b.jpg":
            (photos / "c.png").unlink()

    monkeypatch.setattr("sksvhn.cli._draw.draw_rows", draw)
    result = run("read", "--model", model, photos, "--draw", out)
    assert (result.exit_code, result.stdout) == (1, expected)
    assert (seen, os.listdir(out)) == (["a.png", "b.jpg"], ["b.jpg"])
    assert result.stderr.splitlines() == [
        f"Error: {photos / 'a.png'}: it cannot be drawn: {out / 'a.png'}: No space left on device",
        f"Error: {photos / 'c.png'}: it cannot be drawn: there is no file at {photos / 'c.png'}; "
        "pass a picture that can be read twice.",
        "Error: 2 of 3 pictures could not be drawn.",
    ]


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (1200, 900), (2000, 40)])
def test_boxes_and_labels_lie_in_the_picture(size: tuple[int, int]) -> None:
    width, height = size
    rows = [
        Row("a", "12", 0.999, 0, 0, width / 2, height / 2),
        Row("a", None, 0.2, width - 3, height - 3, 9, 9, rejected="nothing is read there"),
        Row("b"),
    ]
    picture = Image.new("RGB", size, "white")
    draw_rows(picture, rows)
    pixels = np.asarray(picture)
    assert (pixels == (0, 0x72, 0xB2)).all(axis=2).any()
    if min(size) > 30:
        assert (pixels == (0xD5, 0x5E, 0)).all(axis=2).any()
        assert (pixels == 255).all(axis=2).any()


def test_names_that_are_taken(tmp_path: Path) -> None:
    drawings = Drawings(tmp_path / "drawn", ["a", "b"], None, recursive=False)
    paths = ["a/1.jpg", "b/1.JPG", "b/1.tif", "c/1"]
    names = [drawings._name(Path(path)) for path in paths]
    assert names == ["1.jpg", "1-2.JPG", "1.png", "1-2.png"]
