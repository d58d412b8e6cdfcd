"""Tables of photographs and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sksvhn.datasets._labelled_boxes import read_labelled_boxes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (120, 120)).save(tmp_path / "a.png")
    return tmp_path


def boxes_of(folder: Path, *lines: str) -> list[Any]:
    """Boxes of a picture by a table of these lines, each a number and a box."""
    table = folder / "boxes.csv"
    rows = ["path,number,left,top,width,height", *(f"a.png,{line}" for line in lines)]
    table.write_text("\n".join(rows))
    _, (boxes,) = read_labelled_boxes(table)
    return boxes.tolist()


def test_boxes_of_characters_make_one_of_the_number(folder: Path) -> None:
    digits = ["12,5,5,8,20", "3,60,60,9,9", "12,18,6,8,20"]
    assert boxes_of(folder, *digits) == [[5, 5, 21, 21], [60, 60, 9, 9]]
    steps = ["123,5,5,10,10", "123,25,25,10,10", "123,45,45,10,10"]
    assert boxes_of(folder, *steps) == [[5, 5, 50, 50]]


@pytest.mark.parametrize("number", ["7", ""])
def test_what_is_certainly_several_numbers_stays_apart(folder: Path, number: str) -> None:
    lines = [f"{number},5,5,20,20", f"{number},90,90,20,20"]
    assert boxes_of(folder, *lines) == [[5, 5, 20, 20], [90, 90, 20, 20]]


@pytest.mark.parametrize(
    "lines",
    [
        ["12,5,5,30,20", "12,90,90,30,20"],
        ["312,5,5,30,20", "312,40,5,30,20"],
        ["123,5,5,9,20", "123,15,5,9,20", "123,80,5,9,20"],
    ],
)
def test_what_may_be_a_number_twice_is_refused(folder: Path, lines: list[str]) -> None:
    where = "lines 2 and 3" if len(lines) == 2 else "lines 2, 3 and 4"
    with pytest.raises(ValueError, match=rf"{where} of .* must have one box per character of"):
        boxes_of(folder, *lines)
