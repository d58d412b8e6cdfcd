"""Pictures of one's own with a file of labels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sksvhn.datasets import describe_numbers, load_labelled_pictures
from sksvhn.preprocessing import NumberCropper

BOXES = "path,number,left,top,width,height\n"


def write_picture(path: Path, mode: str = "L", *, seed: int = 0, **options: Any) -> Path:
    """A picture of 40 x 30 pixels."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(exist_ok=True)
    noise = rng.integers(0, 256, (30, 40, 4), np.uint8)
    Image.fromarray(noise).convert(mode).save(path, **options)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures, one of them turned by the camera."""
    exif = Image.Exif()
    exif[0x0112] = 6
    write_picture(tmp_path / "a.png")
    write_picture(tmp_path / "in" / "b.png", seed=1)
    write_picture(tmp_path / "c.jpg", seed=2, exif=exif)
    write_picture(tmp_path / "d.png", "LA", seed=3)
    return tmp_path


def write_table(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("color", ["auto", "grey", "rgb"])
@pytest.mark.parametrize("with_colour", [False, True])
@pytest.mark.parametrize("crop", ["stretch", "square"])
def test_crops_are_those_of_photographs(
    folder: Path, color: Any, with_colour: bool, crop: Any
) -> None:
    if with_colour:
        write_picture(folder / "d.png", "RGBA")
    table = write_table(
        folder,
        BOXES + "a.png,007,5,6,10,20\nin/b.png,12,2,3,8,20\nc.jpg,3,,,,\n"
        "in/b.png,12,10,2.5,8,21\nd.png,45,30,20,50,50\n",
    )
    settings = {"image_size": (20, 24), "color": color, "crop": crop, "margin": 0.2}
    data = load_labelled_pictures(table, **settings)
    paths = [folder / name for name in ("a.png", "in/b.png", "c.jpg", "d.png")]
    boxes = [[5, 6, 10, 20], [[2, 3, 8, 20], [10, 2.5, 8, 21]], None, [30, 20, 50, 50]]
    expected = NumberCropper(**settings).fit_transform(paths, boxes=boxes)
    assert data.images.shape == expected.shape
    assert (data.images == expected).all()
    assert data.target.tolist() == ["007", "12", "3", "45"]
    assert data.frame["path"].tolist() == ["a.png", "in/b.png", "c.jpg", "d.png"]
    assert data.frame["length"].tolist() == [3, 2, 1, 2]
    assert data.frame["boxes"].map(len).tolist() == [1, 2, 1, 1]
    assert data.frame["boxes"][2].tolist() == [[0, 0, 30, 40]]  # upright
    assert data.frame["picture_width"].tolist() == [40, 40, 30, 40]


def test_forms_of_the_answer(folder: Path) -> None:
    table = write_table(folder, "\ufeffnumber, path ,note\r\n 12 ,a.png,seen\r\n\r\n3,in/b.png\r\n")
    data = load_labelled_pictures(str(table), verbose=0, n_jobs=2)
    assert (data.images.shape, data.images.dtype) == ((2, 64, 64), np.uint8)
    assert (data.target.tolist(), data.target.dtype) == (["12", "3"], object)
    assert data.n_skipped == len(data.skipped) == 0
    images, target = load_labelled_pictures(table, return_X_y=True, as_frame=True)
    assert isinstance(target, pd.Series)
    assert (images == data.images).all()
    assert describe_numbers(data).summary["n_digits"][0] == 3


def test_other_characters_when_asked_for(folder: Path) -> None:
    table = write_table(folder, "path,number\na.png,12B\n")
    assert load_labelled_pictures(table, alphabet="12B").target.tolist() == ["12B"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "with the columns path, number; got the first line"),
        ("file,number\na.png,1\n", "got the first line 'file,number'"),
        ("path;number\na.png;1\n", "got the first line 'path;number'"),
        (
            "path,number,left\na.png,1,2\n",
            "must have all of the columns left, top, width, height or none",
        ),
        ("path,number,path\na.png,1,b.png\n", "each column once; it has path more than once"),
        ("path,number\n", "must list at least one picture; write one line of path and number"),
        ("path,number\n\na.png,\n", "line 3 of .* must have a number"),
        ("path,number\na.png\n", "line 2 of .* must have a number"),
        ("path,number\n,12\n", "line 2 of .* must have a path"),
        ("path,number\na.png,1O\n", "line 2 of .* a number of the characters .* got 'O' in '1O'"),
        ("path,number\na.png,12.0\n", "characters 0123456789; got '.'"),
        ("path,number\na.png,1\n./a.png,1\n", "line 3 .* lists './a.png' again, after line 2"),
        ("path,number\na.png,1\na.png,2\n", "with the number 2, after 1 in line 2"),
        (BOXES + "a.png,1,2,3,4,x\n", "line 2 of .* must have numbers .* got '2,3,4,x'"),
        (BOXES + "a.png,1,2,3,4\n", "line 2 of .* must have numbers .* got '2,3,4,'"),
        (
            BOXES + "a.png,1,1,1,9,9\na.png,1,,,,\n",
            "line 3 .* again, after line 2; repeat a picture only",
        ),
        (
            BOXES + "a.png,1,,,,\na.png,1,1,1,9,9\n",
            "line 3 .* again, after line 2; repeat a picture only",
        ),
        ("path,number\n\0,1\n", "labels.csv.* (must be a CSV file|is not in)"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_mistakes_in_the_table(folder: Path, text: str, message: str, on_error: Any) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        load_labelled_pictures(write_table(folder, text), on_error=on_error)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("e.png,1,,,,", r"picture 'e.png' \(line 3\) is not in .*, from which paths count"),
        ("in,1,,,,", r"picture 'in' \(line 3\) is not in"),
        ("text.png,1,,,,", r"picture 'text.png' \(line 3\) holds no picture that can be read"),
        ("cut.png,1,,,,", r"picture 'cut.png' \(line 3\) cannot be read as a picture"),
        ("c.jpg,1,31,0,5,5", r"\(line 3\) cannot be cropped: digit boxes .* lie outside"),
        ("c.jpg,1,3,0,0,5", r"\(line 3\) cannot be cropped: .* positive width"),
        ("c.jpg,1,nan,0,5,5", r"\(line 3\) cannot be cropped: .* finite"),
    ],
)
def test_pictures_that_cannot_be_used(folder: Path, line: str, message: str) -> None:
    (folder / "text.png").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:900])
    table = write_table(folder, BOXES + f"a.png,1,,,,\n{line}\nd.png,2,,,,\n")
    with pytest.raises(
        ValueError, match=message + ".*Leave such pictures out with on_error='skip'"
    ):
        load_labelled_pictures(table)
    with pytest.warns(UserWarning, match="left out 1 of 3 pictures; the first, ") as caught:
        data = load_labelled_pictures(table, on_error="skip")
    assert caught[0].filename == __file__
    assert data.target.tolist() == ["1", "2"]
    assert data.skipped["path"].tolist() == [line.split(",")[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = load_labelled_pictures(write_table(folder, "path,number\na.png,1\nd.png,2\n"))
    assert (data.images == whole.images).all()


def test_nothing_is_left(folder: Path) -> None:
    table = write_table(folder, "path,number\ne.png,1\n")
    with pytest.raises(ValueError, match="none of the 1 pictures could be loaded; the first, 'e"):
        load_labelled_pictures(table, on_error="skip")


def test_no_table(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no file at"):
        load_labelled_pictures(folder / "absent.csv")
    with pytest.raises(IsADirectoryError, match="is a folder; pass a CSV file"):
        load_labelled_pictures(folder)
